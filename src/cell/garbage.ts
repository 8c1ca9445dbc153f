import vm from "node:vm";

let collector: (() => void) | undefined;

/**
 * Collects the garbage of this thread, where it may be asked for: V8 frees the memories of dead guests
 * late, hundreds of megabytes late. Takes some milliseconds.
 */
export function collectGarbage(): void {
  // Only a context made after the flag was set has it; see cell.ts.
  collector ??= vm.runInNewContext("typeof gc === 'function' ? gc : () => {}") as () => void;
  collector();
}
