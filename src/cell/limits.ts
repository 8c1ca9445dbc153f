/**
 * The ceilings of one cell, all of them hard.
 *
 * @module
 */

const MIB = 1024 * 1024;

/** What a guest, and the cell around it, may use at most. Sizes in bytes, times in milliseconds. */
export interface CellLimits {
  /** Wall-clock time of one call, instantiation and initialiser included. */
  readonly callTimeoutMs: number;
  /** The guest's own linear memory; a module that declares more at its start is not admitted. */
  readonly memoryBytes: number;
  /** Extism kernel memory: everything the guest allocates to talk to the host. */
  readonly kernelBytes: number;
  /** Extism variables, counted as upstream does; they live for one call. */
  readonly variableBytes: number;
  /** One host call's request, and its response. */
  readonly hostCallBytes: number;
  /** Log lines of one call; later ones are counted and dropped. */
  readonly logLines: number;
  /** One log line; the rest of a longer one is cut. */
  readonly logLineBytes: number;
  /** Instances an idle cell makes ahead of their call: 1, or 0 where memory is dearer than time. */
  readonly preparedInstances: number;
}

/** The ceilings that hold where nothing else is configured. */
export const DEFAULT_CELL_LIMITS: CellLimits = Object.freeze({
  callTimeoutMs: 30_000,
  memoryBytes: 256 * MIB,
  kernelBytes: 64 * MIB,
  variableBytes: MIB,
  hostCallBytes: 64 * MIB,
  logLines: 1_000,
  logLineBytes: 4_096,
  preparedInstances: 1,
});

/** Bounds on what a `.wasm` may look like before it is compiled. Counts, and bytes. */
export interface ModuleLimits {
  /** Size of the file. */
  readonly moduleBytes: number;
  /** Sections, custom ones included. */
  readonly sections: number;
  /** Bytes of one section that is not code, data or custom: what it lists lives on the JavaScript heap. */
  readonly sectionBytes: number;
  /** Function types. */
  readonly types: number;
  /** Imports. */
  readonly imports: number;
  /** Functions of its own. */
  readonly functions: number;
  /** Exports. */
  readonly exports: number;
  /** Globals. */
  readonly globals: number;
  /** Data segments, and element segments. */
  readonly segments: number;
  /** Tables. */
  readonly tables: number;
  /** Entries of one table, at its start and for ever: a table lives on the JavaScript heap. */
  readonly tableEntries: number;
  /** Bytes of one import or export name. */
  readonly nameBytes: number;
  /** Time that compiling may take, in milliseconds. */
  readonly compileMs: number;
}

/**
 * The bounds on modules. Real plugins have at most 10,000 functions (standard Go) and 30 MB (Python).
 */
export const DEFAULT_MODULE_LIMITS: ModuleLimits = Object.freeze({
  moduleBytes: 64 * MIB,
  sections: 1_000,
  sectionBytes: MIB,
  types: 10_000,
  imports: 1_000,
  functions: 100_000,
  exports: 10_000,
  globals: 10_000,
  segments: 100_000,
  tables: 8,
  tableEntries: 131_072,
  nameBytes: 512,
  compileMs: 10_000,
});
