import { errorText, SoundproofError } from "../errors.ts";
import type { Answer, CallOptions, GuestCaller } from "./guest_caller.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Calls an export with JSON and reads its JSON, by the table of `extism-abi.md` 1.6 from row 7 on: an
 * export that is missing or answers "not implemented" has definitively nothing, and so has one whose
 * answer is empty or `null`; anything else that is not of the right shape is a fault.
 *
 * @param read Reads the answer; `undefined` means that it holds nothing. What it throws is a fault.
 */
export function ask<T>(
  guest: GuestCaller,
  name: string,
  request: unknown,
  read: (answer: Fields) => T | undefined,
  options: CallOptions = {},
): Promise<Answer<T>> {
  return askValue(guest, name, request, (answer) => read(new Fields(answer)), options);
}

/** Like {@link ask}, for an answer that is no object. */
export async function askValue<T>(
  guest: GuestCaller,
  name: string,
  request: unknown,
  read: (answer: unknown) => T | undefined,
  options: CallOptions = {},
): Promise<Answer<T>> {
  try {
    const output = await guest.call(name, encoder.encode(JSON.stringify(request)), options);
    const answer = parse(output);
    const value = answer === null ? undefined : read(answer);
    return value === undefined
      ? { kind: "not_found", reason: `${name} of plugin "${guest.id}" has no answer` }
      : { kind: "found", value };
  } catch (thrown) {
    if (thrown instanceof SoundproofError) {
      const absent = thrown.code === "guest.not_implemented" ||
        thrown.code === "guest.export_unknown";
      return absent
        ? { kind: "not_found", reason: thrown.message }
        : { kind: "fault", error: thrown };
    }
    const state = `${name} of plugin "${guest.id}" ${errorText(thrown)}`;
    return {
      kind: "fault",
      error: new SoundproofError("guest.output_invalid", `Cannot read answer: ${state}`, {
        cause: thrown,
      }),
    };
  }
}

function parse(output: Uint8Array): unknown {
  if (output.byteLength === 0) return null;
  try {
    return JSON.parse(decoder.decode(output));
  } catch {
    throw new TypeError("is not JSON");
  }
}

/** The fields of a JSON object, read as Go reads them: missing and `null` are zero values. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;

  /** Reads a value that must be an object. */
  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError("is not a JSON object");
    }
    this.#object = { ...value };
  }

  /** A text; empty where there is none. */
  text(name: string): string {
    const value = this.#get(name);
    if (value === undefined) return "";
    if (typeof value !== "string") throw new TypeError(`has a "${name}" that is no text`);
    return value;
  }

  /** A number; `undefined` where there is none. */
  number(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === "number") return value;
    throw new TypeError(`has a "${name}" that is no number`);
  }

  /** A list of objects; empty where there is none. */
  list<T>(name: string, read: (item: Fields) => T): T[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw new TypeError(`has a "${name}" that is no list`);
    return value.map((item: unknown) => read(new Fields(item ?? {})));
  }

  /** An object; one without fields where there is none. */
  object<T>(name: string, read: (object: Fields) => T): T {
    const value = this.#get(name) ?? {};
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError(`has a "${name}" that is no object`);
    }
    return read(new Fields(value));
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? this.#object[name] ?? undefined : undefined;
  }
}

/** The object without the members that are empty: they are left out of what a plugin is sent. */
export function withoutEmpty<T extends object>(
  object: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const members = Object.entries(object).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(members) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
