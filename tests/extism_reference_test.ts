/** Needs `--allow-env=EXTISM_ENABLE_WASI_OUTPUT,__MINIMATCH_TESTING_PLATFORM__`. */

import assert from "node:assert/strict";
import { callOurs, callTheirs } from "./support/extism_reference.ts";
import { assemble, GuestUnderTest } from "./support/guests.ts";
import { kernelProgram } from "./support/kernel_program.ts";

const INTERPRETER = await Deno.readTextFile(
  new URL("guests/kernel_interpreter.wat", import.meta.url),
);
const SETTINGS = { k0: "v", k1: "a longer value", k2: "ünï🎷", k5: "x".repeat(3_000) };
const PROGRAMS = 400;

Deno.test(`${PROGRAMS} random programs give the same results and log lines in both kernels`, async () => {
  const config = new Map(Object.entries(SETTINGS));
  const module = await WebAssembly.compile(assemble(INTERPRETER));
  using guest = await GuestUnderTest.start(INTERPRETER, { config, logLevel: "debug" });
  let logged = 0;
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const ending = (["none", "none", "output", "error"] as const)[seed % 4];
    const name = ending === "none" ? "run" : "run_only";
    const program = kernelProgram(seed, config, ending);
    const ours = await callOurs(guest, name, program);
    const theirs = await callTheirs(module, name, program, SETTINGS);
    assert.doesNotMatch(theirs.answer, /^fault/, `seed ${seed}`);
    assert.notEqual(theirs.answer, "", `seed ${seed}`);
    assert.deepEqual(ours, theirs, `seed ${seed}`);
    logged += ours.log.length;
  }
  assert.ok(logged > PROGRAMS, `${logged} log lines`);
});
