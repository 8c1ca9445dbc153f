import assert from "node:assert/strict";
import { collectGarbage } from "../src/cell/mod.ts";
import { assemble } from "./support/guests.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { TestData } from "./support/plugins_folder.ts";
import { measured } from "./support/promises.ts";

const MB = 1e6;

/** A guest with a custom section of so many bytes, below 2^28, whose content is not another's. */
function largeGuest(bytes: number, content: number): Uint8Array {
  const leb = (value: number) =>
    [0, 7, 14, 21].map((by) => (value >> by) & 0x7f | (by < 21 ? 0x80 : 0));
  const section = new Uint8Array(bytes).fill(content);
  section.set([1, 0x61]);
  const guest = assemble(`(module (func (export "run")))`);
  const whole = new Uint8Array(guest.length + 5 + bytes);
  whole.set(guest);
  whole.set([0, ...leb(bytes)], guest.length);
  whole.set(section, guest.length + 5);
  return whole;
}

inOwnProcess(import.meta.url)("a plugin that runs keeps none of its package's bytes", async () => {
  using data = new TestData();
  const ids = ["a", "b", "c", "d"];
  ids.forEach((id, index) => data.folder(id, { guest: largeGuest(8 * MB, index) }));
  await using host = await data.open();
  for (const id of ids) await host.enable(id);
  await new Promise((done) => setTimeout(done, 50));
  collectGarbage();
  const { external } = Deno.memoryUsage();
  measured(
    `${ids.length} plugins of 8 MB: ${Math.round(external / MB)} MB held outside of the heap`,
  );
  assert.ok(external < 8 * MB, `${external} bytes`);
});
