/**
 * The peer of the benchmarks: wazero, Navidrome's engine, on the same `.wasm`; the program is in `wazero/`.
 *
 * Needs `--allow-run=go` and nothing else: the program reads the guest itself.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { GO_ENV, missingGo, mustRun, run } from "../guests/toolchain.ts";

/** What the peer is to run. */
export interface PeerRequest {
  /** Path of the guest. */
  readonly wasm: string;
  /** The export to call. */
  readonly export: string;
  /** Input of the call, as text; in hex for the older ABI. */
  readonly input: string;
  /** Whether the guest is of the ABI of Navidrome 0.57 to 0.59. */
  readonly goPlugin?: boolean;
  /** The plugin's settings. */
  readonly config: Readonly<Record<string, string>>;
  /** How many fresh instances to time. */
  readonly iterations: number;
}

/** From a file to a guest that can be called; medians. */
export interface PeerLoad {
  /** The compiler alone. */
  readonly compileMs: number;
  /** File read, runtime made, compiled, first instance made and initialised. */
  readonly readyMs: number;
}

/** One step over all iterations. */
export interface PeerSpread {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** What the peer measured: the engine alone, with nothing of Navidrome or Extism around it. */
export interface PeerResult {
  /** Version of Go that built it, such as `go1.26.8`. */
  readonly go: string;
  readonly wasmBytes: number;
  /** What the last call answered. */
  readonly output: string;
  /** Nothing cached. */
  readonly cold: PeerLoad;
  /** With wazero's cache on disk filled. */
  readonly warm: PeerLoad;
  /** A fresh instance for each call; the total is its three steps, without closing it. */
  readonly fresh: Readonly<Record<"instantiate" | "initialise" | "call" | "total", PeerSpread>>;
  /** One host call, answered from memory, the guest's part included; absent where the guest makes none. */
  readonly hostCallUs?: number;
}

/** The peer's result, or why this machine cannot have it. */
export type Peer = { readonly result: PeerResult } | { readonly skipped: string };

/**
 * Builds and runs the peer.
 *
 * @throws {Error} with the program's text where it does not build, or the guest's call fails
 */
export async function runPeer(request: PeerRequest): Promise<Peer> {
  const missing = await missingGo(25);
  if (missing !== undefined) return { skipped: `The peer is not run: ${missing}` };
  const at = { cwd: fileURLToPath(new URL("wazero/", import.meta.url)), env: GO_ENV };
  const fetched = await run("go", ["mod", "download"], at);
  if (!fetched?.success) {
    const why = `its Go modules cannot be fetched: ${fetched?.stderr.trim()}`;
    return { skipped: `The peer is not run: ${why}` };
  }
  const stdout = await mustRun("go", [
    "run",
    "-mod=readonly",
    ".",
    `-wasm=${request.wasm}`,
    `-export=${request.export}`,
    `-input=${request.input}`,
    `-config=${JSON.stringify(request.config)}`,
    `-iterations=${request.iterations}`,
    `-go-plugin=${request.goPlugin ?? false}`,
  ], at);
  return { result: parseResult(JSON.parse(stdout)) };
}

function parseResult(value: unknown): PeerResult {
  const report = new Fields(value);
  const fresh = report.object("fresh");
  const result = {
    go: report.text("go"),
    wasmBytes: report.number("wasmBytes"),
    output: report.text("output"),
    cold: loadOf(report.object("cold")),
    warm: loadOf(report.object("warm")),
    fresh: {
      instantiate: spreadOf(fresh.object("instantiate")),
      initialise: spreadOf(fresh.object("initialise")),
      call: spreadOf(fresh.object("call")),
      total: spreadOf(fresh.object("total")),
    },
  };
  return report.has("hostCallUs") ? { ...result, hostCallUs: report.number("hostCallUs") } : result;
}

function loadOf(fields: Fields): PeerLoad {
  return { compileMs: fields.number("compileMs"), readyMs: fields.number("readyMs") };
}

function spreadOf(fields: Fields): PeerSpread {
  return { medianMs: fields.number("medianMs"), p99Ms: fields.number("p99Ms") };
}

/** The fields of an object of JSON, each read as the type that is wanted. */
class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    this.#fields = new Map(Object.entries(value ?? {}));
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  number(name: string): number {
    const value = this.#fields.get(name);
    if (typeof value === "number") return value;
    throw new Error(`Cannot read the peer's report: "${name}" is no number`);
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (typeof value === "string") return value;
    throw new Error(`Cannot read the peer's report: "${name}" is no text`);
  }

  object(name: string): Fields {
    return new Fields(this.#fields.get(name));
  }
}
