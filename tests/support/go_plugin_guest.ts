/**
 * Guests of the ABI of Navidrome 0.57 to 0.59, as WebAssembly text. Like the real ones they export every method
 * of every service, and one that nobody wrote traps.
 *
 * @module
 */

import { GUEST_SERVICES } from "../../src/cell/mod.ts";

/** What a {@link goPluginGuest} is made of. */
export interface GoPluginParts {
  /** Bodies of methods by export name: parameters `$at` and `$size`, locals `$p` (i64) and `$i` (i32), an i64. */
  readonly methods?: Readonly<Record<string, string>>;
  /** Host functions it imports. */
  readonly imports?: readonly string[];
  /** Exports it lacks. */
  readonly without?: readonly string[];
  /** Body of `malloc`, with parameter `$size`; a bump allocator that grows the memory unless given. */
  readonly malloc?: string;
  /** Body of `free`, with parameter `$at`. */
  readonly free?: string;
  /** Body of `_initialize`, which is not there unless given. */
  readonly initialise?: string;
  /** Version of all services. */
  readonly version?: string;
  /** The memory, with its export. */
  readonly memory?: string;
  /** Functions, globals and data it has besides. */
  readonly more?: string;
}

const BUMP = `(local.set $at (global.get $top))
  (global.set $top (i32.add (global.get $top) (local.get $size)))
  (if (i32.gt_u (global.get $top) (i32.shl (memory.size) (i32.const 16)))
    (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))))))
  (local.get $at)`;

/** The text of such a guest. */
export function goPluginGuest(parts: GoPluginParts = {}): string {
  const { methods = {}, imports = [], without = [], malloc = BUMP, free = "" } = parts;
  const { version = "(i64.const 1)", memory = '(memory (export "memory") 1)', more = "" } = parts;
  const exported = (name: string) => without.includes(name) ? "" : `(export "${name}")`;
  const services = Object.entries(GUEST_SERVICES).map(([service, names]) => {
    const functions = names.map((method) => {
      const name = `${service}_${method}`;
      return `(func ${exported(name)} (param $at i32) (param $size i32) (result i64)
        (local $p i64) (local $i i32) ${methods[name] ?? "(unreachable)"})`;
    });
    const asked = `${service}_api_version`;
    return `(func ${exported(asked)} (result i64) ${version}) ${functions.join("\n")}`;
  });
  return `(module
    ${
    imports.map((name) => `(import "env" "${name}" (func $${name} (param i32 i32) (result i64)))`)
      .join("\n")
  }
    ${memory}
    (global $top (mut i32) (i32.const 4096))
    (func $malloc ${exported("malloc")} (param $size i32) (result i32) (local $at i32) ${malloc})
    (func $free ${exported("free")} (param $at i32) ${free})
    ${parts.initialise === undefined ? "" : `(func (export "_initialize") ${parts.initialise})`}
    ${services.join("\n")} ${more})`;
}

/** Offset and length packed as a method returns them. */
export function packed(offset: number, length: number): string {
  const value = (BigInt(offset) << 32n) | BigInt(length);
  return `(i64.const 0x${value.toString(16)})`;
}

/** The request of a method or the response of an import, as it is: what a guest that echoes gives out. */
export const ECHO = `(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
  (i64.extend_i32_u (local.get $size)))`;
