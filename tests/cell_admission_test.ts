import assert from "node:assert/strict";
import {
  admitModule,
  type AdmittedModule,
  DEFAULT_MODULE_LIMITS,
  ModuleCache,
} from "../src/cell/mod.ts";
import { type ErrorCode, SoundproofError } from "../src/errors.ts";
import { assemble } from "./support/guests.ts";
import { measured, promise } from "./support/promises.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PAGES = 16;

function admit(bytes: Uint8Array): AdmittedModule {
  return admitModule(bytes, {
    functions: new Set(["granted"]),
    explain: () => 'needs the permission "http"',
    memoryBytes: PAGES * 65_536,
    limits: DEFAULT_MODULE_LIMITS,
  });
}

const cache = new ModuleCache({ maxBytes: 1 << 24, compileMs: 10_000 });

const leb = (value: number): number[] =>
  value < 128 ? [value] : [value % 128 + 128, ...leb(Math.floor(value / 128))];
const section = (id: number, ...content: number[]) => [id, ...leb(content.length), ...content];
const text = (value: string) => {
  const bytes = new TextEncoder().encode(value);
  return [...leb(bytes.length), ...bytes];
};
const raw = (...sections: number[][]): Bytes =>
  Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, ...sections.flat()]);
const VOID_TYPE = section(1, 1, 0x60, 0, 0);
const times = (count: number, ...bytes: number[]) =>
  Array.from({ length: count }, () => bytes).flat();
const importOf = (module: number[], name: number[]) =>
  raw(VOID_TYPE, section(2, 1, ...module, ...name, 0, 0));

interface Refused {
  readonly name: string;
  readonly module: string | Bytes;
  readonly code: ErrorCode;
  readonly says?: RegExp;
}

const user = (name: string, type = "(param i64) (result i64)") =>
  `(module (import "extism:host/user" "${name}" (func ${type})))`;
const env = (name: string, type: string) =>
  `(module (import "extism:host/env" "${name}" (func ${type})))`;
const wasi = (name: string, type: string) =>
  `(module (import "wasi_snapshot_preview1" "${name}" (func ${type})))`;

const IMPORTS: readonly Refused[] = [
  {
    name: "a host function that was not granted",
    module: user("http_send"),
    code: "module.import_refused",
    says: /"http_send".*permission "http"/,
  },
  { name: "an unknown kernel function", module: env("eval", ""), code: "module.import_refused" },
  { name: "a prototype's name", module: env("constructor", ""), code: "module.import_refused" },
  { name: "__proto__ of WASI", module: wasi("__proto__", ""), code: "module.import_refused" },
  { name: "an unknown WASI function", module: wasi("exec", ""), code: "module.import_refused" },
  {
    name: "an unknown module",
    module: `(module (import "env" "abort" (func)))`,
    code: "module.import_refused",
    says: /"env" "abort"/,
  },
  {
    name: "the host's module in another spelling",
    module: `(module (import "extism:host/user " "granted" (func)))`,
    code: "module.import_refused",
  },
  {
    name: "a granted function of a wrong type",
    module: user("granted", "(param i32) (result i32)"),
    code: "module.import_refused",
    says: /wrong type: it is i:i, wanted is j:j/,
  },
  {
    name: "a kernel function of a wrong type",
    module: env("alloc", "(param i32) (result i32)"),
    code: "module.import_refused",
  },
  {
    name: "a WASI function of a wrong type",
    module: wasi("fd_write", "(param i64 i64 i64 i64) (result i32)"),
    code: "module.import_refused",
  },
  {
    name: "a WASI function that returns a reference",
    module: wasi("sched_yield", "(result externref)"),
    code: "module.import_refused",
  },
  ...["memory 1", "table 1 funcref", "global i32"].map((kind) => ({
    name: `an imported ${kind}`,
    module: `(module (import "extism:host/env" "alloc" (${kind})))`,
    code: "module.import_refused" as const,
    says: /is not a function/,
  })),
];

promise(
  "An import that was not granted, or is of a wrong type, is refused by name",
  IMPORTS,
  refused,
);

const FEATURES: readonly Refused[] = [
  { name: "a shared memory", module: "(module (memory 1 2 shared))", code: "module.feature" },
  { name: "a 64-bit memory", module: "(module (memory i64 1))", code: "module.feature" },
  { name: "a page size of its own", module: raw(section(5, 1, 8, 1, 0)), code: "module.feature" },
  { name: "a struct type", module: raw(section(1, 1, 0x5f, 0)), code: "module.feature" },
  { name: "an array type", module: raw(section(1, 1, 0x5e, 0x7f, 0)), code: "module.feature" },
  {
    name: "a recursive group",
    module: raw(section(1, 1, 0x4e, 1, 0x60, 0, 0)),
    code: "module.feature",
  },
  { name: "a subtype", module: raw(section(1, 1, 0x50, 0, 0x60, 0, 0)), code: "module.feature" },
  {
    name: "exnref as a parameter",
    module: raw(section(1, 1, 0x60, 1, 0x69, 0)),
    code: "module.feature",
  },
  {
    name: "anyref as a result",
    module: raw(section(1, 1, 0x60, 0, 1, 0x6e)),
    code: "module.feature",
  },
  {
    name: "a typed reference",
    module: raw(section(1, 1, 0x60, 1, 0x63, 0, 0)),
    code: "module.feature",
  },
  { name: "a tag", module: "(module (tag))", code: "module.feature" },
  {
    name: "an exnref global",
    module: raw(section(6, 1, 0x69, 1, 0xd0, 0x69, 0x0b)),
    code: "module.feature",
  },
  {
    name: "an anyref global",
    module: raw(section(6, 1, 0x6e, 1, 0xd0, 0x6e, 0x0b)),
    code: "module.feature",
  },
  {
    name: "a global that begins with an object",
    module: raw(section(6, 1, 0x6f, 0, 0xfb, 0x1c, 0x0b)),
    code: "module.feature",
  },
  { name: "an exnref table", module: raw(section(4, 1, 0x69, 0, 1)), code: "module.feature" },
  { name: "an anyref table", module: raw(section(4, 1, 0x6e, 0, 1)), code: "module.feature" },
  { name: "a 64-bit table", module: raw(section(4, 1, 0x70, 4, 1)), code: "module.feature" },
  {
    name: "a table with an initial value",
    module: raw(section(4, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b)),
    code: "module.feature",
  },
  ...[14, 15, 99, 255].map((id) => ({
    name: `section ${id}`,
    module: raw([id, 1, 0]),
    code: "module.feature" as const,
  })),
];

promise("What is newer than WebAssembly 2.0 is refused", FEATURES, refused);

const over = (limit: keyof typeof DEFAULT_MODULE_LIMITS) => leb(DEFAULT_MODULE_LIMITS[limit] + 1);
const LIMITS: readonly Refused[] = [
  { name: "two memories", module: "(module (memory 1) (memory 1))", code: "module.limit" },
  { name: "a memory above the ceiling", module: "(module (memory 17))", code: "module.memory" },
  { name: "a memory of 4 GiB", module: "(module (memory 65536))", code: "module.memory" },
  { name: "a table of millions", module: "(module (table 5000000 funcref))", code: "module.limit" },
  {
    name: "nine tables",
    module: raw(section(4, 9, ...times(9, 0x70, 0, 1))),
    code: "module.limit",
  },
  { name: "too many types", module: raw(section(1, ...over("types"))), code: "module.limit" },
  { name: "too many imports", module: raw(section(2, ...over("imports"))), code: "module.limit" },
  {
    name: "too many functions",
    module: raw(section(3, ...over("functions"))),
    code: "module.limit",
  },
  { name: "too many globals", module: raw(section(6, ...over("globals"))), code: "module.limit" },
  { name: "too many exports", module: raw(section(7, ...over("exports"))), code: "module.limit" },
  { name: "too many elements", module: raw(section(9, ...over("segments"))), code: "module.limit" },
  { name: "too many data", module: raw(section(11, ...over("segments"))), code: "module.limit" },
  {
    name: "too many custom sections",
    module: raw(times(1_001, ...section(0, 1, 65))),
    code: "module.limit",
  },
  {
    name: "millions of elements in one segment",
    module: new Uint8Array([...raw([9, ...leb(3_000_000)]), ...new Uint8Array(3_000_000)]),
    code: "module.limit",
  },
  {
    name: "a module of 65 MiB",
    module: new Uint8Array(65 * 1024 * 1024),
    code: "module.too_large",
  },
];

promise("A module with too much of something is refused", LIMITS, refused);

const MALFORMED: readonly Refused[] = [
  { name: "nothing", module: new Uint8Array(), code: "module.malformed" },
  { name: "text", module: new TextEncoder().encode("(module)"), code: "module.malformed" },
  {
    name: "a component",
    module: Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0),
    code: "module.malformed",
  },
  { name: "two type sections", module: raw(VOID_TYPE, VOID_TYPE), code: "module.malformed" },
  {
    name: "two memory sections",
    module: raw(section(5, 1, 0, 1), section(5, 1, 0, 1)),
    code: "module.malformed",
  },
  {
    name: "sections out of order",
    module: raw(section(5, 1, 0, 1), VOID_TYPE),
    code: "module.malformed",
  },
  {
    name: "a number of six bytes",
    module: raw([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
    code: "module.malformed",
  },
  {
    name: "a number above 32 bits",
    module: raw([1, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    code: "module.malformed",
  },
  { name: "a section that passes the end", module: raw([1, 100, 0]), code: "module.malformed" },
  {
    name: "bytes after the types",
    module: raw(section(1, 1, 0x60, 0, 0, 0)),
    code: "module.malformed",
  },
  {
    name: "a function type of 2,000 values",
    module: raw(section(1, 1, 0x60, ...leb(2_000))),
    code: "module.malformed",
  },
  {
    name: "an import of no type",
    module: raw(section(2, 1, ...text("extism:host/env"), ...text("alloc"), 0, 0)),
    code: "module.malformed",
  },
  {
    name: "an export of no function",
    module: raw(section(7, 1, ...text("x"), 0, 0)),
    code: "module.malformed",
  },
  {
    name: "a name that is not UTF-8",
    module: importOf([2, 0xc3, 0x28], text("x")),
    code: "module.malformed",
  },
  {
    name: "a name of 600 bytes",
    module: importOf(text("m".repeat(600)), text("x")),
    code: "module.malformed",
  },
];

promise("Bytes that are no module are refused as malformed", MALFORMED, refused);

const NAMES = ["\x1b[31mred", "two\nlines", "\u202eright to left", "\0nul", "\u2028"];

promise(
  "A name's control characters do not reach the error's text",
  NAMES.flatMap((name) => [
    { name: `module ${JSON.stringify(name)}`, bytes: importOf(text(name), text("x")) },
    {
      name: `host function ${JSON.stringify(name)}`,
      bytes: importOf(text("extism:host/user"), text(name)),
    },
  ]),
  ({ bytes }) => {
    const { message } = refusalOf(bytes);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(message, /[\x00-\x1f\x7f-\x9f\u2028-\u202e]/);
  },
);

promise("A memory or table cannot grow beyond its ceiling, whatever it declares", [
  { name: "no maximum", memory: "1", most: PAGES },
  { name: "a maximum of 4 GiB", memory: "1 65536", most: PAGES },
  { name: "a maximum of its own below the ceiling", memory: "1 3", most: 3 },
  { name: "all of it at the start", memory: "16 16", most: PAGES },
], async ({ memory, most }) => {
  const module = await cache.compile(
    admit(assemble(`(module (memory (export "memory") ${memory}) (table 1 funcref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "table") (param i32) (result i32)
        (table.grow 0 (ref.null func) (local.get 0))))`)).bytes,
  );
  const { grow, table } = new WebAssembly.Instance(module).exports as Record<
    string,
    (by: number) => number
  >;
  const start = grow!(0);
  assert.equal(grow!(most - start + 1), -1);
  assert.equal(grow!(most - start), start);
  assert.equal(grow!(1), -1);
  assert.equal(table!(DEFAULT_MODULE_LIMITS.tableEntries), -1);
  assert.equal(table!(DEFAULT_MODULE_LIMITS.tableEntries - 1), 1);
});

const SMALL = assemble(`(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/user" "granted" (func (param i64) (result i64)))
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (memory (export "memory") 1) (table 2 funcref) (global (mut i64) (i64.const -5))
  (elem (i32.const 0) $run) (data (i32.const 8) "hello")
  (func $run (export "run") (param i32) (result i32)
    (i32.add (local.get 0) (i32.load8_u (i32.const 9)))))`);

promise(
  "A module cut short anywhere is refused with a code, or is whole without what is missing",
  Array.from({ length: SMALL.length }, (_, length) => ({ name: `${length} bytes`, length })),
  ({ length }) => refusedOrSame(SMALL.slice(0, length)),
);

Deno.test("Whatever admission admits, the engine compiles with the same imports and exports, or refuses as malformed [6000 cases]", async () => {
  let admitted = 0;
  const next = randomNumbers(20_260_101);
  for (let i = 0; i < 6_000; i++) {
    const bytes = i % 10 === 0 ? new Uint8Array(next(200)) : SMALL.slice();
    if (i % 10 === 0) bytes.forEach((_, at) => bytes[at] = at < 8 ? SMALL[at]! : next(256));
    else for (let n = next(4); n >= 0; n--) bytes[8 + next(bytes.length - 8)] = next(256);
    if (await refusedOrSame(bytes)) admitted++;
  }
  measured(`${admitted} of 6000 mutants were admitted and compiled`);
  assert.ok(admitted > 100, "the mutants are too wild to say anything");
});

Deno.test("A rewritten module runs as before", async () => {
  const module = await cache.compile(admit(SMALL).bytes);
  const nothing = () => 0n;
  const { run } = new WebAssembly.Instance(module, {
    "extism:host/env": { alloc: nothing },
    "extism:host/user": { granted: nothing },
    wasi_snapshot_preview1: { sched_yield: () => 0 },
  }).exports as Record<string, (n: number) => number>;
  assert.equal(run!(1), 102);
});

const GUESTS = ["go_agent", "rust_agent"].flatMap((name) => {
  try {
    return [{ name, bytes: Deno.readFileSync(`tests/guests/dist/${name}.wasm`) }];
  } catch {
    return []; // built only where the toolchain is
  }
});

promise("A real guest is changed in nothing but its limits", GUESTS, ({ bytes }) => {
  const module = new WebAssembly.Module(bytes);
  const functions = new Set(
    WebAssembly.Module.imports(module)
      .filter((i) => i.module === "extism:host/user").map((i) => i.name),
  );
  const admitted = admitModule(bytes, {
    functions,
    explain: () => "was not granted",
    memoryBytes: 1 << 28,
    limits: DEFAULT_MODULE_LIMITS,
  });
  assert.deepEqual(
    [...sections(admitted.bytes)].filter(unlimited),
    [...sections(bytes)].filter(unlimited),
  );
  const compiled = new WebAssembly.Module(admitted.bytes);
  assert.deepEqual(WebAssembly.Module.imports(compiled), WebAssembly.Module.imports(module));
  assert.deepEqual(WebAssembly.Module.exports(compiled), WebAssembly.Module.exports(module));
});

Deno.test("Admission of the worst module takes no more than moments and little memory", () => {
  const values = [...leb(1_000), ...times(1_000, 0x7f)];
  const types = section(1, ...leb(30), ...times(30, 0x60, ...values, ...values));
  const worst = new Uint8Array([...raw(types), ...new Uint8Array(1)]);
  const from = performance.now();
  for (let i = 0; i < 10; i++) refusalOf(worst);
  const tookMs = (performance.now() - from) / 10;
  measured(`a type section of 60,000 values: ${tookMs.toFixed(0)} ms`);
  assert.ok(tookMs < 2_000);
});

function refusalOf(bytes: Uint8Array): SoundproofError {
  try {
    admit(bytes);
  } catch (thrown) {
    assert.ok(thrown instanceof SoundproofError, String(thrown));
    return thrown;
  }
  throw new Error("it was admitted");
}

async function refused({ module, code, says }: Refused): Promise<void> {
  const bytes = typeof module === "string" ? assemble(module) : module;
  const refusal = refusalOf(bytes);
  assert.equal(refusal.code, code, refusal.message);
  assert.match(refusal.message, /^Cannot admit module: /);
  if (says !== undefined) assert.match(refusal.message, says);
  await Promise.resolve();
}

/** True where the module was admitted and compiled; the two views of it must then be one. */
async function refusedOrSame(bytes: Bytes): Promise<boolean> {
  try {
    const admitted = admit(bytes);
    const compiled = await cache.compile(admitted.bytes);
    const original = compile(bytes);
    const exported = WebAssembly.Module.exports(compiled);
    assert.deepEqual(
      [...admitted.exports.keys()],
      exported.filter(({ kind }) => kind === "function").map(({ name }) => name),
    );
    const asked = WebAssembly.Module.imports(compiled)
      .filter(({ module }) => module === "extism:host/user").map(({ name }) => name);
    assert.deepEqual(admitted.functions, [...new Set(asked)].sort());
    // A maximum beyond what a memory can have is mended by the ceiling; then there is no original.
    if (original !== undefined) {
      assert.deepEqual(WebAssembly.Module.imports(original), WebAssembly.Module.imports(compiled));
      assert.deepEqual(WebAssembly.Module.exports(original), exported);
    }
    return true;
  } catch (thrown) {
    assert.ok(
      thrown instanceof SoundproofError && thrown.code.startsWith("module."),
      String(thrown),
    );
    return false;
  }
}

function compile(bytes: Bytes): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return undefined;
  }
}

function* sections(bytes: Uint8Array): Generator<{ id: number; content: Uint8Array }> {
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++]!;
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++]!;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    yield { id, content: bytes.subarray(at, at += size) };
  }
}

/** Not the sections of tables and memories. */
function unlimited({ id }: { id: number }): boolean {
  return id !== 4 && id !== 5;
}

/** Numbers below a bound, the same ones in every run (mulberry32). */
function randomNumbers(seed: number): (bound: number) => number {
  return (bound) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * bound);
  };
}
