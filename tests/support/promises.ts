/**
 * Tests that are promises: a sentence, and the cases it was tried on.
 *
 * @module
 */

import type { DefineTest } from "./own_process.ts";

/** A test whose name tells how many cases it holds for; each is tried, and all that fail are told. */
export function promise<Case extends { readonly name: string }>(
  sentence: string,
  cases: readonly Case[],
  keep: (one: Case) => unknown,
  define: DefineTest = Deno.test,
): void {
  define(`${sentence} [${cases.length} cases]`, async () => {
    const broken: Error[] = [];
    for (const one of cases) {
      try {
        await keep(one);
      } catch (thrown) {
        const text = thrown instanceof Error ? thrown.message : String(thrown);
        broken.push(new Error(`${one.name}: ${text}`, { cause: thrown }));
      }
    }
    if (broken.length > 0) {
      const names = broken.slice(0, 20).map(({ message }) => message).join("\n");
      throw new AggregateError(broken, `${broken.length} of ${cases.length} failed\n${names}`);
    }
  });
}

/** Tells a measurement beside the test's result. */
export function measured(text: string): void {
  // deno-lint-ignore no-console
  console.log(`    ${text}`);
}

/** Resident memory of the process, in MB. */
export function residentMb(): number {
  return Math.round(Deno.memoryUsage().rss / 1e6);
}

/** Waits until `holds`, looking every 100 ms; false when it never does within `limitMs`. */
export async function becomesTrue(holds: () => boolean, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; performance.now() < end;) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return holds();
}
