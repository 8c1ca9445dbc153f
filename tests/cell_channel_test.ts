import assert from "node:assert/strict";
import { HostEnd, makeChannel } from "../src/cell/channel.ts";

Deno.test("A host call is not over before its answer lies there, however often its cell is woken", async () => {
  const host = new HostEnd(makeChannel(100));
  const script = new URL("./support/channel_worker.ts", import.meta.url);
  const worker = new Worker(script, { type: "module", deno: { permissions: "none" } });
  const told: unknown[] = [];
  worker.onmessage = ({ data }) => told.push(data);
  const untilTold = async (count: number) => {
    while (told.length < count) await new Promise((done) => setTimeout(done, 1));
  };
  worker.postMessage(host.buffer);
  await untilTold(1);
  // As the answer before this one may: between its two steps, to lie there and to wake the cell, the host may have to
  // wait for the processor, and the cell may see it by itself and ask again.
  const words = new Int32Array(host.buffer, 0, 1);
  for (let woken = 0; woken < 5 && told.length === 1;) {
    woken += Atomics.notify(words, 0);
    await new Promise((done) => setTimeout(done, 1));
  }
  host.answer(new TextEncoder().encode("answer"));
  await untilTold(2);
  worker.terminate();
  assert.deepEqual(told, ["asks", "answer"]);
});
