import assert from "node:assert/strict";
import { taskArguments } from "./support/launcher.ts";
import { copyTree, tempDir } from "./support/temp_dir.ts";

const ALLOWED = new Set(["write the data folder", "read its own code", "listen on loopback"]);

Deno.test("the launched service can do what its configuration says, and nothing else", async () => {
  using folder = tempDir();
  copyTree("src", `${folder.path}/src`);
  Deno.copyFileSync("deno.json", `${folder.path}/deno.json`);
  Deno.copyFileSync("tests/support/probe.ts", `${folder.path}/src/cli/run.ts`);
  Deno.mkdirSync(`${folder.path}/tests`);
  Deno.writeTextFileSync(`${folder.path}/tests/secret`, "");
  copyTree("schema", `${folder.path}/schema`);
  const [launcher] = taskArguments("start").slice(-2);
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...taskArguments("start").slice(0, -2),
      `${folder.path}/${launcher}`,
      "start",
      "--listen",
      "127.0.0.1:4997",
      "--data",
      `${folder.path}/my data`,
    ],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { outcomes, states } = JSON.parse(new TextDecoder().decode(stdout));
  const wanted = Object.fromEntries(
    Object.keys(outcomes).map((name) => [name, ALLOWED.has(name) ? "done" : "denied"]),
  );
  assert.deepEqual(outcomes, wanted);
  assert.ok(Object.keys(outcomes).length > 15);
  for (const [name, state] of Object.entries(states)) {
    assert.notEqual(state, "granted", `${name} is granted without a list`);
  }
});
