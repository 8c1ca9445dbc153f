import assert from "node:assert/strict";
import { collectGarbage } from "../src/cell/mod.ts";
import { DeadMemory } from "../src/cell/garbage.ts";
import { becomesTrue } from "./support/promises.ts";

/** Adds memory of an owner that nobody has afterwards. */
function addAndForget(memory: DeadMemory, bytes: number): void {
  memory.add({}, bytes);
}

Deno.test("memory that V8 has given back by itself is not counted any more", async () => {
  const memory = new DeadMemory();
  const kept = {};
  for (let index = 0; index < 10; index++) addAndForget(memory, 1_000);
  memory.add(kept, 50);
  memory.add(undefined, 5);
  assert.equal(memory.bytes, 10_055);
  const given = async () => {
    collectGarbage();
    return await becomesTrue(() => memory.bytes === 55, 100);
  };
  for (let turn = 0; turn < 50 && !await given(); turn++);
  assert.equal(memory.bytes, 55);
  assert.ok(kept);
});

Deno.test("memory that was collected is not taken off what came after it", async () => {
  const memory = new DeadMemory();
  for (let index = 0; index < 10; index++) addAndForget(memory, 1_000);
  const kept = {};
  memory.collect();
  assert.equal(memory.bytes, 0);
  memory.add(kept, 50);
  for (let turn = 0; turn < 5; turn++) {
    collectGarbage();
    await new Promise((done) => setTimeout(done, 5));
  }
  assert.equal(memory.bytes, 50);
  assert.ok(kept);
});
