import { ok, strictEqual } from "node:assert/strict";
import { HostNetwork } from "../src/host/host_network.ts";
import { PluginNetwork } from "../src/host/plugin_network.ts";
import { type Dns, LOOPBACK, loopbackServer, networkHost } from "./support/network_host.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { measured, residentMb } from "./support/promises.ts";
import { quietTelemetry } from "./support/telemetry.ts";

const alone = inOwnProcess(import.meta.url);

// A name that the system answers at once: Deno looks names up in the gate too, though the gateway decides.
const DNS: Dns = { localhost: ["127.0.0.1"] };
const HTTP = { requiredHosts: ["localhost"], allowLocalNetwork: false, allowRedirects: true };
const PLUGINS = 10;
const REQUESTS = 50;
const MEASURED = 40;
const IDLE_MS = 200;

/** A server with requests that get a byte a second, or nothing at all; it knows how many it still has. */
function stubborn() {
  const open = new Set<Request>();
  const server = loopbackServer((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/quick") return new Response("hi");
    open.add(request);
    const gone = Promise.withResolvers<Response>();
    let timer: ReturnType<typeof setInterval>;
    request.signal.addEventListener("abort", () => {
      open.delete(request);
      clearInterval(timer);
      gone.resolve(new Response());
    });
    if (pathname === "/never") return gone.promise;
    const drip = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array([0]));
        timer = setInterval(() => controller.enqueue(new Uint8Array([0])), 1_000);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(drip);
  });
  return Object.assign(server, { open });
}

/** The median time of requests one after another, in milliseconds. */
async function median(request: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < MEASURED; turn++) {
    const start = performance.now();
    await request();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[MEASURED >> 1] ?? NaN;
}

/** Waits until something holds; half a minute, for machines with much else to do. */
async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`did not come true: ${holds}`);
}

/** Usual time: noise of a busy machine is allowed for, waiting for somebody else's request is not. */
function isUsual(during: number, before: number): boolean {
  return during < 5 * before + 25;
}

alone("500 requests in flight that never end do not slow down another plugin", async () => {
  await using server = stubborn();
  const network = new HostNetwork({
    gateLimits: { requests: 64, idleMs: IDLE_MS },
    resolver: { resolve: () => Promise.resolve(["127.0.0.1"]) },
  }, () => {});
  const plugin = (id: string) =>
    new PluginNetwork({
      id,
      permissions: { http: HTTP },
      addresses: LOOPBACK.addresses ?? [],
      network,
      limits: {},
      telemetry: quietTelemetry(),
      onRefusal: () => {},
    });
  const send = (from: PluginNetwork, path: string, signal: AbortSignal) =>
    from.send({
      method: "GET",
      url: `http://localhost:${server.port}${path}`,
      headers: new Map(),
      body: new Uint8Array(),
      followRedirects: true,
      maxBodyBytes: 1e6,
    }, signal);
  const other = plugin("other");
  const quick = () => send(other, "/quick", new AbortController().signal);
  await quick();
  const before = await median(quick);
  const busy = Array.from({ length: PLUGINS }, (_, index) => plugin(`busy${index}`));
  const idle = async () => {
    const loads = await Promise.all(busy.map((from) => from.load()));
    const counters = await Promise.all(busy.map((from) => from.counters()));
    return loads.every((load) => load?.running === false && load.requests === 0) &&
      counters.every((counted) => counted?.open === 0);
  };
  // What a first round leaves in the allocator is not a leak; what a second one adds to it would be.
  const memory = [residentMb()];
  const during: number[] = [];
  for (let round = 0; round < 2; round++) {
    const enough = new AbortController();
    const sent = busy.flatMap((from, index) =>
      Array.from(
        { length: REQUESTS },
        () => send(from, index % 2 === 0 ? "/drip" : "/never", enough.signal),
      )
    );
    const settled = Promise.allSettled(sent);
    await eventually(() => server.open.size === PLUGINS * REQUESTS);
    during.push(await median(quick));
    strictEqual(server.open.size, PLUGINS * REQUESTS, "all are in flight still");
    enough.abort();
    ok((await settled).every(({ status }) => status === "rejected"));
    await eventually(() => server.open.size === 0);
    await eventually(idle);
    memory.push(residentMb());
  }
  const after = await median(quick);
  await Promise.all([other, ...busy].map((from) => from.close()));
  await network.close();
  const shown = [before, ...during, after].map((ms) => ms.toFixed(1));
  measured(
    `500 requests of gates, twice: another plugin's median ${shown.join(", ")} ms ` +
      `before, during, during, after; RSS ${memory.join(", ")} MB before, after, after`,
  );
  for (const ms of during) ok(isUsual(ms, before), `${ms} ms, before ${before} ms`);
  const [, first = 0, second = 0] = memory;
  ok(second < first + 250, `${first} MB, then ${second} MB`);
});

alone("500 calls of guests that wait for the network do not slow down another plugin", async () => {
  await using server = stubborn();
  const names = Array.from({ length: PLUGINS }, (_, index) => `busy${index}`);
  const plugins = Object.fromEntries(
    ["other", ...names].map((name) => [name, { http: { requiredHosts: ["localhost"] } }]),
  );
  const cells = 2;
  await using use = await networkHost(plugins, DNS, {
    limits: {
      cell: { callTimeoutMs: 3_000 },
      pool: { cells, queueMs: 3_500, idleMs: IDLE_MS },
    },
    network: { gateLimits: { idleMs: IDLE_MS } },
  });
  const url = (path: string) => `http://localhost:${server.port}${path}`;
  const quick = () => use.send("other", url("/quick"));
  await quick();
  const before = await median(quick);
  const start = residentMb();

  const sent = names.flatMap((name, index) =>
    Array.from(
      { length: REQUESTS },
      () => use.send(name, url(index % 2 === 0 ? "/drip" : "/never")),
    )
  );
  const settled = Promise.allSettled(sent);
  await eventually(() => server.open.size >= PLUGINS);
  const during = await median(quick);
  const codes = new Set(
    (await settled).map((one) => one.status === "rejected" ? one.reason.code : "answered"),
  );
  strictEqual([...codes].sort().join(), "guest.deadline,pool.queue_deadline");
  await eventually(() => server.open.size === 0);
  await eventually(() => use.host.list().every(({ id, cells }) => id === "other" || cells === 0));
  measured(
    `500 calls of guests: another plugin's median ${before.toFixed(1)} ms before, ${
      during.toFixed(1)
    } ms during; RSS ${start} MB before, ${residentMb()} MB after`,
  );
  ok(isUsual(during, before), `${during} ms, before ${before} ms`);
  ok(residentMb() < start + 300);
});
