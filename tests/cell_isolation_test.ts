import assert from "node:assert/strict";
import { type CellProgram, DEFAULT_CELL_LIMITS } from "../src/cell/mod.ts";
import { type GuestOptions, GuestUnderTest } from "./support/guests.ts";
import { becomesTrue, promise } from "./support/promises.ts";

const ENEMY = new URL("./support/hostile_cell_worker.ts", import.meta.url);
/** Input of a call at which the enemy behaves. */
const PEACE = Uint8Array.of(1);

const limits: Partial<CellProgram["limits"]> = {
  kernelBytes: 1_000_000,
  hostCallBytes: 1_000_000,
  logLines: 100,
  logLineBytes: 50,
};

function takenOver(act: string, options: GuestOptions = {}): Promise<GuestUnderTest> {
  return GuestUnderTest.start("(module)", {
    script: ENEMY,
    functions: ["only"],
    config: new Map([["act", act]]),
    limits,
    handle: async (_name, request) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return new Uint8Array(100_000 + request.byteLength);
    },
    ...options,
  });
}

Deno.test("A cell has no permission: it asks for each of Deno's, and tries each thing [31 cases]", async () => {
  using cell = await takenOver("tries everything");
  const { outcome } = await cell.call("any");
  assert.ok(outcome.kind === "returned", outcome.kind);
  const results = new TextDecoder().decode(outcome.output).split("\n");
  assert.equal(results.length, 31);
  assert.deepEqual(results.slice(0, 8).filter((line) => !/: (denied|prompt)$/.test(line)), []);
  const refused = /: (NotCapable|PermissionDenied|TypeError)$/;
  assert.deepEqual(results.slice(8).filter((line) => !refused.test(line)), []);
});

promise(
  "A cell that breaks the protocol is lost, counted and replaced, and nobody else is affected",
  [
    "calls a function it was not given",
    "calls a function below zero",
    "claims a request longer than the buffer",
    "claims a request of negative length",
    "announces a host call that is not there",
    "announces a second host call beside the first",
    "says twice that it is ready",
    "says that it is idle before it was busy",
    "sends a number",
    "sends null",
    "sends a message of no kind",
    "sends an array",
    "answers without an outcome",
    "answers of no kind",
    "answers with text for bytes",
    "answers with words for bytes",
    "answers with shared memory",
    "answers with more than may be",
    "answers with a view of more than may be",
    "answers with a code of NaN",
    "answers with a code of 1e300",
    "answers with a code that is text",
    "exits with a negative code",
    "traps without a text",
    "throws",
    "rejects",
    "floods",
    "floods with junk",
    "throws at boot",
  ].map((name) => ({ name })),
  async ({ name }) => {
    using neighbour = await takenOver("behaves");
    using cell = await takenOver(name);
    const beside = neighbour.call("any");
    const { outcome } = await cell.call("any");
    assert.ok(outcome.kind === "lost", `it ${outcome.kind}`);
    assert.ok(outcome.text.length < 1_300, "the text is too long");
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(outcome.text, /[\x00-\x1f]/);
    assert.equal(cell.pool.counters.lost, 1);
    assert.equal(cell.pool.counters.cells, 0);
    if (name !== "throws at boot") {
      assert.equal((await cell.call("any", PEACE)).outcome.kind, "returned");
    }
    assert.equal((await beside).outcome.kind, "returned");
  },
);

promise(
  "A cell that is lost while it is idle is counted, and no call is given to it",
  [{ name: "answers twice" }],
  async ({ name }) => {
    using cell = await takenOver(name, { pool: { cells: 1 } });
    assert.equal((await cell.call("any")).outcome.kind, "returned");
    assert.ok(await becomesTrue(() => cell.pool.counters.lost === 1, 5_000));
    assert.equal(cell.pool.counters.cells, 0);
    assert.equal((await cell.call("any", PEACE)).outcome.kind, "returned");
  },
);

promise(
  "A cell that never answers is given up a second after the deadline",
  [{ name: "never returns" }, { name: "closes itself" }],
  async ({ name }) => {
    using cell = await takenOver(name);
    const from = performance.now();
    const { outcome } = await cell.call("any", "", 100);
    assert.equal(outcome.kind, "lost");
    assert.ok(performance.now() - from >= 1_000);
    assert.equal((await cell.call("any", PEACE)).outcome.kind, "returned");
  },
);

promise("What a cell says is cut to its bounds and made harmless", [
  { name: "logs without end" },
  { name: "logs what is no log" },
  { name: "logs one huge line" },
  { name: "traps with a huge text" },
  { name: "fails with a huge error" },
], async ({ name }) => {
  using cell = await takenOver(name);
  const { outcome, log } = await cell.call("any");
  assert.ok(outcome.kind === "returned" || outcome.kind === "trapped", outcome.kind);
  assert.ok(log.lines.length <= 100);
  assert.ok(log.dropped >= 0);
  const text = outcome.kind === "trapped" ? outcome.text : outcome.error ?? "";
  assert.ok(text.length <= 6 * 65_536, `text of ${text.length}`);
  for (const line of log.lines) {
    assert.ok(line.text.length <= 300);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(line.text, /[\x00-\x1f]/);
  }
});

promise("The host survives a cell that changes the shared buffer under its hands", [
  { name: "rewrites the length while the host reads" },
  { name: "grows the buffer while the host answers" },
], async ({ name }) => {
  const lengths = new Set<number>();
  using cell = await takenOver(name, {
    handle: (_name, request) => {
      lengths.add(request.byteLength);
      return new Uint8Array(200_000);
    },
  });
  const { outcome } = await cell.call("any");
  assert.ok(["returned", "lost"].includes(outcome.kind), outcome.kind);
  assert.ok([...lengths].every((length) => [0, 8, 16].includes(length)));
});

Deno.test("After too many lost cells a plugin is given no more", async () => {
  using cell = await takenOver("sends null", { pool: { lostCells: 3 } });
  for (let i = 0; i < 3; i++) assert.equal((await cell.call("any")).outcome.kind, "lost");
  await assert.rejects(cell.call("any", PEACE), { code: "pool.cells_lost" });
  assert.equal(cell.pool.counters.cells, 0);
});

Deno.test("The limits of a cell are those of the design", () => {
  assert.equal(DEFAULT_CELL_LIMITS.callTimeoutMs, 30_000);
  assert.equal(DEFAULT_CELL_LIMITS.kernelBytes, 64 * 1024 * 1024);
});
