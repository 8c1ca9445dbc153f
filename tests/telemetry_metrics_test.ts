import assert from "node:assert/strict";
import { createApi, ownNames } from "../src/api/mod.ts";
import type { PluginHost } from "../src/host/mod.ts";
import { memoryMusicServer } from "../src/services/mod.ts";
import { fakeHost, fakeTokens, summary } from "./support/fake_host.ts";
import { kernelGuest } from "./support/kernel_guest.ts";
import { loopbackServer, networkHost } from "./support/network_host.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { scrobbleGuest } from "./support/scrobble_guest.ts";

/** What a host's numbers are, by series as Prometheus reads them: `name{label="value"}`. */
async function numbers(host: Pick<PluginHost, "telemetry">): Promise<Map<string, number>> {
  const series = new Map<string, number>();
  for (const line of (await host.telemetry.expose()).split("\n")) {
    const [, name, value] = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) series.set(name, Number(value));
  }
  return series;
}

const GUEST = kernelGuest(`
  (func (export "nd_get_artist_mbid") (result i32) (call $give (i64.const 1)) (i32.const 0))
  (func (export "traps") (result i32) unreachable)
  (func (export "endless") (result i32) (loop $again (br $again)) (i32.const 0))`);

Deno.test("calls are counted by export and outcome, with how long they took; an export that is none makes no series", async () => {
  using data = new TestData();
  data.archive("worker.ndp", { manifest: PLAIN_MANIFEST, guest: GUEST });
  await using host = await data.open();
  await host.enable("worker");
  const call = (name: string, timeoutMs = 10_000) =>
    host.call("worker", name, new Uint8Array(), { timeoutMs }).catch(() => {});
  await Promise.all([1, 2, 3].map(() => call("nd_get_artist_mbid")));
  await call("traps");
  await call("endless", 50);
  for (let made = 0; made < 10; made++) await call(`made_up_${made}`);

  const found = await numbers(host);
  const calls = [...found].filter(([name]) => name.startsWith("soundproof_calls_total"));
  assert.deepEqual(Object.fromEntries(calls), {
    'soundproof_calls_total{plugin="worker",export="nd_get_artist_mbid",outcome="ok"}': 3,
    'soundproof_calls_total{plugin="worker",export="traps",outcome="guest.trap"}': 1,
    'soundproof_calls_total{plugin="worker",export="endless",outcome="guest.deadline"}': 1,
  });
  const duration = "soundproof_call_duration_seconds";
  const endless = '{plugin="worker",export="endless"}';
  assert.equal(found.get(`${duration}_count${endless}`), 1);
  const seconds = found.get(`${duration}_sum${endless}`) ?? 0;
  assert.ok(seconds >= 0.05 && seconds < 10, `${seconds} s`);
  assert.equal(found.get('soundproof_kills_total{plugin="worker",kind="deadline"}'), 1);
  assert.equal(found.get('soundproof_plugins{state="running"}'), 1);
  assert.ok((found.get('soundproof_cells{plugin="worker"}') ?? 0) >= 1);
  assert.equal(found.get('soundproof_queued_calls{plugin="worker"}'), 0);
  assert.ok((found.get("process_resident_memory_bytes") ?? 0) > 1e7);

  await host.remove("worker", "keep");
  const gone = await numbers(host);
  assert.equal(gone.get('soundproof_cells{plugin="worker"}'), undefined);
  assert.equal(gone.get('soundproof_plugins{state="running"}'), 0);
});

Deno.test("plays are counted by what became of them", async () => {
  using data = new TestData();
  const manifest = { ...PLAIN_MANIFEST, permissions: { users: {} } };
  data.archive("takes.ndp", { manifest, guest: scrobbleGuest(0, 0) });
  data.archive("fails.ndp", { manifest, guest: scrobbleGuest(0, 256) });
  await using host = await data.open({ musicServer: memoryMusicServer() });
  for (const id of ["takes", "fails"]) await host.enable(id, { users: "all" });
  const track = { id: "t", libraryId: 1, title: "T", artist: "A" };
  await host.scrobblers.scrobble({ username: "ann", track, timestamp: 1_700_000_000 });
  const plays = async (plugin: string, state: string) =>
    (await numbers(host)).get(`soundproof_scrobbles{plugin="${plugin}",state="${state}"}`);
  while (await plays("takes", "delivered") !== 1 || await plays("fails", "failed") !== 1) {
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.equal(await plays("takes", "waiting"), 0);
  assert.equal(await plays("takes", "failed"), 0);
});

Deno.test("requests of plugins are counted by outcome, the refused ones by why; bytes both ways", async () => {
  await using server = loopbackServer(() => new Response("x".repeat(10_000)));
  await using network = await networkHost(
    { asks: { http: { requiredHosts: ["api.example.com", "private.example.com"] } } },
    { "api.example.com": ["127.0.0.1"], "private.example.com": ["10.0.0.1"] },
  );
  const at = (host: string) => ({
    request: { url: `http://${host}:${server.port}/`, method: "GET" },
  });
  await network.ask("asks", "http_send", at("api.example.com"));
  await network.ask("asks", "http_send", at("elsewhere.example.com"));
  await network.ask("asks", "http_send", at("private.example.com"));

  const found = await numbers(network.host);
  const outcome = (kind: string, code: string) =>
    found.get(`soundproof_egress_requests_total{plugin="asks",kind="${kind}",outcome="${code}"}`);
  assert.equal(outcome("http", "ok"), 1);
  assert.equal(outcome("http", "egress.url_not_allowed"), 1);
  assert.equal(outcome("http", "egress.address_refused"), 1);
  assert.equal(found.get('soundproof_host_calls_total{plugin="asks",function="http_send"}'), 3);
  const bytes = (direction: string) =>
    found.get(`soundproof_egress_bytes_total{plugin="asks",direction="${direction}"}`) ?? 0;
  assert.ok(bytes("down") >= 10_000 && bytes("down") < 12_000, `${bytes("down")} down`);
  assert.ok(bytes("up") > 20 && bytes("up") < 2_000, `${bytes("up")} up`);
});

Deno.test("/metrics is for tokens of the scope read, and /readyz tells anyone what does not work, without names", async () => {
  const plugins = (["running", "failed", "waiting", "failed"] as const)
    .map((state, index) => summary({ id: `secret${index}`, state }));
  const app = createApi(fakeHost(plugins), {
    tokens: fakeTokens({ reader: "read", client: "client" }),
    names: ownNames("127.0.0.1", 4747),
  });
  const ask = async (path: string, token?: string) => {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    return await app.request(`http://127.0.0.1:4747${path}`, headers && { headers });
  };
  assert.equal((await ask("/metrics")).status, 401);
  assert.equal((await ask("/metrics", "client")).status, 403);
  const metrics = await ask("/metrics", "reader");
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(await metrics.text(), /^# TYPE soundproof_calls_total counter$/m);
  assert.deepEqual(await (await ask("/readyz")).json(), {
    ready: true,
    notReady: [
      "2 of 4 plugins: cannot be loaded",
      "1 of 4 plugins: asks for more than was approved",
    ],
  });
});
