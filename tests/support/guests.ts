/**
 * Guests for tests, written as WebAssembly text and run as a plugin's would be, without a host room.
 *
 * @module
 */

import loadWabt from "wabt";
import {
  admitModule,
  type CallResult,
  CellPool,
  type CellProgram,
  DEFAULT_CELL_LIMITS,
  DEFAULT_MODULE_LIMITS,
  DEFAULT_POOL_LIMITS,
  ModuleCache,
  type PoolLimits,
} from "../../src/cell/mod.ts";

const wabt = await loadWabt();
const modules = new ModuleCache({ maxBytes: 1 << 28, compileMs: 10_000 });

/** Everything that a text can say, so that admission is what refuses it. */
const FEATURES = {
  exceptions: true,
  function_references: true,
  gc: true,
  memory64: true,
  multi_memory: true,
  threads: true,
};

/** Assembles WebAssembly text. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("guest.wat", text, FEATURES);
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** What a test can say of the guest's surroundings. */
export interface GuestOptions extends Partial<Omit<CellProgram, "module" | "limits">> {
  readonly limits?: Partial<CellProgram["limits"]>;
  readonly pool?: Partial<PoolLimits>;
}

/** A pool of cells that run one module; closed at the end of its block. */
export class GuestUnderTest implements Disposable {
  readonly pool: CellPool;

  private constructor(pool: CellPool) {
    this.pool = pool;
  }

  /** Admits and compiles a module, text or bytes, and makes a pool for it. */
  static async start(
    source: string | Uint8Array,
    options: GuestOptions = {},
  ): Promise<GuestUnderTest> {
    const limits = { ...DEFAULT_CELL_LIMITS, ...options.limits };
    const admitted = admitModule(typeof source === "string" ? assemble(source) : source, {
      ...(options.abi !== undefined && { abi: options.abi }),
      functions: new Set(options.functions),
      explain: () => "was not granted",
      memoryBytes: limits.memoryBytes,
      limits: DEFAULT_MODULE_LIMITS,
    });
    return new GuestUnderTest(
      new CellPool({
        functions: [],
        config: new Map(),
        logLevel: "info",
        handle: () => {
          throw new Error("no host function was expected");
        },
        ...options,
        limits,
        module: await modules.compile(admitted.bytes),
      }, { ...DEFAULT_POOL_LIMITS, ...options.pool }),
    );
  }

  /** Calls an export with text or bytes. */
  call(name: string, input: string | Uint8Array = "", timeoutMs = 5_000): Promise<CallResult> {
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    return this.pool.call(name, bytes, { timeoutMs });
  }

  [Symbol.dispose](): void {
    this.pool.close();
  }
}
