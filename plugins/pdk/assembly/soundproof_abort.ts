// Compiled into every guest instead of the import `env.abort`: the text of a `throw`, of a failed
// check or of an index out of range becomes the error text of the call, which then traps.

import { setErrorText } from "@soundproof/pdk/memory";

// @ts-ignore: decorator
@inline
function textOr(text: string | null, otherwise: string): string {
  return text === null ? otherwise : text;
}

export function abort(
  message: string | null = null,
  fileName: string | null = null,
  line: u32 = 0,
  _column: u32 = 0,
): void {
  setErrorText(
    textOr(message, "aborted") + " (" + textOr(fileName, "?") + ":" + line.toString() + ")",
  );
  unreachable();
}
