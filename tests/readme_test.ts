import assert from "node:assert/strict";
import { parseConfiguration } from "../src/configuration/mod.ts";
import { commandRows } from "./support/command_table.ts";
import { errorRows } from "./support/error_table.ts";

const README = Deno.readTextFileSync("README.md");

Deno.test("the README's table of error codes is the list in the code, with its statuses", () => {
  const [, section = ""] = README.split("\n## Error codes\n");
  const rows = section.split("\n## ", 1).join("").split("\n").filter((line) => /^\| `/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()).slice(1, 4));
  assert.deepEqual(rows, errorRows(), "run tests/support/error_table.ts");
});

Deno.test("the README's table of commands is the table in the code", () => {
  const [, section = ""] = README.split("\n## Commands\n");
  const rows = section.split("\n## ", 1).join("").split("\n").filter((line) => /^\| `/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()).slice(1, 3));
  assert.deepEqual(rows, commandRows(), "run tests/support/command_table.ts");
});

Deno.test("every task that the README names is there", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const named = Array.from(
    README.matchAll(/deno(?:@[\d.]+)? task ([\w:]+)/g),
    ([, name]) => name ?? "",
  );
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(name in tasks, name);
});

Deno.test("no task gives every permission", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  for (const [name, command] of Object.entries<string>(tasks)) {
    if (/deno (?:run|test|bench)\b/.test(command)) assert.match(command, /--no-prompt/, name);
    // The gates under test are given no more than their process has; so the tests' may reach any
    // name but one, as the service may.
    const flags = command.replace("--allow-net --deny-net=forbidden.example ", "");
    assert.doesNotMatch(flags, / -A\b|--allow-all|--allow-(?:write|net|run|env|ffi)(?: |$)/, name);
  }
});

Deno.test("every file that SECURITY.md names as a test is there", () => {
  const named = Deno.readTextFileSync("SECURITY.md").match(/tests\/\w+\.ts/g) ?? [];
  assert.ok(named.length > 5);
  for (const path of named) assert.ok(Deno.statSync(path).isFile);
});

Deno.test("the configuration that the README shows is understood, all of it", () => {
  const [, text = ""] = /```toml\n([^]*?)```/.exec(README) ?? [];
  const configuration = parseConfiguration(text);
  assert.deepEqual(configuration.problems, []);
  assert.ok(configuration.musicServer);
});
