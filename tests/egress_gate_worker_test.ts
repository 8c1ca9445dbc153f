import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { GateClock } from "../src/egress/mod.ts";
import { gateFixture, refused, RULES, until } from "./support/gate_fixture.ts";

const worker = (name: string) => new URL(`./support/gate_workers/${name}.ts`, import.meta.url);
const text = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body);

/** A clock that a test moves. */
function handClock(): GateClock & { pass(ms: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; call: () => void }>();
  return {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.at <= now && timers.delete(timer)) timer.call();
      }
    },
  };
}

Deno.test("the worker has no permission but net for its hosts and the gateway", async () => {
  await using use = gateFixture(() => new Response(), { workerUrl: worker("hostile") });
  const states = text(await use.get("/permissions"));
  const wanted = ["env", "ffi", "import", "net", "read", "run", "sys", "write"]
    .map((name) => `${name}=prompt`).join(" ").replaceAll("prompt", "(prompt|denied)");
  strictEqual(new RegExp(`^${wanted}$`).test(states), true, states);
  strictEqual(text(await use.get("/attempts")), "");
});

Deno.test("with the URL rules replaced by yes, Deno refuses an undeclared host", async () => {
  await using use = gateFixture(
    (request) =>
      request.url.endsWith("/hop")
        ? new Response(null, { status: 302, headers: { location: "http://example.org/" } })
        : new Response("here"),
    { workerUrl: worker("yes") },
  );
  strictEqual(text(await use.get("/")), "here");
  for (const url of ["http://example.org/", "http://127.0.0.1:9999/", "http://[::1]/", "/hop"]) {
    await refused(use.get(url), "egress.url_not_allowed", /network permission/);
  }
  const handlers = { onMessage() {}, onClose() {}, onError() {} };
  const request = { url: "ws://example.org/", headers: [], timeoutMs: 5_000 };
  await refused(
    use.gate.connect(request, handlers),
    "egress.url_not_allowed",
    /network permission/,
  );
  deepStrictEqual(new Set(use.relay.asked), new Set([`api.example.com:${use.port}`]));
});

const HOSTILE = [
  "garbage",
  "null",
  "unknown_kind",
  "other_id",
  "no_body",
  "shared_body",
  "big_body",
  "bad_status",
  "bad_headers",
  "many_headers",
  "foreign_code",
  "long_text",
  "socket_message",
  "crash",
];

for (const act of HOSTILE) {
  Deno.test(`a worker that answers with "${act}" is ended and the next request starts another`, async () => {
    await using use = gateFixture(() => new Response(), { workerUrl: worker("hostile") });
    const other = use.get("/silent");
    const both = [
      refused(other, "egress.transport", /the gate ended/),
      refused(use.get(`/${act}`), "egress.transport", /the gate ended/),
    ];
    await Promise.all(both);
    deepStrictEqual(use.gate.load, { running: false, requests: 0, sockets: 0 });
    strictEqual(/net=/.test(text(await use.get("/permissions"))), true);
  });
}

Deno.test("a worker that does not let go of a request is ended", async () => {
  const clock = handClock();
  await using use = gateFixture(() => new Response(), { workerUrl: worker("hostile"), clock });
  const sent = use.get("/silent", { timeoutMs: 1_000 });
  clock.pass(1_000);
  await refused(sent, "egress.timeout");
  deepStrictEqual(use.gate.load, { running: true, requests: 1, sockets: 0 });
  clock.pass(5_000);
  deepStrictEqual(use.gate.load, { running: false, requests: 0, sockets: 0 });
});

Deno.test("a worker starts with the first request, ends when idle and starts again", async () => {
  const clock = handClock();
  await using use = gateFixture(() => new Response(), { clock });
  strictEqual(use.gate.load.running, false);
  await use.get("/");
  clock.pass(59_999);
  strictEqual(use.gate.load.running, true);
  clock.pass(1);
  strictEqual(use.gate.load.running, false);
  strictEqual((await use.get("/")).status, 200);
});

Deno.test("a worker with a request in flight or an open socket is not idle", async () => {
  const clock = handClock();
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture((request) => {
    if (request.headers.has("upgrade")) return Deno.upgradeWebSocket(request).response;
    return never.promise;
  }, { clock });
  const sent = use.get("/", { timeoutMs: 100_000 });
  clock.pass(90_000);
  strictEqual(use.gate.load.running, true);
  never.resolve(new Response());
  await sent;
  const request = { url: `ws://api.example.com:${use.port}/`, headers: [], timeoutMs: 5_000 };
  const handlers = { onMessage() {}, onClose() {}, onError() {} };
  const socket = await use.gate.connect(request, handlers);
  clock.pass(90_000);
  strictEqual(use.gate.load.running, true);
  socket.close(1000, "");
  clock.pass(60_000);
  strictEqual(use.gate.load.running, false);
});

Deno.test("a closed gate refuses, and what was in flight fails", async () => {
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture(() => never.promise);
  const sent = use.get("/");
  await until(() => use.seen.length === 1);
  await Promise.all([refused(sent, "egress.cancelled", /unloaded/), use.gate.close()]);
  await refused(use.get("/"), "egress.cancelled", /closed/);
  deepStrictEqual(use.gate.load, { running: false, requests: 0, sockets: 0 });
  never.resolve(new Response());
});

Deno.test("a gate whose hosts the process may not reach itself says so", async () => {
  const rules = () => ({ ...RULES, http: { hosts: ["forbidden.example"] } });
  await using use = gateFixture(() => new Response(), { rules });
  await refused(use.get("/"), "egress.transport", /Cannot start the gate/);
  deepStrictEqual(use.gate.load, { running: false, requests: 0, sockets: 0 });
});
