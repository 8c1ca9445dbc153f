/**
 * The benchmarks: `deno task bench [--json] [--quick]`.
 *
 * Every number is of the whole path, from `PluginHost` to the guest and back, beside the target of the
 * design and, where Go is on the machine, beside wazero on the same `.wasm` in the same run.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ENVIRONMENT } from "../../src/cli/process.ts";
import { compileAssemblyScript, readSources } from "../../plugins/compile.ts";
import { buildGuest, type GuestName, guestPath } from "../guests/build.ts";
import { type BenchPlugin, dataFolder, unseen } from "./bench_data.ts";
import { callingGuest, CALLS, FROM_MEMORY } from "./calling_guest.ts";
import {
  calls,
  coldLoad,
  eachHostCall,
  EXPORT,
  hostCalls,
  overruns,
  percentile,
  REQUEST,
  type Times,
  withHost,
} from "./measure.ts";
import { olderManifest } from "../support/env_host.ts";
import { type PeerResult, runPeer } from "./peer.ts";
import { type Row, table } from "./report.ts";

/** Time to think between two calls, in which an idle cell prepares the next instance. Milliseconds. */
const THINK_MS = 15;
/** The question as a guest of Navidrome 0.57 to 0.59 gets it, in hex … */
const OLDER_REQUEST = "0a0131120b4e696e612053696d6f6e65";
/** … and the manifest of that guest. */
const OLDER = JSON.stringify(olderManifest({ cache: {} }, ["MetadataAgent"]));
const NOT_PREPARED = { cell: { preparedInstances: 0 } };

const { values: options } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
});
/** How often something is done: a tenth with `--quick`. */
const count = (times: number) => options.quick ? Math.ceil(times / 10) : times;

const rows: Row[] = [];
const notes: string[] = [];

function add(what: string, guest: string, times: Times, more: Partial<Row> = {}): void {
  rows.push({
    what,
    guest,
    unit: "ms",
    median: percentile(times, 0.5),
    p10: percentile(times, 0.1),
    p99: percentile(times, 0.99),
    ...more,
  });
  progress(`${what}, ${guest}`);
}

function progress(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function hello(): Promise<BenchPlugin> {
  const folder = new URL("../../plugins/hello/", import.meta.url);
  const wasm = await compileAssemblyScript(await readSources(new URL("assembly/", folder)));
  return {
    id: "assemblyscript",
    wasm,
    manifest: await Deno.readTextFile(new URL("manifest.json", folder)),
  };
}

async function built(name: GuestName, id: string): Promise<BenchPlugin | undefined> {
  const guest = await buildGuest(name);
  const older = name === "go_plugin";
  if ("wasm" in guest) return { id, wasm: guest.wasm, ...(older && { older, manifest: OLDER }) };
  notes.push(guest.skipped);
  return undefined;
}

async function peerOf(name: GuestName): Promise<PeerResult | undefined> {
  const peer = await runPeer({
    wasm: guestPath(name),
    ...(name === "go_plugin"
      ? { goPlugin: true, export: "metadata_agent_get_artist_biography", input: OLDER_REQUEST }
      : { export: EXPORT, input: new TextDecoder().decode(REQUEST) }),
    config: {},
    iterations: count(400),
  });
  if ("result" in peer) return peer.result;
  notes.push(peer.skipped);
  return undefined;
}

async function benchGuest(plugin: BenchPlugin, times: number, peer?: PeerResult): Promise<void> {
  const { id } = plugin;
  const fresh = peer?.fresh.total;
  const go = id === "go" || plugin.older;
  add("cold load: file to first answer", id, await coldLoad(plugin, count(20)), {
    ...(go && { target: 60 }),
    ...(peer !== undefined && { peer: peer.cold.readyMs }),
  });
  const target = id === "rust" ? 0.25 : go ? fresh?.medianMs : undefined;
  const beside = fresh && { peer: fresh.medianMs, peerP99: fresh.p99Ms };
  const more = { ...(target !== undefined && { target }), ...beside };
  await withHost(plugin, NOT_PREPARED, async (host) => {
    add("call, none prepared", id, await calls(host, id, count(times)), more);
  });
  await withHost(plugin, {}, async (host) => {
    add("call, back to back", id, await calls(host, id, count(times)), more);
    const think = await calls(host, id, count(200), THINK_MS);
    add(`call, ${THINK_MS} ms after the last`, id, think, {
      ...(go && { target: 0.5 }),
      ...beside,
    });
    if (!plugin.older && !host.info(id).exports.includes("host_calls")) return;
    const each = (await hostCalls(host, plugin, count(50))).map((ms) => ms * 1_000);
    add("host call answered from memory", id, each, {
      unit: "µs",
      target: 100,
      ...(peer?.hostCallUs !== undefined && { peer: peer.hostCallUs }),
    });
    add("past the deadline of 100 ms", id, await overruns(host, plugin, count(100)), {
      target: 20,
    });
  });
}

/** Memory of a process of its own, in megabytes. */
async function memoryOf(
  plugins: readonly BenchPlugin[],
  times: number,
): Promise<{ rss: number; highest: number }> {
  using data = await dataFolder(plugins);
  const script = new URL("host_process.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--v8-flags=--liftoff-only",
      "--allow-read",
      `--allow-write=${data.path}`,
      script,
      data.path,
      String(times),
    ],
    env: { ...ENVIRONMENT },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const report = JSON.parse(new TextDecoder().decode(stdout));
  if (report.plugins !== plugins.length) throw new Error(`${report.plugins} plugins ran`);
  return { rss: report.rss / 1e6, highest: report.highest / 1e6 };
}

async function benchMemory(
  plugins: readonly BenchPlugin[],
  called: readonly BenchPlugin[],
): Promise<void> {
  const copies = (number: number) =>
    Array.from({ length: number }, (_, i): BenchPlugin[] => {
      const plugin = plugins[i % plugins.length];
      return plugin === undefined
        ? []
        : [{ ...plugin, id: `${plugin.id}-${i}`, wasm: unseen(plugin.wasm) }];
    }).flat();
  const value = (what: string, guest: string, median: number, target?: number) => {
    rows.push({ what, guest, unit: "MB", median, ...(target !== undefined && { target }) });
    progress(what);
  };
  const none = await memoryOf([], 0);
  const ten = await memoryOf(copies(10), 0);
  value("memory: 10 plugins loaded, none called", "all", ten.rss, 120);
  value("memory: each of them", "all", (ten.rss - none.rss) / 10);
  const times = count(3_000);
  for (const plugin of called) {
    const { highest } = await memoryOf([plugin], times);
    value(`memory: highest over ${times} calls`, plugin.id, highest);
  }
}

const plugins: BenchPlugin[] = [await hello()];
await benchGuest(plugins[0] as BenchPlugin, 1_500);
const goPlugins: BenchPlugin[] = [];
const GUESTS = [
  ["rust_agent", "rust", 1_500],
  ["go_agent", "go", 400],
  ["go_plugin", "go, 0.57–0.59", 400],
] as const;
for (const [name, id, times] of GUESTS) {
  const plugin = await built(name, id);
  if (plugin === undefined) continue;
  if (!plugin.older) plugins.push(plugin);
  if (name !== "rust_agent") goPlugins.push(plugin);
  await benchGuest(plugin, times, await peerOf(name));
}
for (const [name, permissions] of FROM_MEMORY) {
  await withHost(callingGuest(name, permissions), {}, async (host) => {
    const each = await eachHostCall(host, name, count(50), CALLS, '{"key":"k"}');
    const us = each.map((ms) => ms * 1_000);
    add(`host call: ${name}`, "wat", us, { unit: "µs", target: 100 });
  });
}
await benchMemory(plugins, goPlugins);

const machine = { deno: Deno.version.deno, v8: Deno.version.v8, arch: Deno.build.arch };
const text = options.json
  ? JSON.stringify({ machine, cores: navigator.hardwareConcurrency, rows, notes }, undefined, 2)
  : [table(rows), ...new Set(notes)].join("\n");
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
