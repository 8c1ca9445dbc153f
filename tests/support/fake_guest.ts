/**
 * Plugins that are functions of a test, for what knows no more of a plugin than its exports.
 *
 * @module
 */

import { type ErrorCode, SoundproofError } from "../../src/errors.ts";
import type { CallOptions, PluginScope, ScopedGuest } from "../../src/capabilities/mod.ts";

/** What an export answers: JSON, or the text as it is; what it throws is its fault. */
export type FakeExport = (input: unknown, options: CallOptions) => unknown;

/** A plugin that remembers what it was called with. */
export interface FakeGuest extends ScopedGuest {
  /** Export and input of every call, oldest first. */
  // deno-lint-ignore no-explicit-any
  readonly calls: { readonly name: string; readonly input: any }[];
}

/** Makes a plugin; it may be told of everyone and everything unless its scope says otherwise. */
export function fakeGuest(
  id: string,
  exports: Readonly<Record<string, FakeExport>>,
  scope: PluginScope = { users: "all", libraries: "all" },
): FakeGuest {
  const calls: FakeGuest["calls"] = [];
  return {
    id,
    exports: new Set(Object.keys(exports)),
    scope,
    calls,
    async call(name, input, options = {}) {
      const known = exports[name];
      if (known === undefined) throw fault("guest.export_unknown");
      const decoded = JSON.parse(new TextDecoder().decode(input));
      calls.push({ name, input: decoded });
      const output = await known(decoded, options);
      const text = typeof output === "string" ? output : JSON.stringify(output ?? "");
      return new TextEncoder().encode(output === undefined ? "" : text);
    },
  };
}

/** A fault of a plugin, with its own words. */
export function fault(code: ErrorCode, detail = "no luck"): SoundproofError {
  return new SoundproofError(code, `Cannot call: ${detail}`, { detail });
}

/** Answers that a test gives when it wants to. */
export class Held {
  readonly #waiting: ((answer: unknown) => void)[] = [];

  /** The export that waits. */
  readonly wait = (): Promise<unknown> => new Promise((resolve) => this.#waiting.push(resolve));

  /** How many calls wait. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Answers the call that has waited longest. */
  answer(answer: unknown): void {
    this.#waiting.shift()?.(answer);
  }
}
