/**
 * The plugin's settings, as the guest reads them. Source: `extism-abi.md` 2.14.
 *
 * @module
 */

import { compareBytes } from "./bytes.ts";
import type { ServiceMethods } from "./table.ts";

/** Answers `config_get`, `config_getint` and `config_keys`. */
export class Config implements ServiceMethods<"config"> {
  readonly #entries: ReadonlyMap<string, string>;

  constructor(entries: ReadonlyMap<string, string>) {
    this.#entries = entries;
  }

  /** All settings. */
  get entries(): ReadonlyMap<string, string> {
    return this.#entries;
  }

  get({ key }: { readonly key: string }): { value?: string; exists: boolean } {
    const value = this.#entries.get(key);
    return value === undefined ? { exists: false } : { value, exists: true };
  }

  /** An integer in base 10 with an optional sign that fits 64 bits; anything else does not exist. */
  getInt({ key }: { readonly key: string }): { value?: bigint; exists: boolean } {
    const text = this.#entries.get(key) ?? "";
    if (!/^[+-]?\d{1,40}$/.test(text)) return { exists: false };
    const value = BigInt(text.replace(/^\+/, ""));
    return BigInt.asIntN(64, value) === value ? { value, exists: true } : { exists: false };
  }

  keys({ prefix }: { readonly prefix: string }): { keys: string[] } {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
    return { keys: keys.sort(compareBytes) };
  }
}
