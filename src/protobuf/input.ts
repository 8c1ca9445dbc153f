/**
 * The JSON that callers of today's exports give, read as a Go plugin would: what is missing or `null` is the
 * zero value, and a value of another type is a fault.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import { int32 } from "./message.ts";
import { bytesOf } from "./text.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The fields of a JSON object. Every reader throws a `TypeError` for a value of another type. */
export class Input {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError("it is no JSON object");
    }
    this.#fields = { ...value };
  }

  /** A text as a string. */
  string(name: string): string {
    return this.#get(name, "a text", (value) => typeof value === "string", "");
  }

  /** A text as bytes. */
  text(name: string): Bytes {
    return bytesOf(this.string(name));
  }

  /** A number, without its fraction and within 32 bits. */
  int32(name: string): number {
    return int32(this.#number(name));
  }

  /** A number, without its fraction. */
  int64(name: string): bigint {
    return BigInt.asIntN(64, BigInt(Math.trunc(this.#number(name))));
  }

  /** Whether it is `true`. */
  bool(name: string): boolean {
    return this.#get(name, "a boolean", (value) => typeof value === "boolean", false);
  }

  /** An object; one without fields where there is none. */
  object(name: string): Input {
    return new Input(this.#fields[name] ?? {});
  }

  /** A list of objects. */
  list(name: string): Input[] {
    return this.#get(name, "a list", (value) => Array.isArray(value), [])
      .map((item: unknown) => new Input(item));
  }

  #number(name: string): number {
    return this.#get(name, "a number", (value) => Number.isFinite(value), 0);
  }

  #get<T>(name: string, wanted: string, is: (value: unknown) => boolean, zero: T): T {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] ?? zero : zero;
    if (!is(value)) throw new TypeError(`its "${name}" is not ${wanted}`);
    // `is` has just told that it is of the type of `zero`.
    return value as T;
  }
}

/**
 * Reads the input of a call and makes what it becomes.
 *
 * @throws {SoundproofError} `guest.input_invalid`.
 */
export function readInput<T>(name: string, bytes: Uint8Array, make: (input: Input) => T): T {
  try {
    const value = bytes.byteLength === 0 ? {} : JSON.parse(new TextDecoder().decode(bytes));
    return make(new Input(value ?? {}));
  } catch (thrown) {
    throw new SoundproofError(
      "guest.input_invalid",
      `Cannot call "${name}": its input cannot be read: ${errorText(thrown)}`,
      { cause: thrown },
    );
  }
}
