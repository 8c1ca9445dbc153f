/**
 * The parts of a module that admission reads value by value: types, globals, sizes.
 *
 * @module
 */

import { type ErrorCode, SoundproofError } from "../errors.ts";
import { MalformedModule, type WasmReader } from "./wasm_reader.ts";

/** Type of a function, as letters: `i` i32, `j` i64, `f` f32, `d` f64, `v` v128, `p` and `e` references. */
export interface FunctionType {
  readonly parameters: string;
  readonly results: string;
}

/** Letters of the value types that WebAssembly 2.0 has, by their codes. */
export const VALUE_TYPES: Readonly<Record<number, string>> = {
  0x7f: "i",
  0x7e: "j",
  0x7d: "f",
  0x7c: "d",
  0x7b: "v",
  0x70: "p",
  0x6f: "e",
};
/** An error of admission. */
export function refusal(code: ErrorCode, state: string): SoundproofError {
  return new SoundproofError(code, `Cannot admit module: ${state}`);
}

/** What a global may begin with: opcode, and how to pass what follows it. */
const CONSTANT_EXPRESSIONS: Readonly<Record<number, (section: WasmReader) => void>> = {
  0x41: skipLeb, // i32.const
  0x42: skipLeb, // i64.const
  0x43: (section) => void section.skip(4), // f32.const
  0x44: (section) => void section.skip(8), // f64.const
  0x23: skipLeb, // global.get
  0xd0: skipLeb, // ref.null
  0xd2: skipLeb, // ref.func
  0xfd: (section) => void section.skip(17), // v128.const
};

function skipLeb(section: WasmReader): void {
  while (section.byte() >= 0x80);
}

/** A type of the type section. */
export function readType(section: WasmReader): FunctionType {
  if (section.byte() !== 0x60) {
    throw refusal("module.feature", "it declares a type that is not a function of WebAssembly 2.0");
  }
  return { parameters: readValueTypes(section), results: readValueTypes(section) };
}

function readValueTypes(section: WasmReader): string {
  const count = section.u32();
  if (count > 1_000) throw new MalformedModule("a function type has more than 1,000 values");
  return Array.from({ length: count }, () => readValueType(section)).join("");
}

function readValueType(section: WasmReader): string {
  const letter = VALUE_TYPES[section.byte()];
  if (letter !== undefined) return letter;
  throw refusal("module.feature", "a value is of a type that WebAssembly 2.0 does not have");
}

/** Passes a global: its type, and the expression of its first value (core specification, 5.5.9). */
export function readGlobal(section: WasmReader): void {
  readValueType(section);
  section.byte();
  for (let code = section.byte(); code !== 0x0b; code = section.byte()) {
    const skipImmediate = CONSTANT_EXPRESSIONS[code];
    if (skipImmediate === undefined) {
      throw refusal("module.feature", `a global begins with what WebAssembly 2.0 does not have`);
    }
    skipImmediate(section);
  }
}

/** Size of a memory or table. Shared, 64-bit and custom-page ones have other flags and are refused. */
export function readSize(section: WasmReader, what: string): { minimum: number; maximum: number } {
  const flags = section.byte();
  if (flags > 1) {
    throw refusal("module.feature", `a ${what} is shared, 64-bit or has its own page size`);
  }
  const minimum = section.u32();
  return { minimum, maximum: flags === 1 ? section.u32() : Infinity };
}
