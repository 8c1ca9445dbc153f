import assert from "node:assert/strict";
import { admitModule, DEFAULT_MODULE_LIMITS } from "../src/cell/mod.ts";
import { goPluginGuest, type GoPluginParts, packed } from "./support/go_plugin_guest.ts";
import { assemble, GuestUnderTest } from "./support/guests.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { becomesTrue, measured, promise, residentMb } from "./support/promises.ts";

const alone = inOwnProcess(import.meta.url);

const RUN = "metadata_agent_get_artist_mbid";
const call = (at: string, size: string) => `(call $get (i32.const ${at}) (i32.const ${size}))`;
const forever = "(loop $l (br $l)) (unreachable)";

interface Attack extends GoPluginParts {
  readonly name: string;
  readonly body: string;
  readonly kind: "returned" | "trapped" | "deadline";
  readonly says?: RegExp;
}

/** What does its worst where the request is not empty; the next call, with an empty one, must be fine. */
const ATTACKS: readonly Attack[] = [
  { name: "loops in a method", body: forever, kind: "deadline" },
  { name: "loops in malloc", body: "", malloc: forever, kind: "deadline" },
  {
    name: "loops in malloc while a host call is answered",
    body: call("0", "1"),
    kind: "deadline",
    malloc:
      `(if (global.get $armed) (then ${forever})) (global.set $armed (i32.const 1)) (i32.const 4096)`,
  },
  {
    name: "loops in free, once its result is taken",
    body: packed(64, 4),
    free: forever,
    kind: "deadline",
  },
  {
    name: "recurses for ever",
    body: "(call $again (local.get $at) (local.get $size))",
    more: `(func $again (param i32 i32) (result i64) (call $again (local.get 0) (local.get 1)))`,
    kind: "trapped",
    says: /call stack/,
  },
  {
    name: "recurses for ever through the host and malloc",
    body: call("0", "1"),
    malloc: `(if (global.get $armed) (then (drop ${
      call("0", "1")
    }))) (global.set $armed (i32.const 1)) (i32.const 4096)`,
    kind: "trapped",
  },
  {
    name: "calls the host from free",
    body: packed(64, 4),
    free: `(drop ${call("0", "1")})`,
    kind: "returned",
  },
  {
    name: "frees for ever from free",
    body: packed(64, 4),
    free: "(call $free (local.get $at))",
    kind: "returned",
  },
  { name: "traps in free", body: packed(64, 4), free: "(unreachable)", kind: "returned" },
  {
    name: "traps in malloc",
    body: "",
    malloc: "(unreachable)",
    kind: "trapped",
    says: /unreachable/,
  },
  {
    name: "gives its own request out and grows beneath it",
    body: `(drop (memory.grow (i32.const 100))) ${packed(4096, 6)}`,
    kind: "returned",
  },
  {
    name: "grows to the ceiling and gives all of it out",
    body: `(loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) ${
      packed(0, 0x0fc0_0000)
    }`,
    kind: "trapped",
    says: /response is too large: size is 264241152, max size is 67108864/,
  },
  {
    name: "gives out more than its memory",
    body: packed(0, 0x7fff_ffff),
    kind: "trapped",
    says: /out of range/,
  },
  {
    name: "gives out what lies outside",
    body: packed(0xffff_ffff, 1),
    kind: "trapped",
    says: /out of range/,
  },
  {
    name: "leaves an error text of megabytes",
    body: `(drop (memory.grow (i32.const 1000))) ${packed(0, 0x8000_0000 + 60_000_000)}`,
    kind: "returned",
  },
  {
    name: "has malloc give an address outside for its request",
    body: "",
    malloc: "(i32.const 65535)",
    kind: "trapped",
    says: /Memory\.Write\(65535, 6\) out of range/,
  },
  {
    name: "has malloc give a negative address for an answer",
    body: call("0", "1"),
    malloc:
      `(if (global.get $armed) (then (return (i32.const -4)))) (global.set $armed (i32.const 1)) (i32.const 4096)`,
    kind: "trapped",
    says: /Memory\.Write\(4294967292, 4\)/,
  },
  {
    name: "has malloc give address 0",
    body: packed(0, 6),
    malloc: "(i32.const 0)",
    kind: "returned",
  },
  {
    name: "sends the host a request of a negative size",
    body: call("0", "-1"),
    kind: "trapped",
    says: /out of range/,
  },
  {
    name: "sends the host all of 256 MiB",
    body: `(loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) ${
      call("0", "0x0fc00000")
    }`,
    kind: "trapped",
    says: /request of the host call is too large/,
  },
  {
    name: "keeps a thousand answers",
    body: `(loop $more (drop ${
      call("0", "1")
    }) (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))) (i64.const 0)`,
    kind: "returned",
  },
  {
    name: "catches what a host call throws, and goes on",
    body: `(try (do (drop ${call("-8", "1")})) (catch_all)) ${packed(64, 1)}`,
    kind: "returned",
  },
  { name: "waits for an answer that never comes", body: call("0", "9"), kind: "deadline" },
  {
    name: "waits in free for an answer that never comes",
    body: packed(64, 4),
    free: `(drop ${call("0", "9")})`,
    kind: "deadline",
  },
];

alone(
  `An attack on the older ABI ends with a typed outcome, the next call is fine, and memory comes back [${ATTACKS.length} cases]`,
  async () => {
    let broken = "";
    const startMb = residentMb();
    for (const { name, body, kind, says, more = "", ...parts } of ATTACKS) {
      const text = goPluginGuest({
        imports: ["get"],
        ...parts,
        // A method runs no malloc for an empty request, nor free for an empty result.
        methods: {
          [RUN]: `(if (i32.eqz (local.get $size)) (then (return (i64.const 0)))) ${
            body || "(i64.const 0)"
          }`,
        },
        more: `(global $armed (mut i32) (i32.const 0)) ${more}`,
      });
      using guest = await GuestUnderTest.start(text, {
        abi: "go_plugin",
        functions: ["get"],
        pool: { cells: 1 },
        handle: (_name, request) =>
          request.byteLength === 9 ? new Promise(() => {}) : Uint8Array.of(1, 2, 3, 4),
      });
      for (let round = 0; round < 2; round++) {
        const { outcome } = await guest.call(RUN, "attack", kind === "deadline" ? 300 : 10_000);
        const told = outcome.kind === "trapped" ? outcome.text : "";
        if (outcome.kind !== kind || (says !== undefined && !says.test(told))) {
          broken += `${name}: ${outcome.kind} ${told}\n`;
        }
        if (outcome.kind === "returned") assert.ok((outcome.error?.length ?? 0) <= 6 * 65_536);
        const next = await guest.call(RUN, "");
        if (next.outcome.kind !== "returned") broken += `${name}: next call ${next.outcome.kind}\n`;
      }
      const { lost, cells } = guest.pool.counters;
      if (lost !== 0 || cells !== 1) broken += `${name}: ${lost} cells lost\n`;
    }
    assert.equal(broken, "");
    await becomesTrue(() => residentMb() < startMb + 250, 5_000);
    measured(`resident memory: ${startMb} MB before, ${residentMb()} MB after`);
    assert.ok(residentMb() < startMb + 400);
  },
);

const WORDS = [0, 1, 8, 63, 64, 65_535, 65_536, 131_072, 2 ** 31 - 1, -(2 ** 31), -65_536, -8, -1];

Deno.test("No offset, size, address or result can hurt the host: a call ends as returned or trapped", async () => {
  const pairs = WORDS.flatMap((one) => WORDS.map((other) => [one, other] as const));
  const names = Object.keys({ host: 0, result: 0, malloc: 0 });
  for (const what of names) {
    // The pair is the request: two words, read by the guest.
    const word = (at: number) => `(i32.load (i32.const ${at}))`;
    const both = `(i64.or (i64.shl (i64.extend_i32_u ${
      word(0)
    }) (i64.const 32)) (i64.extend_i32_u ${word(4)}))`;
    using guest = await GuestUnderTest.start(
      goPluginGuest({
        imports: ["get"],
        malloc: what === "malloc"
          ? `(if (global.get $armed) (then (return ${
            word(0)
          }))) (global.set $armed (i32.const 1)) (i32.const 0)`
          : "(i32.const 0)",
        methods: {
          [RUN]: what === "result"
            ? both
            : what === "host"
            ? `(call $get ${word(0)} ${word(4)})`
            : "(call $get (i32.const 0) (i32.const 8))",
        },
        more: "(global $armed (mut i32) (i32.const 0))",
      }),
      { abi: "go_plugin", functions: ["get"], handle: () => new Uint8Array(100) },
    );
    const outcomes = await Promise.all(pairs.map(async ([one, other]) => {
      const input = new Uint8Array(new Int32Array([one, other]).buffer);
      return (await guest.call(RUN, input)).outcome.kind;
    }));
    assert.deepEqual([...new Set(outcomes)].sort(), ["returned", "trapped"], what);
    assert.equal(guest.pool.counters.lost, 0);
  }
});

const admit = (text: string, functions: readonly string[] = []) =>
  admitModule(assemble(text), {
    abi: "go_plugin",
    functions: new Set(functions),
    explain: (name) => `needs what brings ${name}`,
    memoryBytes: 1 << 24,
    limits: DEFAULT_MODULE_LIMITS,
  });
const importing = (module: string, name: string, type: string) =>
  `(module (import "${module}" "${name}" ${type}))`;
const FUNCTION = "(func (param i32 i32) (result i64))";

promise(
  "Nothing but granted functions of env and WASI can be imported",
  [
    {
      name: "a function that was not granted",
      module: "env",
      import: "get",
      says: /host function "get" needs what brings get/,
    },
    {
      name: "another function of env",
      module: "env",
      import: "system",
      says: /host function "system" needs/,
    },
    {
      name: "a granted function of another type",
      module: "env",
      import: "post",
      type: "(func (param i32) (result i64))",
      says: /wrong type: it is i:j, wanted is ii:j/,
    },
    {
      name: "a memory of env",
      module: "env",
      import: "post",
      type: "(memory 1)",
      says: /is not a function/,
    },
    {
      name: "a global of env",
      module: "env",
      import: "post",
      type: "(global i32)",
      says: /is not a function/,
    },
    {
      name: "a table of env",
      module: "env",
      import: "post",
      type: "(table 1 funcref)",
      says: /is not a function/,
    },
    {
      name: "the Extism kernel",
      module: "extism:host/env",
      import: "alloc",
      type: "(func (param i64) (result i64))",
      says: /a module that does not exist here/,
    },
    {
      name: "a host function of the other generation",
      module: "extism:host/user",
      import: "post",
      type: "(func (param i64) (result i64))",
      says: /a module that does not exist here/,
    },
    {
      name: "a module with another name",
      module: "Env",
      import: "post",
      says: /a module that does not exist here/,
    },
    {
      name: "WASI of the future",
      module: "wasi:http/types",
      import: "post",
      says: /a module that does not exist here/,
    },
  ],
  (
    { module, import: name, type = FUNCTION, says }: {
      module: string;
      import: string;
      type?: string;
      says: RegExp;
    },
  ) => {
    assert.throws(() => admit(importing(module, name, type), ["post"]), {
      code: "module.import_refused",
      message: says,
    });
  },
);

Deno.test("A module of today's generation cannot import from env", () => {
  assert.throws(
    () =>
      admitModule(assemble(importing("env", "get", FUNCTION)), {
        functions: new Set(["get"]),
        explain: () => "",
        memoryBytes: 1 << 24,
        limits: DEFAULT_MODULE_LIMITS,
      }),
    { code: "module.import_refused", message: /a module that does not exist here/ },
  );
});

promise("An export of the ABI has the ABI's type", [
  {
    name: "malloc",
    type: "(param i64) (result i64)",
    body: "(i64.const 0)",
    says: /invalid malloc signature: it is j:j, wanted is i:i/,
  },
  { name: "malloc", type: "(param i32)", body: "", says: /invalid malloc signature/ },
  {
    name: "free",
    type: "(param i32) (result i32)",
    body: "(i32.const 0)",
    says: /invalid free signature/,
  },
  {
    name: "_initialize",
    type: "(result i32)",
    body: "(i32.const 0)",
    says: /invalid _initialize signature/,
  },
  {
    name: "scrobbler_api_version",
    type: "",
    body: "",
    says: /invalid scrobbler_api_version signature/,
  },
  {
    name: "scrobbler_api_version",
    type: "(result i64 i64)",
    body: "(i64.const 1) (i64.const 1)",
    says: /invalid scrobbler_api_version signature/,
  },
  {
    name: "scrobbler_api_version",
    type: "(param i32) (result i64)",
    body: "(i64.const 1)",
    says: /invalid scrobbler_api_version signature/,
  },
  {
    name: "scrobbler_scrobble",
    type: "(param i32 i32) (result i32)",
    body: "(i32.const 0)",
    says: /invalid scrobbler_scrobble signature: it is ii:i, wanted is ii:j/,
  },
], ({ name, type, body, says }) => {
  assert.throws(() => admit(`(module (func (export "${name}") ${type} ${body}))`), {
    code: "module.export_refused",
    message: says,
  });
});

Deno.test("A module of the ABI is admitted with what it was granted, twice imported or not", () => {
  const wasi = '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))';
  const env = `(import "env" "get" ${FUNCTION})`;
  const admitted = admit(`(module ${wasi} ${wasi} ${env} ${env})`, ["get", "post"]);
  assert.deepEqual(admitted.functions, ["get"]);
});
