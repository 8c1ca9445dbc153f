import assert from "node:assert/strict";
import {
  ALL_COMMANDS,
  checked,
  type CommandSpec,
  displayWidth,
  helpText,
  parseCommand,
  synopsis,
} from "../src/cli/mod.ts";

function spec(facts: Partial<CommandSpec>): CommandSpec {
  return {
    name: "plugin try",
    words: [],
    does: "tries",
    notes: [],
    options: {},
    read: () => ({ kind: "list" }),
    ...facts,
  };
}

/** Tables that are none, and what is said of them. */
const BROKEN: readonly [string, readonly CommandSpec[], RegExp][] = [
  ["a name twice", [spec({}), spec({})], /"plugin try" begins with its name/],
  ["a name that hides another", [spec({}), spec({ name: "plugin try it" })], /"plugin try it"/],
  ["a name of no group", [spec({ name: "try" })], /its name/],
  ["an empty name", [spec({ name: "" })], /its name/],
  ["no description", [spec({ does: "" })], /does not say/],
  ["an option without one", [spec({ options: { x: { help: "" } } })], /--x does not say/],
  ["an option of every command", [spec({ options: { json: { help: "x" } } })], /--json/],
  ["one letter for two options", [spec({ options: { x: { short: "h", help: "x" } } })], /letter/],
  ["a word after one that can be left out", [spec({ words: ["[A]", "B"] })], /left out/],
];
for (const [name, commands, wanted] of BROKEN) {
  Deno.test(`a table of commands with ${name} is refused`, () => {
    assert.throws(
      () => checked(commands),
      (thrown) => thrown instanceof TypeError && wanted.test(thrown.message),
    );
  });
}

Deno.test("an option that its command does not describe cannot be read", () => {
  const { read } = ALL_COMMANDS.find(({ name }) => name === "plugin list") ?? spec({});
  assert.equal(
    read({
      words: [],
      flag: () => assert.fail(),
      text: () => assert.fail(),
      texts: () => assert.fail(),
      refuse: () => assert.fail(),
    }).kind,
    "list",
  );
  assert.throws(() => parseCommand(["plugin", "list", "--yes"]), { code: "cli.usage" });
});

Deno.test("every command has a help that names it and its options, and fits 80 columns", () => {
  assert.ok(ALL_COMMANDS.length >= 12);
  const topics = [
    "soundproof",
    "start",
    "plugin",
    "token",
    ...ALL_COMMANDS.map(({ name }) => name),
  ];
  for (const topic of topics) {
    const line = topic === "soundproof" ? ["--help"] : [...topic.split(" "), "--help"];
    assert.deepEqual(parseCommand(line), { kind: "help", topic });
    for (const text of helpText(topic).split("\n")) {
      assert.ok(displayWidth(text) <= 80, `${topic}: ${text}`);
    }
  }
  for (const command of ALL_COMMANDS) {
    const help = helpText(command.name);
    assert.ok(help.includes(`Usage: ${synopsis(command)} [options]`), help);
    for (const [option, { help: told }] of Object.entries(command.options)) {
      // What only the launcher says is nobody's to type.
      assert.equal(help.includes(`--${option}`), told !== undefined, help);
    }
    const [group = ""] = command.name.split(" ");
    assert.ok(helpText(group).includes(synopsis(command)));
  }
});
