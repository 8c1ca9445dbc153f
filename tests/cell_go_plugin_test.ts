import assert from "node:assert/strict";
import type { GuestOutcome } from "../src/cell/mod.ts";
import { ECHO, goPluginGuest, type GoPluginParts, packed } from "./support/go_plugin_guest.ts";
import { type GuestOptions, GuestUnderTest } from "./support/guests.ts";
import { promise } from "./support/promises.ts";

const MBID = "metadata_agent_get_artist_mbid";
const URL_ = "metadata_agent_get_artist_url";

/** Calls one export of a guest that lives for this call. */
async function outcomeOf(
  parts: GoPluginParts,
  { name = MBID, input = "", ...options }: GuestOptions & {
    name?: string;
    input?: string | Uint8Array;
  } = {},
): Promise<GuestOutcome> {
  using guest = await start(parts, options);
  const { outcome } = await guest.call(name, input);
  assert.ok(outcome.kind !== "lost", outcome.kind === "lost" ? outcome.text : "");
  return outcome;
}

function start(parts: GoPluginParts, options: GuestOptions = {}): Promise<GuestUnderTest> {
  return GuestUnderTest.start(goPluginGuest(parts), {
    abi: "go_plugin",
    functions: parts.imports ?? [],
    ...options,
  });
}

const hex = (bytes: Uint8Array) => bytes.toHex();
const fromHex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

/** The host's own notes on what a guest called with, in order. */
function recorder(answer: (name: string) => Uint8Array = () => new Uint8Array()) {
  const notes: string[] = [];
  const handle = (name: string, request: Uint8Array) => {
    notes.push(`${name} ${hex(request)}`);
    return answer(name);
  };
  return { notes, handle };
}

promise("A service is checked before it is used, in this order", [
  {
    name: "no version",
    parts: { without: ["metadata_agent_api_version"] },
    says: "metadata_agent_api_version is not exported",
  },
  {
    name: "another version",
    parts: { version: "(i64.const 2)" },
    says: "API version mismatch, host: 1, plugin: 2",
  },
  {
    name: "a negative version",
    parts: { version: "(i64.const -1)" },
    says: "API version mismatch, host: 1, plugin: 18446744073709551615",
  },
  {
    name: "another version, and no method",
    parts: { version: "(i64.const 2)", without: [MBID] },
    says: "API version mismatch, host: 1, plugin: 2",
  },
  { name: "no method", parts: { without: [MBID, "malloc"] }, says: `${MBID} is not exported` },
  {
    name: "no other method of the service",
    parts: { without: ["metadata_agent_get_album_info", URL_] },
    says: `${URL_} is not exported`,
  },
  { name: "no malloc", parts: { without: ["free", "malloc"] }, says: "malloc is not exported" },
  { name: "no free", parts: { without: ["free"] }, says: "free is not exported" },
  { name: "no memory", parts: { memory: "(memory 1)" }, says: "memory is not exported" },
], async ({ parts, says }) => {
  assert.deepEqual(await outcomeOf(parts), { kind: "trapped", text: says });
});

Deno.test("What another service lacks is no fault of a call", async () => {
  const outcome = await outcomeOf({
    without: ["scrobbler_api_version", "lifecycle_management_on_init"],
    methods: { [MBID]: "(i64.const 0)" },
  });
  assert.deepEqual(outcome, { kind: "returned", code: 0, output: new Uint8Array() });
});

promise("A request reaches a method as it is, and a result comes back as it is", [
  { name: "13 bytes", bytes: "0a 02 69 64 12 07 42 65 61 74 6c 65 73" },
  { name: "nothing", bytes: "" },
  { name: "bytes that are no message", bytes: "ff ff" },
  { name: "100,000 bytes, for which the memory grows", bytes: "a5".repeat(100_000) },
], async ({ bytes }) => {
  const outcome = await outcomeOf({ methods: { [MBID]: ECHO } }, { input: fromHex(bytes) });
  assert.ok(outcome.kind === "returned");
  assert.equal(hex(outcome.output), bytes.replaceAll(" ", ""));
});

Deno.test("An empty request is (0, 0) and no malloc", async () => {
  const outcome = await outcomeOf({
    malloc: "(unreachable)",
    methods: {
      [MBID]: `(if (i32.or (local.get $at) (local.get $size)) (then (unreachable))) (i64.const 0)`,
    },
  });
  assert.equal(outcome.kind, "returned");
});

promise(
  "A packed result is read as unsigned",
  [
    { name: "0 is an empty success", result: "(i64.const 0)", output: "" },
    { name: "an address with no length", result: packed(64, 0), output: "" },
    { name: "bytes at an address", result: packed(64, 3), output: "616263" },
    { name: "bytes at address 0", result: packed(0, 2), output: "0000" },
    { name: "the error flag alone", result: packed(0, 0x8000_0000), error: "" },
    {
      name: "the error flag with an address and no length",
      result: packed(64, 0x8000_0000),
      error: "",
    },
    { name: "an error text", result: packed(64, 0x8000_0003), error: "abc" },
    {
      name: "an address above 2 GiB that is not there",
      result: packed(0xfff0_0000, 4),
      says: /^Memory\.Read\(4293918720, 4\) out of range of memory size 65536$/,
    },
    { name: "a length beyond the memory", result: packed(64, 65_473), says: /out of range/ },
    { name: "the last byte of the memory", result: packed(65_535, 1), output: "00" },
    { name: "the longest length", result: packed(64, 0x7fff_ffff), says: /out of range/ },
    {
      name: "an error text beyond the memory",
      result: packed(64, 0xffff_ffff),
      says: /out of range/,
    },
  ],
  async (
    { result, output, error, says }: {
      result: string;
      output?: string;
      error?: string;
      says?: RegExp;
    },
  ) => {
    const outcome = await outcomeOf({
      methods: { [MBID]: result },
      more: '(data (i32.const 64) "abc")',
    });
    if (says !== undefined) {
      assert.equal(outcome.kind, "trapped");
      assert.match(outcome.kind === "trapped" ? outcome.text : "", says);
    } else {
      assert.ok(outcome.kind === "returned");
      assert.equal(outcome.error, error);
      assert.equal(hex(outcome.output), output ?? "");
    }
  },
);

Deno.test("A result is copied before the guest is entered again, then it and the request are freed, in this order", async () => {
  const { notes, handle } = recorder();
  const outcome = await outcomeOf({
    imports: ["note"],
    methods: { [MBID]: packed(64, 3) },
    // Overwrites the result, and tells which block is freed.
    free: `(i32.store (i32.const 64) (i32.const 0)) (i32.store (i32.const 8) (local.get $at))
      (drop (call $note (i32.const 8) (i32.const 4)))`,
    more: '(data (i32.const 64) "abc")',
  }, { input: "xy", handle });
  assert.ok(outcome.kind === "returned");
  assert.equal(hex(outcome.output), "616263");
  assert.deepEqual(notes, ["note 40000000", "note 00100000"]);
});

Deno.test("A call that faults frees nothing, and a fault of free does not spoil a result", async () => {
  const { notes, handle } = recorder();
  const parts = {
    imports: ["note"],
    free: "(drop (call $note (i32.const 8) (i32.const 4))) (unreachable)",
  };
  const faulty = await outcomeOf(parts, { input: "xy", handle });
  assert.deepEqual([faulty.kind, notes.length], ["trapped", 0]);
  const fine = await outcomeOf({ ...parts, methods: { [MBID]: ECHO } }, { input: "xy", handle });
  assert.deepEqual([fine.kind, notes.length], ["returned", 2]);
});

/** A method that hands its request to an import, and that import's response out. */
const passing = (name: string) => `(call $${name} (local.get $at) (local.get $size))`;

promise("A host function gets the guest's bytes, and its answer lies in the guest's memory", [
  { name: "bytes both ways", request: "616263", response: "0102030405" },
  { name: "an empty request", request: "", response: "01" },
  { name: "an empty response is 0", request: "61", response: "" },
  { name: "an answer for which the memory grows", request: "61", response: "5a".repeat(300_000) },
], async ({ request, response }) => {
  const { notes, handle } = recorder(() => fromHex(response));
  const outcome = await outcomeOf(
    { imports: ["get"], methods: { [MBID]: passing("get") } },
    { input: fromHex(request), handle },
  );
  assert.ok(outcome.kind === "returned");
  assert.equal(hex(outcome.output), response);
  assert.deepEqual(notes, [`get ${request}`]);
});

Deno.test("A malloc that calls the host is answered while it is itself asked for an answer's room", async () => {
  const { notes, handle } = recorder((name) => name === "get" ? fromHex("0102") : fromHex(""));
  const outcome = await outcomeOf({
    imports: ["get", "note"],
    malloc: "(drop (call $note (i32.const 8) (i32.const 1))) (i32.const 4096)",
    methods: { [MBID]: passing("get") },
  }, { handle });
  assert.ok(outcome.kind === "returned");
  assert.equal(hex(outcome.output), "0102");
  assert.deepEqual(notes, ["get ", "note 00"]);
});

promise("A host call that cannot be carried out ends the guest's call", [
  { name: "the host refuses", says: "host function failed", refuses: true },
  {
    name: "a request outside the memory",
    args: "(i32.const 65530) (i32.const 10)",
    says: "Memory.Read(65530, 10) out of range of memory size 65536",
  },
  {
    name: "a negative size",
    args: "(i32.const 0) (i32.const -1)",
    says: "Memory.Read(0, 4294967295) out of range of memory size 65536",
  },
  {
    name: "a negative offset",
    args: "(i32.const -8) (i32.const 0)",
    says: "Memory.Read(4294967288, 0) out of range of memory size 65536",
  },
  {
    name: "malloc gives an address outside",
    malloc: "(i32.const -16)",
    says: "Memory.Write(4294967280, 3) out of range of memory size 65536",
  },
  { name: "malloc traps", malloc: "(unreachable)", says: "unreachable" },
], async ({ says, args = "(i32.const 0) (i32.const 4)", malloc, refuses }: {
  says: string;
  args?: string;
  malloc?: string;
  refuses?: boolean;
}) => {
  const outcome = await outcomeOf({
    imports: ["get"],
    methods: { [MBID]: `(call $get ${args})` },
    ...(malloc !== undefined && { malloc }),
  }, {
    handle: () => {
      if (refuses) throw new Error("not told to guests");
      return fromHex("616263");
    },
  });
  assert.deepEqual(outcome, { kind: "trapped", text: says });
});

Deno.test("_initialize runs once, before the first check, and may call the host", async () => {
  const { notes, handle } = recorder();
  await outcomeOf({
    imports: ["note"],
    initialise: "(drop (call $note (i32.const 0) (i32.const 1)))",
    version: "(drop (call $note (i32.const 0) (i32.const 2))) (i64.const 1)",
    methods: { [MBID]: "(drop (call $note (i32.const 0) (i32.const 3))) (i64.const 0)" },
  }, { handle });
  assert.deepEqual(notes, ["note 00", "note 0000", "note 000000"]);
});

const EXIT = `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;
const withExit = (text: string) => text.replace("(module", `(module ${EXIT}`);

promise(
  "Leaving is a fault, but for 0 in the initialiser",
  [
    {
      name: "0 in the initialiser",
      initialise: 0,
      outcome: { kind: "returned", code: 0, output: new Uint8Array() },
    },
    {
      name: "3 in the initialiser",
      initialise: 3,
      outcome: { kind: "trapped", text: "unexpected exit_code: 3" },
    },
    { name: "0 in a method", method: 0, outcome: { kind: "exited", code: 0 } },
    { name: "-1 in a method", method: -1, outcome: { kind: "exited", code: 0xffff_ffff } },
  ],
  async ({ initialise, method, outcome }) => {
    using guest = await GuestUnderTest.start(
      withExit(goPluginGuest({
        methods: {
          [MBID]: `${
            method === undefined ? "" : `(call $exit (i32.const ${method}))`
          } (i64.const 0)`,
        },
        ...(initialise !== undefined && { initialise: `(call $exit (i32.const ${initialise}))` }),
      })),
      { abi: "go_plugin" },
    );
    assert.deepEqual((await guest.call(MBID)).outcome, outcome);
  },
);

Deno.test("A line of standard error is an entry at level info, standard output is thrown away", async () => {
  const write = (stream: number, from: number) =>
    `(drop (call $write (i32.const ${stream}) (i32.const ${from}) (i32.const 1) (i32.const 56)))`;
  using guest = await GuestUnderTest.start(
    goPluginGuest({
      methods: { [MBID]: `${write(1, 0)} ${write(2, 8)} (i64.const 0)` },
      more: `(data (i32.const 0) "\\20\\00\\00\\00\\04\\00\\00\\00\\24\\00\\00\\00\\09\\00\\00\\00")
        (data (i32.const 32) "out\\none\\ntwo\\nthree")`,
    }).replace(
      "(module",
      '(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))',
    ),
    { abi: "go_plugin" },
  );
  const { log } = await guest.call(MBID);
  assert.deepEqual(log.lines, [
    { level: "info", text: "one" },
    { level: "info", text: "two" },
    { level: "info", text: "t" },
  ]);
});

Deno.test("Every call has an instance of its own, after a trap too", async () => {
  using guest = await start({
    methods: {
      [MBID]: `(i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
        (if (local.get $size) (then (unreachable))) ${packed(64, 1)}`,
    },
  }, { pool: { cells: 1 } });
  for (let i = 0; i < 3; i++) {
    assert.equal((await guest.call(MBID, "trap")).outcome.kind, "trapped");
    const { outcome } = await guest.call(MBID);
    assert.ok(outcome.kind === "returned");
    assert.equal(hex(outcome.output), "01");
  }
});
