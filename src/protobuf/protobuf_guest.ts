/**
 * A guest of this generation under the export names and with the JSON of today's, so that a caller cannot
 * tell which generation answered.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import type { GuestOutcome } from "../cell/mod.ts";
import { LIFECYCLE_METHODS, SCHEDULER_METHODS, WEBSOCKET_METHODS } from "./callback_methods.ts";
import type { GuestMethod, Known, Told } from "./guest_method.ts";
import { readInput } from "./input.ts";
import { METADATA_METHODS } from "./metadata_methods.ts";
import { SCROBBLER_METHODS } from "./scrobbler_methods.ts";

/** The methods that each capability of a manifest brings. What it does not list is never called. */
const CAPABILITIES: Readonly<Record<string, Readonly<Record<string, GuestMethod>>>> = {
  MetadataAgent: METADATA_METHODS,
  Scrobbler: SCROBBLER_METHODS,
  SchedulerCallback: SCHEDULER_METHODS,
  WebSocketCallback: WEBSOCKET_METHODS,
  LifecycleManagement: LIFECYCLE_METHODS,
};

/** Texts of errors that mean something (`protobuf-abi.md`, 5.13). */
const NOT_FOUND = "plugin:not_found";
const NOT_IMPLEMENTED = "plugin:not_implemented";
/** What an export of today's returns to say the same. */
const NOT_IMPLEMENTED_CODE = -2;

const EMPTY = new Uint8Array();
const encoder = new TextEncoder();

/** Translates the calls of one plugin. */
export class ProtobufGuest {
  /** Today's names of what it can be asked. */
  readonly exports: ReadonlySet<string>;
  readonly #methods: ReadonlyMap<string, GuestMethod>;
  readonly #known: Known;

  /** @param capabilities As the manifest lists them: every module exports every method. */
  constructor(capabilities: readonly string[], known: Known) {
    this.#methods = new Map(
      capabilities.flatMap((capability) =>
        Object.hasOwn(CAPABILITIES, capability)
          ? Object.entries(CAPABILITIES[capability] ?? {})
          : []
      ),
    );
    this.exports = new Set(this.#methods.keys());
    this.#known = known;
  }

  /**
   * The export to call, and its input.
   *
   * @throws {SoundproofError} `guest.export_unknown`, `guest.input_invalid`.
   */
  question(
    name: string,
    input: Uint8Array,
  ): { readonly export: string; readonly input: Uint8Array } {
    const method = this.#method(name);
    return {
      export: method.method,
      input: readInput(name, input, (fields) => method.request(fields, this.#known)),
    };
  }

  /**
   * What an outcome would be, had a guest of today's been asked.
   *
   * @throws {SoundproofError} `guest.output_invalid`.
   */
  answer(name: string, outcome: GuestOutcome): GuestOutcome {
    if (outcome.kind !== "returned") return outcome;
    const method = this.#method(name);
    const told = outcome.error === undefined
      ? tellsOf(name, method, outcome.output)
      : { error: outcome.error };
    if ("value" in told) return { kind: "returned", code: 0, output: jsonOf(told.value) };
    if (told.error === NOT_IMPLEMENTED) {
      return { kind: "returned", code: NOT_IMPLEMENTED_CODE, output: EMPTY };
    }
    return told.error === NOT_FOUND && method.mayFindNothing
      ? { kind: "returned", code: 0, output: EMPTY }
      : { kind: "returned", code: 0, output: EMPTY, error: told.error };
  }

  #method(name: string): GuestMethod {
    const method = this.#methods.get(name);
    if (method !== undefined) return method;
    throw new SoundproofError(
      "guest.export_unknown",
      `Cannot call "${name.slice(0, 100)}": the plugin's manifest lists no capability that has it`,
      { detail: `function not found: ${name}` },
    );
  }
}

function tellsOf(name: string, method: GuestMethod, output: Uint8Array): Told {
  try {
    return method.response(output);
  } catch (thrown) {
    throw new SoundproofError(
      "guest.output_invalid",
      `Cannot read answer: ${name} is not the message it should be: ${errorText(thrown)}`,
      { cause: thrown },
    );
  }
}

function jsonOf(value: unknown): Uint8Array {
  return value === undefined ? EMPTY : encoder.encode(JSON.stringify(value));
}
