/**
 * Wall 1: decides from its bytes whether a module may be compiled at all, and rewrites the ceilings of
 * its memory and tables into it.
 *
 * Admitted is a module of the WebAssembly 2.0 set (what Navidrome's engine runs) that imports functions
 * only: WASI preview 1, host functions that were granted and, where it is an Extism module, the kernel. Everything newer is
 * refused, garbage-collected objects and exceptions above all: they live on the JavaScript heap, and a
 * worker that exhausts its heap takes the whole process down. Function bodies are not read: what of it can
 * be written there without a type, tag, table or global (a `catch_all` around an import) holds no more
 * than the stack does, and the interruption at the deadline cannot be caught.
 *
 * @module
 */

import { ENV_FUNCTIONS, USER_FUNCTION } from "./abi/extism.ts";
import { ENV_FUNCTION, ENV_MODULE, EXPORT_TYPES } from "./abi/go_plugin.ts";
import type { Abi, Signature } from "./abi/guest_abi.ts";
import type { ModuleLimits } from "./limits.ts";
import {
  type FunctionType,
  readGlobal,
  readSize,
  readType,
  refusal,
  VALUE_TYPES,
} from "./module_parts.ts";
import { visibleLine } from "./protocol.ts";
import { WASI_FUNCTIONS } from "./wasi.ts";
import { encodeU32, MalformedModule, WasmReader } from "./wasm_reader.ts";

/** What admission needs to know of the plugin. */
export interface AdmissionPolicy {
  /** The ABI it will be called by; Extism's unless given. The modules of the other do not exist. */
  readonly abi?: Abi;
  /** Host functions of granted permissions. */
  readonly functions: ReadonlySet<string>;
  /** Completes "host function X …" for one that is not granted, such as `needs the permission "http"`. */
  explain(name: string): string;
  /** Ceiling of the guest's memory. */
  readonly memoryBytes: number;
  readonly limits: ModuleLimits;
}

/** A module that may be compiled. */
export interface AdmittedModule {
  /** The module with its ceilings written in; compile these bytes and no others. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Host functions it imports, in the order of their names. */
  readonly functions: readonly string[];
  /** Functions it exports. */
  readonly exports: ReadonlyMap<string, FunctionType>;
}

const PAGE_BYTES = 65_536;
const SECTION_NAMES = [
  ...["custom", "type", "import", "function", "table", "memory", "global", "export", "start"],
  ...["element", "code", "data", "data count"],
];
/** The order in which sections stand; custom ones (0) may stand anywhere. */
const SECTION_ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
/** Sections whose content is bytes and not a list. */
const RAW_SECTIONS: ReadonlySet<string> = new Set(["custom", "code", "data"]);
const FUNCTION_KIND = 0;
/** Characters of a name that are shown. */
const SHOWN_LENGTH = 100;

/**
 * Admits a module, or throws a `SoundproofError` with a code of `module.*` that says why not.
 * Takes one pass over the section headers, whatever the module's size.
 */
export function admitModule(bytes: Uint8Array, policy: AdmissionPolicy): AdmittedModule {
  if (bytes.byteLength > policy.limits.moduleBytes) {
    throw refusal(
      "module.too_large",
      `size is ${bytes.byteLength} bytes, max size is ${policy.limits.moduleBytes}`,
    );
  }
  try {
    return new Admission(bytes, policy).run();
  } catch (thrown) {
    if (thrown instanceof MalformedModule) throw refusal("module.malformed", thrown.message);
    throw thrown;
  }
}

class Admission {
  readonly #bytes: Uint8Array;
  readonly #policy: AdmissionPolicy;
  readonly #types: FunctionType[] = [];
  /** Type index of every function, imported ones first. */
  readonly #functions: number[] = [];
  readonly #hostFunctions = new Set<string>();
  readonly #exported: { name: string; index: number }[] = [];
  #memories = 0;
  #sections = 0;
  /** Place of the last section in {@link SECTION_ORDER}. */
  #place = -1;

  constructor(bytes: Uint8Array, policy: AdmissionPolicy) {
    this.#bytes = bytes;
    this.#policy = policy;
  }

  run(): AdmittedModule {
    const reader = new WasmReader(this.#bytes);
    const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    if (header.some((expected) => reader.done || reader.byte() !== expected)) {
      throw new MalformedModule("it does not begin as a WebAssembly module of version 1");
    }
    const parts: Uint8Array[] = [];
    let kept = 0;
    while (!reader.done) {
      const from = reader.position;
      const id = reader.byte();
      const length = reader.u32();
      const section = reader.take(length);
      this.#expect(id, length);
      const rewritten = this.#section(id, section);
      if (rewritten === undefined) continue;
      parts.push(
        this.#bytes.subarray(kept, from),
        Uint8Array.of(id, ...encodeU32(rewritten.length), ...rewritten),
      );
      kept = reader.position;
    }
    parts.push(this.#bytes.subarray(kept));
    return {
      bytes: concatenate(parts),
      functions: [...this.#hostFunctions].sort(),
      exports: this.#exports(),
    };
  }

  /** Refuses a section that has no place here, whatever is in it. */
  #expect(id: number, length: number): void {
    const { sections, sectionBytes } = this.#policy.limits;
    const name = SECTION_NAMES[id];
    if (name === undefined) {
      throw refusal("module.feature", `section ${id} is not of WebAssembly 2.0`);
    }
    if (++this.#sections > sections) {
      throw refusal("module.limit", `too many sections: max count is ${sections}`);
    }
    if (length > sectionBytes && !RAW_SECTIONS.has(name)) {
      throw refusal(
        "module.limit",
        `its ${name} section is too large: size is ${length}, max size is ${sectionBytes}`,
      );
    }
    if (name === "custom") return;
    const place = SECTION_ORDER.indexOf(id);
    if (place <= this.#place) throw new MalformedModule(`its ${name} section is out of order`);
    this.#place = place;
  }

  /** Reads a section; returns its new content where that is not the old one. */
  #section(id: number, section: WasmReader): number[] | undefined {
    const { limits } = this.#policy;
    switch (SECTION_NAMES[id]) {
      case "type":
        return this.#vector(
          section,
          "types",
          limits.types,
          () => this.#types.push(readType(section)),
        );
      case "import":
        return this.#vector(section, "imports", limits.imports, () => this.#import(section));
      case "function":
        return this.#vector(
          section,
          "functions",
          limits.functions,
          () => this.#functions.push(section.u32()),
        );
      case "export":
        return this.#vector(section, "exports", limits.exports, () => this.#export(section));
      case "global":
        return this.#vector(section, "globals", limits.globals, () => readGlobal(section));
      case "element":
      case "data":
        return this.#count(section, "segments", limits.segments);
      case "table":
        return this.#rewrite(section, "tables", limits.tables, () => this.#table(section));
      case "memory":
        return this.#rewrite(section, "memories", 1, () => this.#memory(section));
      default:
        return undefined;
    }
  }

  #count(section: WasmReader, what: string, limit: number): undefined {
    const count = section.done ? 0 : section.u32();
    if (count > limit) {
      throw refusal("module.limit", `too many ${what}: count is ${count}, max count is ${limit}`);
    }
  }

  #vector(section: WasmReader, what: string, limit: number, each: () => unknown): undefined {
    this.#rewrite(section, what, limit, () => (each(), []));
  }

  #rewrite(section: WasmReader, what: string, limit: number, each: () => number[]): number[] {
    const count = section.u32();
    if (count > limit) {
      throw refusal("module.limit", `too many ${what}: count is ${count}, max count is ${limit}`);
    }
    const content = encodeU32(count);
    for (let i = 0; i < count; i++) content.push(...each());
    if (!section.done) throw new MalformedModule(`bytes are left over after its ${what}`);
    return content;
  }

  #import(section: WasmReader): void {
    const { nameBytes } = this.#policy.limits;
    const module = section.name(nameBytes);
    const name = section.name(nameBytes);
    const kind = section.byte();
    const shown = `"${visibleLine(module, SHOWN_LENGTH)}" "${visibleLine(name, SHOWN_LENGTH)}"`;
    if (kind !== FUNCTION_KIND) {
      throw refusal("module.import_refused", `import ${shown} is not a function`);
    }
    const type = section.u32();
    this.#functions.push(type);
    const wanted = this.#importType(module, name, shown);
    const { parameters, results } = this.#typeAt(type);
    if (wanted !== `${parameters}:${results}`) {
      throw refusal(
        "module.import_refused",
        `import ${shown} has the wrong type: it is ${parameters}:${results}, wanted is ${wanted}`,
      );
    }
  }

  /** The type that an import must have. */
  #importType(module: string, name: string, shown: string): string {
    const { abi = "extism" } = this.#policy;
    switch (module) {
      case "wasi_snapshot_preview1":
        return known(WASI_FUNCTIONS, name, `${shown} is no function of WASI preview 1`);
      case "extism:host/env":
        if (abi !== "extism") break;
        return known(ENV_FUNCTIONS, name, `${shown} is no function of the Extism kernel`);
      case "extism:host/user":
        if (abi !== "extism") break;
        return this.#granted(name, USER_FUNCTION);
      case ENV_MODULE:
        if (abi !== "go_plugin") break;
        return this.#granted(name, ENV_FUNCTION);
    }
    throw refusal(
      "module.import_refused",
      `import ${shown} is of a module that does not exist here`,
    );
  }

  /** The type of a host function, if it was granted. */
  #granted(name: string, type: Signature): string {
    if (this.#policy.functions.has(name)) {
      this.#hostFunctions.add(name);
      return type;
    }
    throw refusal(
      "module.import_refused",
      `host function "${visibleLine(name, SHOWN_LENGTH)}" ${this.#policy.explain(name)}`,
    );
  }

  #export(section: WasmReader): void {
    const name = section.name(this.#policy.limits.nameBytes);
    const kind = section.byte();
    const index = section.u32();
    if (kind === FUNCTION_KIND) this.#exported.push({ name, index });
  }

  #exports(): ReadonlyMap<string, FunctionType> {
    return new Map(this.#exported.map(({ name, index }) => {
      const type = this.#functions[index];
      if (type === undefined) throw new MalformedModule("an export names no function");
      return [name, this.#checkedExport(name, this.#typeAt(type))];
    }));
  }

  /** Refuses an export that the ABI would call with what it does not take. */
  #checkedExport(name: string, type: FunctionType): FunctionType {
    const wanted = this.#policy.abi === "go_plugin" ? EXPORT_TYPES.get(name) : undefined;
    const found = `${type.parameters}:${type.results}`;
    if (wanted === undefined || wanted === found) return type;
    const state = `invalid ${name} signature: it is ${found}, wanted is ${wanted}`;
    throw refusal("module.export_refused", state);
  }

  #typeAt(index: number): FunctionType {
    const type = this.#types[index];
    if (type === undefined) throw new MalformedModule(`it has no type ${index}`);
    return type;
  }

  #table(section: WasmReader): number[] {
    const element = section.byte();
    const type = VALUE_TYPES[element];
    if (type !== "p" && type !== "e") {
      throw refusal("module.feature", "a table is not one of WebAssembly 2.0");
    }
    const { minimum, maximum } = readSize(section, "table");
    const ceiling = this.#policy.limits.tableEntries;
    if (minimum > ceiling) {
      throw refusal(
        "module.limit",
        `a table is too large: size is ${minimum}, max size is ${ceiling}`,
      );
    }
    return [element, 1, ...encodeU32(minimum), ...encodeU32(Math.min(maximum, ceiling))];
  }

  #memory(section: WasmReader): number[] {
    this.#memories++;
    if (this.#memories > 1) throw refusal("module.limit", "it has more than one memory");
    const { minimum, maximum } = readSize(section, "memory");
    const ceiling = Math.floor(this.#policy.memoryBytes / PAGE_BYTES);
    if (minimum > ceiling) {
      throw refusal(
        "module.memory",
        `its memory starts with ${minimum} pages, max is ${ceiling} pages of 64 KiB`,
      );
    }
    return [1, ...encodeU32(minimum), ...encodeU32(Math.min(maximum, ceiling))];
  }
}

function known(functions: Readonly<Record<string, string>>, name: string, state: string): string {
  const type = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (type === undefined) throw refusal("module.import_refused", `import ${state}`);
  return type;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
