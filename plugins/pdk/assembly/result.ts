// What an export returns, and how a plugin says that it failed.

import { setErrorText } from "./memory";

/** The call went well; an empty answer means "not found". */
export const SUCCESS: i32 = 0;
/** The call failed; the error text says why. */
export const FAILURE: i32 = -1;
/** The plugin does not answer this export. */
export const NOT_IMPLEMENTED: i32 = -2;

let result: i32 = SUCCESS;

/** Marks the call as failed, with a sentence for the server's log. Return anything after it. */
export function fail(text: string): void {
  setErrorText(text.length > 0 ? text : "Plugin failed without a text");
  result = FAILURE;
}

/** Marks the call as one that this plugin does not answer. */
export function notImplemented(): void {
  if (result == SUCCESS) result = NOT_IMPLEMENTED;
}

/** The code an export hands back: what {@link fail} or {@link notImplemented} left, or success. */
export function resultCode(): i32 {
  return result;
}
