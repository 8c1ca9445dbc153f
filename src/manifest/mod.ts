/** The manifest room. @module */

export type * from "./types.ts";
