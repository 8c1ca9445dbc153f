/**
 * A program that packs, and prints the hash of the package.
 *
 * @module
 */

import { packFiles, readArchive } from "../../src/packages/mod.ts";

const { sha256 } = await readArchive(await packFiles("{}", new Uint8Array(100)));
Deno.stdout.writeSync(new TextEncoder().encode(`${sha256}\n`));
