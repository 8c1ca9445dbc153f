// Reloads under load in their short form; `deno task reloads` is the full one.

import assert from "node:assert/strict";
import { mayRun } from "./support/soak_run.ts";
import { measured } from "./support/promises.ts";

Deno.test({
  name:
    "ten plugins are reloaded in every way under load: each call is answered by the old or the new version, and nothing is left behind",
  ignore: !mayRun,
  async fn() {
    const { code, stdout } = await new Deno.Command("deno", {
      args: ["task", "--quiet", "reloads", "--reloads=2"],
      stderr: "inherit",
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    const { faults, ways, before, steady } = JSON.parse(lines.at(-1) ?? "{}");
    const text = lines.slice(0, -1).join("\n");
    assert.deepEqual([code, faults], [0, []], text);
    assert.equal(Object.keys(ways).length, 8, text);
    assert.ok(before > 0 && steady > 0, text);
    for (const line of lines.slice(0, -1)) measured(line);
  },
});
