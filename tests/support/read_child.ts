/**
 * A program that reads the package that it is told of, and says why it cannot.
 *
 * @module
 */

import { SoundproofError } from "../../src/errors.ts";
import { readPackage } from "../../src/packages/mod.ts";

try {
  await readPackage(Deno.args[0] ?? "");
} catch (thrown) {
  if (!(thrown instanceof SoundproofError)) throw thrown;
  Deno.stdout.writeSync(new TextEncoder().encode(`${thrown.code} ${thrown.message}\n`));
}
