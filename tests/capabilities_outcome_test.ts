import assert from "node:assert/strict";
import { MetadataAgent } from "../src/capabilities/mod.ts";
import type { ErrorCode } from "../src/errors.ts";
import { type AgentBehaviour, agentGuest, kernelGuest } from "./support/kernel_guest.ts";
import { TestData } from "./support/plugins_folder.ts";

const NAME = "nd_get_artist_biography";
const FOUND = `{"biography":"b"}`;
const FAILED = "plugin call failed: ";
const LOOP = "(loop (br 0))";

interface Row {
  /** Row of the table of `extism-abi.md` 1.6, and what happens. */
  readonly row: string;
  readonly does: Omit<AgentBehaviour, "exports">;
  /** What the raw call gives, or its error's code and upstream's text. */
  readonly raw: string | readonly [ErrorCode, string | RegExp];
  /** What the typed call answers. */
  readonly kind: "found" | "not_found" | "fault";
  /** Code of the typed call's fault, where it is not that of the raw call. */
  readonly code?: ErrorCode;
}

const ROWS: readonly Row[] = [
  {
    row: "2 trap",
    does: { output: FOUND, last: "unreachable" },
    raw: ["guest.trap", `${FAILED}unreachable`],
    kind: "fault",
  },
  {
    row: "2 trap after an error text",
    does: { error: "text", last: "unreachable" },
    raw: ["guest.trap", `${FAILED}unreachable`],
    kind: "fault",
  },
  {
    row: "3 proc_exit(7)",
    does: { output: FOUND, last: "(call $proc_exit (i32.const 7))" },
    raw: ["guest.exit", `${FAILED}module closed with exit_code(7)`],
    kind: "fault",
  },
  {
    row: "3 proc_exit(-1)",
    does: { last: "(call $proc_exit (i32.const -1))" },
    raw: ["guest.exit", `${FAILED}module closed with exit_code(4294967295)`],
    kind: "fault",
  },
  {
    row: "4 deadline",
    does: { output: FOUND, last: LOOP },
    raw: ["guest.deadline", `${FAILED}module closed with context deadline exceeded`],
    kind: "fault",
  },
  {
    row: "5 proc_exit(0) is a return",
    does: { output: FOUND, code: 5, last: "(call $proc_exit (i32.const 0))" },
    raw: FOUND,
    kind: "found",
  },
  {
    row: "5 proc_exit(0) after an error text",
    does: { error: "text", last: "(call $proc_exit (i32.const 0))" },
    raw: ["guest.error", `${FAILED}text`],
    kind: "fault",
  },
  {
    row: "6 error text with code 0",
    does: { output: FOUND, error: "text" },
    raw: ["guest.error", `${FAILED}text`],
    kind: "fault",
  },
  {
    row: "6 error text with code -2",
    does: { error: "text", code: -2 },
    raw: ["guest.error", `${FAILED}text`],
    kind: "fault",
  },
  {
    row: "6 error text with code 1",
    does: { error: "ünï\x1b[31m text", code: 1 },
    raw: ["guest.error", `${FAILED}ünï\\u001b[31m text`],
    kind: "fault",
  },
  {
    row: "7 code -2",
    does: { output: FOUND, code: -2 },
    raw: ["guest.not_implemented", `function not implemented: ${NAME}`],
    kind: "not_found",
  },
  {
    row: "8 code -1",
    does: { output: FOUND, code: -1 },
    raw: ["guest.exit_code", "plugin call exited with code 4294967295"],
    kind: "fault",
  },
  {
    row: "8 code 5",
    does: { code: 5 },
    raw: ["guest.exit_code", "plugin call exited with code 5"],
    kind: "fault",
  },
  { row: "9 empty output", does: {}, raw: "", kind: "not_found" },
  { row: "10 output of the right shape", does: { output: FOUND }, raw: FOUND, kind: "found" },
  { row: "10 null", does: { output: "null" }, raw: "null", kind: "not_found" },
  { row: "10 an object without the field", does: { output: "{}" }, raw: "{}", kind: "not_found" },
  ...["not json", "{", "[]", "3", `"text"`, "true", `{"biography":3}`, `{"biography":["b"]}`].map(
    (output): Row => ({
      row: `11 ${output}`,
      does: { output },
      raw: output,
      kind: "fault",
      code: "guest.output_invalid",
    }),
  ),
];

Deno.test("outcome: every row of the table of extism-abi 1.6", async (t) => {
  using data = new TestData();
  const id = (index: number) => `row-${index}`;
  for (const [index, { does }] of ROWS.entries()) {
    data.folder(id(index), { guest: agentGuest({ exports: [NAME], ...does }) });
  }
  await using host = await data.open({
    limits: { cell: { callTimeoutMs: 5_000 }, pool: { idleMs: 500 } },
  });
  for (const [index, { row, does, raw, kind, code }] of ROWS.entries()) {
    await t.step(row, async () => {
      await host.enable(id(index));
      const plugin = host.plugin(id(index));
      // A loop gets its own deadline; the others are not to fail on a busy machine.
      const options = { timeoutMs: does.last === LOOP ? 100 : 5_000 };
      const call = plugin.call(NAME, new Uint8Array(), options);
      if (typeof raw === "string") assert.equal(new TextDecoder().decode(await call), raw);
      else {
        const [wanted, detail] = raw;
        await assert.rejects(call, { name: "SoundproofError", code: wanted, detail });
      }
      const answer = await new MetadataAgent(plugin, options)
        .artistBiography({ id: "1", name: "n" });
      assert.equal(answer.kind, kind);
      if (answer.kind === "found") assert.equal(answer.value, "b");
      if (answer.kind === "fault") {
        assert.equal(answer.error.code, code ?? (typeof raw === "string" ? "" : raw[0]));
      }
      if (answer.kind === "not_found") assert.match(answer.reason, new RegExp(NAME));
      // The next call of the same plugin is served.
      if (does.last === LOOP) await assert.rejects(plugin.call("none", new Uint8Array()));
      await host.disable(id(index));
    });
  }
});

Deno.test("outcome: an output that is not UTF-8 is a fault", async () => {
  using data = new TestData();
  const bytes = new Uint8Array([...new TextEncoder().encode(`{"biography":"`), 0xff, 0x22, 0x7d]);
  data.folder("p", {
    guest: kernelGuest(
      `(func (export "${NAME}") (result i32)
        (call $output_set (call $block (i32.const 0) (i32.const 17)) (i64.const 17))
        (i32.const 0))`,
      bytes,
    ),
  });
  await using host = await data.open();
  await host.enable("p");
  const answer = await new MetadataAgent(host.plugin("p")).artistBiography({ id: "1", name: "n" });
  assert.equal(answer.kind === "fault" && answer.error.code, "guest.output_invalid");
});

Deno.test("outcome: an export's type decides whether it can be called", async (t) => {
  using data = new TestData();
  data.folder("p", {
    guest: kernelGuest(
      `
      (func (export "no_result") (call $output_set (call $block (i32.const 0) (i32.const 2)) (i64.const 2)))
      (func (export "two_results") (result i32 i32) (i32.const 0) (i32.const 0))
      (func (export "long_result") (result i64) (i64.const 0))
      (func (export "with_parameter") (param i32) (result i32) (i32.const 0))
      (global (export "a_global") i32 (i32.const 0))`,
      "ok",
    ),
  });
  await using host = await data.open();
  await host.enable("p");
  const call = (name: string) => host.plugin("p").call(name, new Uint8Array());
  await t.step("without a result it returns 0", async () => {
    assert.equal(new TextDecoder().decode(await call("no_result")), "ok");
  });
  for (const name of ["two_results", "long_result", "with_parameter"]) {
    await t.step(`${name} is refused`, async () => {
      await assert.rejects(call(name), { code: "guest.export_type" });
    });
  }
  for (const name of ["a_global", "memory", "none", "", "toString", "__proto__"]) {
    await t.step(`"${name}" is no export that can be called`, async () => {
      const detail = `function not found: ${name}`;
      await assert.rejects(call(name), { code: "guest.export_unknown", detail });
    });
  }
  await t.step("asked with a type, an export that is missing has nothing", async () => {
    const answer = await new MetadataAgent(host.plugin("p")).artistMbid({ id: "1", name: "n" });
    assert.equal(answer.kind, "not_found");
  });
});

Deno.test("outcome: row 1, a caller that gives up while its call waits is told so", async () => {
  using data = new TestData();
  data.folder("p", { guest: agentGuest({ exports: [NAME], last: LOOP }) });
  await using host = await data.open({ limits: { pool: { cells: 1 } } });
  await host.enable("p");
  const agent = new MetadataAgent(host.plugin("p"), { timeoutMs: 300 });
  const running = agent.artistBiography({ id: "1", name: "n" });
  const abort = new AbortController();
  const waiting = new MetadataAgent(host.plugin("p"), { signal: abort.signal })
    .artistBiography({ id: "2", name: "n" });
  abort.abort();
  const answer = await waiting;
  assert.equal(answer.kind === "fault" && answer.error.code, "call.cancelled");
  assert.equal((await running).kind, "fault");
});
