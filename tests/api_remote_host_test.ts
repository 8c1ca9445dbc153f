import assert from "node:assert/strict";
import { createApi, RemoteHost } from "../src/api/mod.ts";
import { SoundproofError } from "../src/errors.ts";
import type { Administration } from "../src/host/mod.ts";
import { type Answer, type FakeHost, fakeHost, fakeTokens, summary } from "./support/fake_host.ts";

const TOKEN = "t".repeat(43);

/** A host, and the same through its API. */
function both(answer?: Answer): { host: FakeHost; remote: RemoteHost } {
  const host = fakeHost([summary(), summary({ id: "off", state: "disabled" })], answer);
  const app = createApi(host, {
    tokens: fakeTokens({ [TOKEN]: "admin" }),
    names: { hosts: ["localhost"] },
  });
  const remote = new RemoteHost({
    url: "http://localhost",
    token: TOKEN,
    fetch: (request) => app.fetch(request),
  });
  return { host, remote };
}

const BYTES = Uint8Array.of(0x50, 0x4b, 0, 255);

/** Things that can be had done. */
const ACTIONS: readonly [string, (host: Administration) => unknown][] = [
  ["list", (host) => host.list()],
  ["info", (host) => host.info("echo")],
  ["review", (host) => host.review("echo")],
  ["review of a package", (host) => host.review("new", BYTES)],
  ["install", (host) => host.install("new one", BYTES)],
  ["update", (host) => host.update("echo", BYTES)],
  ["rollback", (host) => host.rollback("echo")],
  ["remove", (host) => host.remove("echo", "delete")],
  ["refresh", (host) => host.refresh("echo")],
  ["rescan", (host) => host.rescan()],
  ["enable", (host) => host.enable("off", { users: "all", http: { hosts: ["a.example"] } })],
  ["enable without a decision", (host) => host.enable("off")],
  ["approve", (host) => host.approve("off", { libraries: [1], localNetwork: true })],
  ["disable", (host) => host.disable("echo")],
  ["revoke", (host) => host.revoke("echo")],
  ["setConfig", (host) => host.setConfig("echo", { a: [1, null], secret: "s", gone: null })],
  ["config", (host) => host.config("echo")],
  ["call", (host) => host.call("echo", "nd get/it", BYTES)],
  ["call without output", (host) => host.call("echo", "x", new Uint8Array())],
];
for (const [name, act] of ACTIONS) {
  Deno.test(`${name} through the API gives what it gives at once, and does the same`, async () => {
    const { host } = both();
    const { host: behind, remote } = both();
    const [wanted, found] = [await act(host), await act(remote)];
    assert.deepEqual(found, wanted);
    assert.deepEqual(behind.facts, { ...host.facts, wake: behind.facts.wake });
    assert.deepEqual(behind.list(), host.list());
  });
}

/** Things that are refused. */
const REFUSED: readonly [string, (host: Administration) => unknown][] = [
  ["an unknown plugin", (host) => host.info("none")],
  ["a plugin called like a step up", (host) => host.info("..")],
  ["a plugin called like a path", (host) => host.info("../../healthz")],
  ["removing an unknown plugin", (host) => host.remove("none", "keep")],
  ["a call of a disabled plugin", (host) => host.call("off", "x", BYTES)],
];
for (const [name, act] of REFUSED) {
  Deno.test(`${name} fails through the API as it fails at once`, async () => {
    const { host, remote } = both();
    const wanted = await failure(host, act);
    const found = await failure(remote, act);
    assert.equal(found.code, wanted.code);
    assert.equal(found.message, wanted.message);
  });
}

Deno.test("the single faults of a document come through", async () => {
  const problems = [{ path: "$.name", found: "3", wanted: "a string" }];
  const { remote } = both(() => {
    throw new SoundproofError("manifest.invalid", "Cannot read the manifest", { problems });
  });
  const error = await failure(remote, (host) => host.call("echo", "x", BYTES));
  assert.deepEqual([error.code, error.problems], ["manifest.invalid", problems]);
});

Deno.test("a deadline and the end of a caller's patience reach the plugin", async () => {
  const abort = new AbortController();
  const { remote } = both(async (_, input, { timeoutMs, signal }) => {
    assert.equal(timeoutMs, 250);
    const gone = new Promise((resolve) => signal?.addEventListener("abort", resolve));
    abort.abort();
    await gone;
    return input;
  });
  const { signal } = abort;
  await remote.call("echo", "x", BYTES, { timeoutMs: 250, signal });
});

const LOG = [1, 2, 4].map((id) => ({
  id,
  time: "2026-01-01T00:00:00.000Z",
  level: "info" as const,
  message: `line ${id}\r\n: not a comment\n\ndata: no data`,
  ...(id === 2 ? {} : { plugin: "echo" }),
}));

Deno.test("the known records of a stream come in order, from where one left off, of one plugin", async () => {
  const { host, remote } = both();
  host.facts.records.log.push(...LOG);
  const ids = async (options: Parameters<RemoteHost["follow"]>[1]) =>
    (await Array.fromAsync(remote.follow("log", options))).map(({ id }) => id);
  assert.deepEqual(await Array.fromAsync(remote.follow("log")), LOG);
  assert.deepEqual(await ids({ after: 1 }), [2, 4]);
  assert.deepEqual(await ids({ plugin: "echo" }), [1, 4]);
  assert.equal(host.facts.readers, 0);
});

Deno.test("a live stream goes on with what comes, and its end frees its source", async () => {
  const { host, remote } = both();
  const add = (id: number) => {
    host.facts.records.log.push({ ...LOG[0]!, id });
    host.facts.wake();
  };
  const seen: number[] = [];
  add(1);
  for await (const { id } of remote.follow("log", { live: true })) {
    assert.equal(host.facts.readers, 1);
    seen.push(id);
    if (id === 3) break;
    add(id + 1);
  }
  assert.deepEqual(seen, [1, 2, 3]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(host.facts.readers, 0);
});

/** Answers of something that is no Soundproof, and the code of the error they become. */
const STRANGE: readonly [string, () => Response | Promise<Response>, string][] = [
  ["no JSON", () => new Response("<html>"), "api.answer_invalid"],
  ["another shape", () => Response.json({ plugins: [{ id: 1 }] }), "api.answer_invalid"],
  ["an error that is no problem", () => new Response("", { status: 502 }), "api.answer_invalid"],
  [
    "a problem with an unknown code",
    () => Response.json({ code: "x.y", detail: "", problems: [] }, { status: 400 }),
    "api.answer_invalid",
  ],
  ["nothing", () => Promise.reject(new TypeError("connection refused")), "api.unreachable"],
];
for (const [name, answer, code] of STRANGE) {
  Deno.test(`a service that answers with ${name} is told as ${code}`, async () => {
    const remote = new RemoteHost({ url: "http://localhost:1", token: TOKEN, fetch: answer });
    assert.equal((await failure(remote, (host) => host.list())).code, code);
  });
}

async function failure(
  host: Administration,
  act: (host: Administration) => unknown,
): Promise<SoundproofError> {
  try {
    await act(host);
  } catch (thrown) {
    assert.ok(thrown instanceof SoundproofError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: "nothing was refused" });
}
