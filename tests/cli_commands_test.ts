import assert from "node:assert/strict";
import {
  actsOn,
  displayWidth,
  greeting,
  parseCommand,
  perform,
  reportError,
} from "../src/cli/mod.ts";
import { SoundproofError } from "../src/errors.ts";
import type { PluginSummary } from "../src/host/mod.ts";
import { FakeAdministration } from "./support/fake_administration.ts";
import { type Answer, summary } from "./support/fake_host.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";

/** A text that would repaint the screen and turn the line around. */
const HOSTILE = "x\x1b[2J\x9b1A\u202eevil\r\nSTATE";

const HOSTILE_PLUGIN: PluginSummary = summary({
  id: `h${HOSTILE}`,
  state: "failed",
  path: `/p/${HOSTILE}`,
  manifest: {
    dialect: "navidrome",
    name: HOSTILE,
    author: HOSTILE,
    version: HOSTILE,
    description: HOSTILE,
    permissions: { cache: { reason: HOSTILE } },
  },
  exports: [HOSTILE],
  error: {
    code: "manifest.invalid",
    message: HOSTILE,
    problems: [{ path: HOSTILE, found: HOSTILE, wanted: HOSTILE }],
  },
  warnings: [{ path: HOSTILE, found: HOSTILE, wanted: HOSTILE }],
});

async function run(line: string, width?: number, plugins?: PluginSummary[], answer?: Answer) {
  const terminal = new FakeTerminal(width);
  const command = parseCommand(["plugin", ...line.split(" ")]);
  assert.ok(actsOn(command, "installation"));
  const admin = new FakeAdministration({
    plugins: (plugins ?? [summary()]).map((plugin) => ({ plugin })),
    ...(answer !== undefined && { answer }),
  });
  const code = await perform(command, { admin, service: true, terminal, json: command.json });
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

// deno-lint-ignore no-control-regex -- the line feed is the only control character that may pass
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

for (
  const line of [
    "list",
    "info ID",
    "validate ID",
    "list --json",
    "info ID --json",
    "validate ID --json",
  ]
) {
  Deno.test(`plugin ${line} shows nothing raw of what a plugin says`, async () => {
    const terminal = new FakeTerminal(400);
    const command = parseCommand([
      "plugin",
      ...line.split(" ").map((word) => word === "ID" ? HOSTILE_PLUGIN.id : word),
    ]);
    assert.ok(actsOn(command, "installation"));
    const admin = new FakeAdministration({ plugins: [{ plugin: HOSTILE_PLUGIN }] });
    await perform(command, { admin, service: true, terminal, json: command.json });
    const shown = terminal.stdout + terminal.stderr;
    assert.ok(shown.includes("evil"));
    assert.doesNotMatch(shown, RAW);
    if (!line.includes("--json")) assert.doesNotMatch(shown, /^STATE/m);
  });
}

Deno.test("the greeting shows nothing raw of what a plugin says, and fits the terminal", () => {
  const places = {
    dataDir: "/d",
    configFile: "/d/c",
    pluginsDir: "/d/p",
    tokenFile: "/d/my token",
  };
  const text = greeting("http://127.0.0.1:4747", places, [HOSTILE_PLUGIN], new FakeTerminal(40));
  assert.doesNotMatch(text, RAW);
  for (const line of text.split("\n").slice(5)) assert.ok(displayWidth(line) <= 40, line);
});

Deno.test("the greeting has a curl line for a plugin that answers", () => {
  const places = {
    dataDir: "/d",
    configFile: "/d/c",
    pluginsDir: "/d/p",
    tokenFile: "/d/my token",
  };
  const agent = summary({ exports: ["nd_get_artist_biography"] });
  const text = greeting("http://127.0.0.1:4747", places, [agent], new FakeTerminal());
  assert.ok(text.includes(`"Authorization: Bearer $(cat '/d/my token')"`), text);
  assert.ok(text.includes("/api/v1/plugins/echo/call/nd_get_artist_biography"));
  const off = summary({ exports: ["nd_get_artist_biography"], state: "disabled" });
  assert.ok(!greeting("http://x", places, [off], new FakeTerminal()).includes("curl"));
});

Deno.test("an error shows its problems below, nothing raw, and exits with 1, a usage error with 2", () => {
  const terminal = new FakeTerminal(80);
  const { error } = HOSTILE_PLUGIN;
  assert.ok(error);
  assert.equal(reportError(new SoundproofError(error.code, error.message, error), terminal), 1);
  assert.doesNotMatch(terminal.stderr, RAW);
  assert.equal(terminal.stderr.trimEnd().split("\n").length, 2);
  assert.equal(reportError(new SoundproofError("cli.usage", "Cannot"), terminal), 2);
  assert.equal(reportError(new TypeError("a\x1b[2Jb"), terminal), 1);
  assert.doesNotMatch(terminal.stderr, RAW);
});

/** Output of a guest, and what is printed in a pipe, in a terminal, and with `--json`. */
const OUTPUTS: readonly [string, string, string, string][] = [
  ['{"a": 1}', '{"a": 1}', '{"a": 1}\n', '{"a":1}\n'],
  ["", "", "\n", "null\n"],
  ["a\n\x1b[2Jb", "a\n\x1b[2Jb", "a\n\\u{1b}[2Jb\n", '{"base64":"YQobWzJKYg=="}\n'],
  ['"\u202e"', '"\u202e"', '"\\u{202e}"\n', '"\\u202e"\n'],
];
for (const [output, piped, shown, json] of OUTPUTS) {
  Deno.test(`a call that puts out ${JSON.stringify(output)} prints the bytes in a pipe, harmless text in a terminal`, async () => {
    const answer = () => new TextEncoder().encode(output);
    assert.equal((await run("call echo x", undefined, undefined, answer)).stdout, piped);
    assert.equal((await run("call echo x", 80, undefined, answer)).stdout, shown);
    assert.equal((await run("call echo x --json", undefined, undefined, answer)).stdout, json);
  });
}

Deno.test("a call hands over input and deadline", async () => {
  const seen: unknown[] = [];
  await run(
    "call echo nd_x --input [1] --timeout-ms 20",
    undefined,
    undefined,
    (name, input, options) => {
      seen.push(name, new TextDecoder().decode(input), options.timeoutMs);
      return input;
    },
  );
  assert.deepEqual(seen, ["nd_x", "[1]", 20]);
});

Deno.test("validate exits with 1 and the error where a plugin failed, with 0 and its warnings where not", async () => {
  const failed = await run("validate echo", undefined, [summary({
    state: "failed",
    error: { code: "manifest.invalid", message: "Cannot read", problems: [] },
  })]);
  assert.deepEqual(failed, {
    code: 1,
    stdout: "",
    stderr: "error: Cannot read (manifest.invalid)\n",
  });
  const sound = await run("validate echo", undefined, [
    summary({ warnings: [{ path: "$.x", found: "1", wanted: "nothing" }] }),
  ]);
  assert.deepEqual(sound, {
    code: 0,
    stdout: "Echo 1.0.0 is sound\n",
    stderr: "warning: $.x: found 1, want nothing\n",
  });
});

Deno.test("enable and disable say what became of the plugin", async () => {
  assert.equal((await run("disable echo")).stdout, "echo is disabled\n");
  assert.equal((await run("enable echo")).stdout, "echo is running\n");
  assert.equal(JSON.parse((await run("disable echo --json")).stdout).state, "disabled");
});

Deno.test("what a person has read and agreed to is granted to that package alone", async () => {
  class Swapped extends FakeAdministration {
    override async review(id: string, bytes?: Uint8Array<ArrayBuffer>) {
      return { ...await super.review(id, bytes), sha256: "a".repeat(64) };
    }
  }
  const plugin = summary({ ...HOSTILE_PLUGIN, id: "p", state: "disabled" });
  for (const kind of ["enable", "approve"]) {
    const admin = new Swapped({ plugins: [{ plugin }] });
    const command = parseCommand(["plugin", kind, "p"]);
    assert.ok(actsOn(command, "installation"));
    const terminal = new FakeTerminal(80, ["y"]);
    await assert.rejects(
      () => perform(command, { admin, service: true, terminal, json: false }),
      { code: "plugin.changed" },
    );
    assert.match(terminal.stderr, /^SHA-256 a{64}$/m);
    assert.equal(admin.decisionOn("p"), undefined);
  }
});
