import { CellPool, DEFAULT_CELL_LIMITS } from "../cell/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import type { Decision } from "../grants/mod.ts";
import { PluginHost } from "../host/mod.ts";
import { broken, type Finding, fine, look, type Seen } from "./finding.ts";
import { probeFolder } from "./probe_folder.ts";
import { DECLARED, layPackage, type ProbePlugin, PROBES, UNDECLARED } from "./probe_plugins.ts";

const MIB = 1024 * 1024;
/** What the probe's loop gets, and how late it may be stopped on a busy machine. Milliseconds. */
const DEADLINE_MS = 200;
const LATE_MS = 2_000;
/** What the probe's memory may grow to. */
const MEMORY_BYTES = 16 * MIB;
const PAGE_BYTES = 65_536;

/** How walls are probed; a test takes one down by it. */
export interface WallProbe {
  readonly plugins: Readonly<Record<"probe" | "asker", ProbePlugin>>;
  readonly decision: Decision;
  readonly memoryBytes: number;
  readonly deadlineMs: number;
  /** What runs in the place of a cell's worker, and of the gate's. */
  readonly cellWorker: URL;
  readonly gateWorker: URL;
}

/** The probe of walls that stand. */
export const WALLS: WallProbe = {
  plugins: PROBES,
  decision: {},
  memoryBytes: MEMORY_BYTES,
  deadlineMs: DEADLINE_MS,
  cellWorker: new URL("./cell_probe.ts", import.meta.url),
  gateWorker: new URL("./gate_probe.ts", import.meta.url),
};

/** Probes each wall with plugins of a host of its own, in a folder in the data folder that is gone afterwards. */
export async function checkWalls(
  dataDir: string,
  probe: WallProbe = WALLS,
): Promise<Finding[]> {
  using rules = probeFolder(dataDir);
  using bare = probeFolder(dataDir);
  using listener = countingListener();
  return [
    ...await withHost(rules.path, probe, undefined, async (host, asked) => [
      await look("wall 1: imports", () => importRefused(host)),
      await look("wall 2: deadline", () => loopStopped(host, probe)),
      await look("wall 2: memory", () => memoryCapped(host)),
      await look("wall 2: cell", () => cellHasNothing(probe)),
      await look("wall 3: gate", () => undeclaredRefused(host, listener, asked)),
      await look("wall 4: gateway", () => loopbackRefused(host, listener, asked)),
    ]),
    ...await withHost(bare.path, probe, probe.gateWorker, async (host) => [
      await look("wall 3: Deno", () => denoRefuses(host, listener)),
    ]),
  ];
}

interface Listener extends Disposable {
  readonly port: number;
  readonly connections: number;
}

/** Opens a host on the probe plugins, whose names all resolve to loopback, and never further. */
async function withHost(
  dataDir: string,
  { plugins, decision, memoryBytes }: WallProbe,
  gateWorker: URL | undefined,
  use: (host: PluginHost, asked: readonly string[]) => Promise<Finding[]>,
): Promise<Finding[]> {
  for (const [id, plugin] of Object.entries(plugins)) layPackage(dataDir, id, plugin);
  const asked: string[] = [];
  const resolve = (name: string) => {
    asked.push(name);
    return Promise.resolve(["127.0.0.1"]);
  };
  try {
    await using host = await PluginHost.open({
      dataDir,
      limits: { cell: { memoryBytes } },
      network: { resolver: { resolve }, ...(gateWorker !== undefined && { gateWorker }) },
    });
    await host.enable("probe", decision);
    return await use(host, asked);
  } catch (thrown) {
    return [{ check: "walls", ...broken(`cannot be probed: ${errorText(thrown)}`) }];
  }
}

async function importRefused(host: PluginHost): Promise<Seen> {
  const error = await refusalOf(host.enable("asker"));
  return error?.code === "module.import_refused" && /"kvstore"/.test(error.message)
    ? fine(`an import without its permission is refused: ${error.message}`)
    : broken(`an import without its permission was not refused by its name: ${said(error)}`);
}

async function loopStopped(host: PluginHost, { deadlineMs }: WallProbe): Promise<Seen> {
  const before = performance.now();
  const error = await refusalOf(call(host, "loop", deadlineMs));
  const tookMs = Math.round(performance.now() - before);
  return error?.code === "guest.deadline" && tookMs < DEADLINE_MS + LATE_MS
    ? fine(`an endless loop of ${DEADLINE_MS} ms was stopped after ${tookMs} ms`)
    : broken(`an endless loop was not stopped in time: ${said(error)} after ${tookMs} ms`);
}

async function memoryCapped(host: PluginHost): Promise<Seen> {
  const output = await call(host, "grow", 10_000);
  const bytes = new DataView(output.buffer, output.byteOffset).getUint32(0, true) * PAGE_BYTES;
  const saw = `a guest that takes all it is given got ${bytes / MIB} MiB of ${MEMORY_BYTES / MIB}`;
  return bytes <= MEMORY_BYTES ? fine(saw) : broken(saw);
}

/** Starts a cell as any plugin's, and asks Deno in it. */
async function cellHasNothing({ cellWorker }: WallProbe): Promise<Seen> {
  const pool = new CellPool({
    module: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
    functions: [],
    config: new Map(),
    logLevel: "error",
    limits: DEFAULT_CELL_LIMITS,
    handle: () => new Uint8Array(),
    script: cellWorker,
  });
  try {
    const { outcome } = await pool.call("any", new Uint8Array(), { timeoutMs: 10_000 });
    if (outcome.kind !== "returned") return broken(`a cell did not answer: ${outcome.kind}`);
    const held = new TextDecoder().decode(outcome.output);
    return held === ""
      ? fine("a cell has no permission: Deno says so of each, in the cell")
      : broken(`a cell has permissions: ${held}`);
  } finally {
    pool.close();
  }
}

async function undeclaredRefused(
  host: PluginHost,
  listener: Listener,
  asked: readonly string[],
): Promise<Seen> {
  const before = listener.connections;
  const error = await refusalOf(get(host, UNDECLARED, listener));
  const seen = `${listener.connections - before} connections, ${asked.length} names looked up`;
  const isRefused = host.refusals.get("egress.url_not_allowed") === 1 && asked.length === 0;
  return isRefused && error !== undefined && listener.connections === before
    ? fine(`a host that is not declared is refused by the gate: ${seen}`)
    : broken(`a host that is not declared was not refused by the gate: ${said(error)}; ${seen}`);
}

async function denoRefuses(host: PluginHost, listener: Listener): Promise<Seen> {
  const before = listener.connections;
  const error = await refusalOf(get(host, "127.0.0.1", listener));
  const isRefused = /egress\.url_not_allowed/.test(error?.message ?? "");
  return isRefused && listener.connections === before
    ? fine("a gate without its rules is refused by Deno what is not declared")
    : broken(
      `Deno did not refuse a gate without its rules: ${said(error)}; ${
        listener.connections - before
      } connections`,
    );
}

async function loopbackRefused(
  host: PluginHost,
  listener: Listener,
  asked: readonly string[],
): Promise<Seen> {
  const before = listener.connections;
  const error = await refusalOf(get(host, DECLARED, listener));
  const count = listener.connections - before;
  const isRefused = host.refusals.get("egress.address_refused") !== undefined;
  return isRefused && error !== undefined && count === 0 && asked.includes(DECLARED)
    ? fine("a declared name that leads to loopback is refused by the gateway: 0 connections")
    : broken(`a name that leads to loopback was not refused: ${said(error)}; ${count} connections`);
}

function call(host: PluginHost, name: string, timeoutMs: number, input = ""): Promise<Uint8Array> {
  return host.plugin("probe").call(name, new TextEncoder().encode(input), { timeoutMs });
}

function get(host: PluginHost, hostname: string, { port }: Listener): Promise<Uint8Array> {
  const url = `http://${hostname}:${port}/`;
  return call(host, "get", 10_000, JSON.stringify({ url, method: "GET" }));
}

async function refusalOf(work: Promise<unknown>): Promise<SoundproofError | undefined> {
  try {
    await work;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SoundproofError) return thrown;
    throw thrown;
  }
}

function said(error: SoundproofError | undefined): string {
  return error === undefined ? "it was done" : `${error.code}: ${error.message}`;
}

/** Listens on a port of loopback, and counts who comes. */
function countingListener(): Listener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })().catch(() => {}); // closed
  return {
    port: listener.addr.port,
    get connections() {
      return connections;
    },
    [Symbol.dispose]: () => listener.close(),
  };
}
