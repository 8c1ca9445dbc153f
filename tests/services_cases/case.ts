/** The form of a case that is played against `HostServices.call`, or through a real guest. @module */

import type { Permissions } from "../../src/manifest/mod.ts";

/** One call and what it must answer, or a leap of the clock. */
export type Step =
  | { readonly advanceMs: number }
  | {
    /** Import name. */
    readonly call: string;
    /** A value to send as JSON, or a text to send as it is. */
    readonly request: object | string;
    /** The answer, compared as JSON values; a string is compared as text. */
    readonly response: object | string;
  }
  | {
    readonly call: string;
    readonly request: object | string;
    /** The answer has `error` with this in it. */
    readonly errorContains: string;
  };

/** A promise about host functions, with the calls that show it. */
export interface Case {
  /** A sentence. */
  readonly name: string;
  readonly permissions: Permissions;
  readonly config?: Readonly<Record<string, string>>;
  readonly users?: readonly string[] | "all";
  readonly libraries?: readonly number[] | "all";
  readonly steps: readonly Step[];
}
