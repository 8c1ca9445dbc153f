import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  ASKER,
  checkProcess,
  checkWalls,
  examine,
  type Finding,
  PROBE,
  PROBES,
  type ProcessView,
  THIS_PROCESS,
  type WallProbe,
  WALLS,
} from "../src/doctor/mod.ts";
import { judgeTimes } from "../src/doctor/folder_checks.ts";
import { probeFolder } from "../src/doctor/probe_folder.ts";
import { PluginHost } from "../src/host/mod.ts";
import { announceService } from "../src/state/mod.ts";
import { assemble } from "./support/guests.ts";
import { runTask, startService } from "./support/launcher.ts";
import { tempDir } from "./support/temp_dir.ts";

const failed = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state === "fail").map(({ check }) => check);
const of = (findings: readonly Finding[], check: string) =>
  findings.find((finding) => finding.check === check)!;
const code = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

Deno.test("The probes are their texts, assembled", () => {
  for (const [name, bytes] of [["probe", PROBE], ["asker", ASKER]] as const) {
    const text = Deno.readTextFileSync(new URL(`../src/doctor/${name}.wat`, import.meta.url));
    deepStrictEqual(assemble(text), bytes);
  }
});

Deno.test("Walls that stand are seen to stand, and nothing is left in the data folder", async () => {
  using folder = tempDir();
  const findings = await checkWalls(folder.path);
  strictEqual(findings.length, 7);
  deepStrictEqual(findings.filter(({ state }) => state !== "ok"), []);
  deepStrictEqual([...Deno.readDirSync(folder.path)], []);
});

const LIAR = code(`self.onmessage = ({ data }) => {
  if (data.kind === "boot") return self.postMessage({ kind: "ready" });
  const output = new TextEncoder().encode("read net");
  self.postMessage({ kind: "outcome", outcome: { kind: "returned", code: 0, output },
    log: { lines: [], dropped: 0 } });
  self.postMessage({ kind: "idle", prepared: false });
}`);
const kv = { kvstore: { reason: "not refused" } };
const withHosts = (...requiredHosts: string[]) => ({
  plugins: {
    ...PROBES,
    probe: { wasm: PROBE, permissions: { http: { reason: "too much", requiredHosts } } },
  },
});

/** Each wall taken down, and who must see it. */
const HOLES: readonly (readonly [string, Partial<WallProbe>, readonly string[]])[] = [
  [
    "the import exists after all",
    { plugins: { ...PROBES, asker: { wasm: ASKER, permissions: kv } } },
    ["wall 1: imports"],
  ],
  ["the deadline comes too late", { deadlineMs: 4_000 }, ["wall 2: deadline"]],
  ["memory grows on", { memoryBytes: 32 * 1024 * 1024 }, ["wall 2: memory"]],
  ["the cell has permissions", { cellWorker: LIAR }, ["wall 2: cell"]],
  [
    "any host is declared, to the gate and to Deno",
    withHosts("declared.invalid", "*"),
    ["wall 3: gate", "wall 3: Deno"],
  ],
  ["loopback is opened", { decision: { addresses: ["127.0.0.1"] } }, ["wall 4: gateway"]],
];

for (const [hole, probe, wanted] of HOLES) {
  Deno.test(`A hole is seen: ${hole}`, async () => {
    using folder = tempDir();
    deepStrictEqual(failed(await checkWalls(folder.path, { ...WALLS, ...probe })), wanted);
  });
}

Deno.test("A process that may too much is seen, by asking and by trying", async () => {
  const tight: ProcessView = {
    ...THIS_PROCESS,
    deadlinesHold: () => true,
    query: () => "prompt",
    attempt: () => {
      throw new Deno.errors.NotCapable("Requires access");
    },
  };
  deepStrictEqual(failed(await checkProcess(tight)), []);
  deepStrictEqual(failed(await checkProcess({ ...tight, deadlinesHold: () => false })), ["Deno"]);
  deepStrictEqual(failed(await checkProcess({ ...tight, query: () => "granted" })), [
    "permissions",
  ]);
  const acts = ["read", "write", "run", "env", "connect"].map((act) => `try to ${act}`);
  deepStrictEqual(failed(await checkProcess({ ...tight, attempt: () => {} })), acts);
  const attempt = () => Promise.reject(new Deno.errors.ConnectionRefused());
  deepStrictEqual(failed(await checkProcess({ ...tight, attempt })), acts);
});

Deno.test("What a doctor that was killed has left goes at the next one; what is in use stays", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/doctor-left/plugins`, { recursive: true });
  const later = () => Date.now() + 3_600_000;
  using first = probeFolder(folder.path, () => Date.now());
  ok(Deno.statSync(`${folder.path}/doctor-left`), "younger than a minute");
  using lock = Deno.openSync(`${first.path}/lock`, { write: true, create: true });
  lock.lockSync(true);
  using _second = probeFolder(folder.path, later);
  strictEqual([...Deno.readDirSync(folder.path)].length, 2);
  ok(Deno.statSync(first.path).isDirectory);
});

/** Examines a folder; nobody else listens on the port, and no music server is asked. */
async function examined(dataDir: string, more: object = {}): Promise<Finding[]> {
  return await examine({
    dataDir,
    problems: [],
    listen: { hostname: "127.0.0.1", port: 0 },
    ...more,
  });
}

Deno.test("Beside a service that holds the data folder the doctor works, asks it, and finds its databases whole", async () => {
  using folder = tempDir();
  await using _host = await PluginHost.open({ dataDir: folder.path });
  Deno.chmodSync(folder.path, 0o700);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("ok"),
  );
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}`;
  announceService(folder.path, { url, pid: 7 });
  const findings = await examined(folder.path, {
    listen: { hostname: "127.0.0.1", port },
    musicServer: url,
  });
  match(of(findings, "service").saw, /127\.0\.0\.1:\d+ \(process 7\) uses .*, and answers/);
  for (const check of ["service", "address", "music server", "databases", "wall 4: gateway"]) {
    strictEqual(of(findings, check).state, "ok", of(findings, check).saw);
  }
  match(of(findings, "databases").saw, /^[1-9]\d* open/);
});

Deno.test("What is wrong with an installation is seen: modes, databases, configuration, addresses, servers", async () => {
  using folder = tempDir();
  Deno.writeFileSync(`${folder.path}/audit.db`, new Uint8Array(5_000).fill(7));
  Deno.chmodSync(folder.path, 0o755);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  const findings = await examined(folder.path, {
    problems: ["soundproof.toml: line 1: x is not applied"],
    listen: { hostname: "127.0.0.1", port },
    musicServer: `http://127.0.0.1:${gone.addr.port}/secret`,
  });
  for (const check of ["configuration", "data folder", "databases", "address", "music server"]) {
    strictEqual(of(findings, check).state, "fail", of(findings, check).saw);
  }
  match(of(findings, "data folder").saw, /mode 755, want 700/);
  ok(!of(findings, "music server").saw.includes("secret"));
});

Deno.test("A clock that cannot be right is seen", () => {
  const now = Date.UTC(2027, 0, 1);
  strictEqual(judgeTimes(now, now).state, "ok");
  strictEqual(judgeTimes(now, now - 60_000).state, "warn");
  strictEqual(judgeTimes(0, 0).state, "fail");
});

Deno.test("Under the flags of the service, beside it and after it, all is well; each says so in a line", async () => {
  using folder = tempDir();
  const data = ["--data", `${folder.path}/data`];
  const service = await startService(data);
  const { stdout } = await runTask("doctor", [...data, "--json"]);
  const findings: Finding[] = JSON.parse(stdout);
  // The default address may be someone else's here.
  const odd = findings.filter(({ check, state }) => check !== "address" && state !== "ok");
  deepStrictEqual(odd, []);
  match(of(findings, "service").saw, new RegExp(`${service.url} .*answers$`));
  match(of(findings, "try to run").saw, /Deno refuses it/);
  strictEqual(await service.stop(), 0);
  Deno.writeTextFileSync(`${folder.path}/data/soundproof.toml`, "[Plugins]\nEnabled = 7\n");
  const after = await runTask("doctor", data);
  strictEqual(after.code, 1);
  strictEqual(after.stdout.trim().split("\n").length, findings.length);
  match(after.stdout, /^fail {2}configuration +.*Enabled/m);
  match(after.stdout, /^ok {4}service +nobody uses/m);
});
