// Values that live as long as the instance: one call. What shall outlive it belongs in a host service.

import * as kernel from "./kernel";
import { copyFromKernel, decode, textToKernel, toKernel } from "./memory";

export namespace variables {
  /** The bytes under a key; `null` where there are none. */
  export function getBytes(key: string): ArrayBuffer | null {
    // Not released: in some hosts this block is the variable itself.
    return copyFromKernel(kernel.var_get(textToKernel(key)));
  }

  /** The text under a key; `null` where there is none. */
  export function get(key: string): string | null {
    const bytes = getBytes(key);
    return bytes === null ? null : decode(bytes);
  }

  /** Keeps bytes under a key; none removes it. */
  export function setBytes(key: string, value: ArrayBuffer): void {
    kernel.var_set(textToKernel(key), toKernel(value));
  }

  /** Keeps a text under a key; the empty text removes it. */
  export function set(key: string, value: string): void {
    kernel.var_set(textToKernel(key), textToKernel(value));
  }

  export function remove(key: string): void {
    kernel.var_set(textToKernel(key), 0);
  }
}
