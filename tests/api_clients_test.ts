import assert from "node:assert/strict";
import { MAX_PACKAGE_BYTES } from "../src/api/mod.ts";
import { kill } from "./support/kill.ts";
import { measured } from "./support/promises.ts";

const MB = 1e6;
const encoder = new TextEncoder();
/** Streams that are opened and dropped; `-- --streams=10000` tries more. */
const STREAMS = Number(Deno.args.find((word) => word.startsWith("--streams="))?.slice(10) ?? 2_560);

/** What a served API says of itself. */
interface State {
  readonly rss: number;
  readonly heap: number;
  readonly readers: number;
  readonly timers: number;
  readonly faults: readonly string[];
}

/** An API in a process of its own. */
class Served implements AsyncDisposable {
  readonly #child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      "--unstable-no-legacy-abort",
      "--allow-net=127.0.0.1",
      "--allow-read",
      "tests/support/api_child.ts",
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  readonly #orders = this.#child.stdin.getWriter();
  readonly #lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  port = 0;

  static async start(): Promise<Served> {
    const served = new Served();
    served.port = JSON.parse((await served.#lines.read()).value ?? "{}").port;
    return served;
  }

  /** Gives an order. */
  async order(text = "state"): Promise<State> {
    await this.#orders.write(encoder.encode(`${text}\n`));
    return JSON.parse((await this.#lines.read()).value ?? "null");
  }

  /** Opens a connection, and sends this on it. */
  async send(text: string): Promise<Deno.TcpConn> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    await connection.write(encoder.encode(text));
    return connection;
  }

  /** Asks for the plugins, and tells how long the answer took. Milliseconds. */
  async ask(): Promise<number> {
    const started = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/plugins`, {
      headers: { authorization: "Bearer admin" },
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).plugins.length, 1);
    return Math.round(performance.now() - started);
  }

  head(method: string, path: string, token: string, ...headers: readonly string[]): string {
    const lines = [`Host: 127.0.0.1:${this.port}`, `Authorization: Bearer ${token}`, ...headers];
    return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.cancel();
    kill(this.#child, "SIGKILL");
    await this.#orders.close().catch(() => {});
    await this.#child.status;
  }
}

/** What comes on a connection until it has this in it, or ends, or 20 s are over. */
async function readUntil(connection: Deno.Conn, part: string): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), 20_000);
  while (!text.includes(part)) {
    const length = await Promise.race([connection.read(buffer).catch(() => null), late.promise]);
    if (length === null) break;
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  clearTimeout(timer);
  return text;
}

function close(connections: Deno.Conn[]): void {
  for (const connection of connections.splice(0)) connection.close();
}

Deno.test("2,000 connections that never end their request's head cost little, and others are answered", async () => {
  await using served = await Served.start();
  await served.ask();
  const { rss } = await served.order();
  const halves: Deno.Conn[] = [];
  for (let count = 0; count < 2_000; count++) {
    halves.push(await served.send("GET /healthz HTTP/1.1\r\nHost: loc"));
  }
  const tookMs = await served.ask();
  const held = (await served.order()).rss - rss;
  close(halves);
  measured(`${Math.round(held / 2_000 / 1024)} KiB each; another is answered in ${tookMs} ms`);
  assert.ok(held < 100 * MB, `${held} bytes`);
  assert.ok(tookMs < 5_000);
});

Deno.test("200 bodies that never come are given up when their time is over", async () => {
  await using served = await Served.start();
  const slow: Deno.Conn[] = [];
  const path = "/api/v1/plugins/echo/call/echo";
  for (let count = 0; count < 200; count++) {
    slow.push(await served.send(`${served.head("POST", path, "slow", "Content-Length: 9")}half`));
  }
  assert.ok(await becomesTrueLater(async () => (await served.order()).timers === 200));
  await served.ask();
  await served.order("pass 29000");
  assert.equal((await served.order()).timers, 200);
  await served.order("pass 2000");
  for (const connection of slow) {
    const answer = await readUntil(connection, "}");
    assert.match(answer, /^HTTP\/1\.1 408 [^]*"api\.body_timeout"/);
  }
  close(slow);
  assert.equal((await served.order()).timers, 0);
});

for (
  const [what, ...headers] of [
    ["whose length is told", "Content-Length: 1000000000"],
    ["whose length is not told", "Transfer-Encoding: chunked"],
  ] as const
) {
  Deno.test(`an upload of 1 GB ${what} is refused before memory grows by what it has`, async () => {
    await using served = await Served.start();
    await served.ask();
    const { rss } = await served.order();
    const path = "/api/v1/plugins/big/install";
    using connection = await served.send(served.head("POST", path, "big", ...headers));
    const piece = new Uint8Array(1_000_000);
    const chunk = headers[0].startsWith("Transfer")
      ? [encoder.encode(`${piece.byteLength.toString(16)}\r\n`), piece, encoder.encode("\r\n")]
      : [piece];
    let sent = 0;
    let sentUntilRefused = 0;
    let highest = rss;
    const answered = readUntil(connection, "}").then((text) => {
      sentUntilRefused = sent;
      return text;
    });
    const started = performance.now();
    try {
      for (; sent < 1_000; sent++) {
        for (const bytes of chunk) await writeAll(connection, bytes);
        if (sent % 10 === 0) highest = Math.max(highest, (await served.order()).rss);
      }
    } catch { /* it was cut off */ }
    const answer = await answered;
    const tookMs = Math.round(performance.now() - started);
    const grown = Math.round((highest - rss) / MB);
    measured(`refused after ${sentUntilRefused} MB of ${sent} MB that came in ${tookMs} ms`);
    measured(`memory grew by ${grown} MB at most`);
    assert.match(answer, /^HTTP\/1\.1 413 [^]*"api\.body_too_large"/);
    assert.ok(sentUntilRefused * MB < MAX_PACKAGE_BYTES + 64 * MB, `${sentUntilRefused} MB`);
    assert.ok(grown < 250, `${grown} MB`);
    await served.ask();
  });
}

Deno.test(`${STREAMS} streams of events that are opened and dropped leave nothing, and others are answered`, async () => {
  await using served = await Served.start();
  await served.ask();
  /** Opens as many as are let in at once: 32 of each of 4 tokens. */
  const openAll = async (): Promise<Deno.Conn[]> =>
    await Promise.all(Array.from({ length: 128 }, async (_, index) => {
      const connection = await served.send(served.head("GET", "/api/v1/log", `t${index % 4}`));
      assert.match(await readUntil(connection, ": soundproof"), /^HTTP\/1\.1 200 /);
      return connection;
    }));
  const dropAll = async (streams: Deno.Conn[]) => {
    assert.equal((await served.order()).readers, 128);
    close(streams);
    assert.ok(await becomesTrueLater(async () => (await served.order()).readers === 0));
  };
  await dropAll(await openAll());
  const before = await served.order("collect");
  let slowestMs = 0;
  let opened = 0;
  for (; opened < STREAMS; opened += 128) {
    const streams = await openAll();
    slowestMs = Math.max(slowestMs, await served.ask());
    await dropAll(streams);
  }
  const after = await served.order("collect");
  const kept = Math.round((after.heap - before.heap) / opened);
  const grown = Math.round((after.rss - before.rss) / MB);
  measured(`${opened} streams: others waited ${slowestMs} ms at most`);
  measured(`memory grew by ${grown} MB, and its live part by ${kept} bytes a stream`);
  assert.ok(grown < 150, `${grown} MB`);
  assert.ok(kept < 1_000, `${kept} bytes`);
  // Were one of them still counted, these would not be let in; one more than these is not.
  const last = await openAll();
  using beyond = await served.send(served.head("GET", "/api/v1/log", "t9"));
  assert.match(await readUntil(beyond, "}"), /^HTTP\/1\.1 503 [^]*"api\.busy"/);
  await dropAll(last);
  assert.equal((await served.order()).timers, 0);
});

Deno.test("a service that has no file descriptor left for a connection drops those it has, and serves on", async () => {
  await using served = await Served.start();
  await served.ask();
  await served.order("exhaust 20");
  const connections: Deno.Conn[] = [];
  for (let count = 0; count < 60; count++) {
    try {
      connections.push(await served.send("GET /healthz HTTP/1.1\r\nHost: loc"));
    } catch { /* while it does not listen */ }
  }
  assert.ok(await becomesTrueLater(async () => (await served.order()).faults.length > 0));
  close(connections);
  assert.ok(await becomesTrueLater(() => served.ask().then(() => true, () => false)));
  assert.match((await served.order("release")).faults[0] ?? "", /Too many open files/);
  await served.ask();
});

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}

async function becomesTrueLater(holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
