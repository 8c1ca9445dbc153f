import { strictEqual } from "node:assert/strict";
import { SoundproofError } from "../src/errors.ts";

Deno.test("an error carries its code and its problems", () => {
  const problem = { path: "$.name", found: "nothing", wanted: "a string" };
  const error = new SoundproofError("manifest.invalid", "Cannot read manifest", {
    problems: [problem],
  });
  strictEqual(error.code, "manifest.invalid");
  strictEqual(error.problems[0], problem);
});
