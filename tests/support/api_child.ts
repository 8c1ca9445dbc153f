/**
 * A process of its own that serves the API over a fake host, so that what clients cost it can be told from what they cost
 * who plays them. Each line of stdin is an order, and each answer a line of JSON. Started by `api_clients_test.ts`.
 *
 * @module
 */

import { createApi, type OwnNames, ownNames } from "../../src/api/mod.ts";
import { keepListening } from "../../src/cli/listener.ts";
import { fakeHost, fakeTokens } from "./fake_host.ts";

// As the service does: what listens for signals takes its file descriptors now, and not when none is left.
Deno.addSignalListener("SIGTERM", () => Deno.exit());

const host = fakeHost();
const faults: string[] = [];
let names: OwnNames = { hosts: [] };
let nowMs = Date.now();
const timers = new Map<() => void, number>();
/** Time that goes by on order. */
const clock = {
  now: () => nowMs,
  after: (delayMs: number, callback: () => void) => {
    timers.set(callback, nowMs + delayMs);
    return () => void timers.delete(callback);
  },
};
const tokens = fakeTokens({ admin: "admin", client: "client", read: "read" });
const app = createApi(host, {
  // As many callers as there are texts: each has ceilings of its own.
  tokens: { find: (token) => tokens.find(token) ?? { name: token, scopes: ["admin"] } },
  names: {
    get hosts() {
      return names.hosts;
    },
  },
  clock,
});
const listener = keepListening<Deno.NetAddr>(
  (taken) =>
    Deno.serve({
      hostname: "127.0.0.1",
      port: taken?.port ?? 0,
      onListen: () => {},
    }, app.fetch),
  (thrown) => faults.push(String(thrown)),
);
const { port } = listener.addr;
names = ownNames("127.0.0.1", port);

const encoder = new TextEncoder();
const say = (what: object) => Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(what)}\n`));
const files: Deno.FsFile[] = [];
say({ port });
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const [order = "", amount = "0"] = text.trim().split(" ");
  if (order === "pass") {
    nowMs += Number(amount);
    for (const [callback, due] of timers) {
      if (due > nowMs) continue;
      timers.delete(callback);
      callback();
    }
  }
  // All that the system lets a process open is open, but for so many.
  if (order === "exhaust") {
    try {
      while (true) files.push(Deno.openSync("/dev/null"));
    } catch { /* none is left */ }
    for (const file of files.splice(0, Number(amount))) file.close();
  }
  if (order === "release") { for (const file of files.splice(0)) file.close(); }
  if (order === "collect") {
    host.facts.wake(); // Nobody reads, but the promise that readers waited for knows them.
    await Promise.resolve();
    Reflect.get(globalThis, "gc")();
  }
  const { rss, heapUsed: heap } = Deno.memoryUsage();
  say({ rss, heap, readers: host.facts.readers, timers: timers.size, faults });
}
