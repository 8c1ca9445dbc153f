import assert from "node:assert/strict";
import { ALL_COMMANDS, displayWidth } from "../src/cli/mod.ts";
import { fileOf, transcript } from "./support/snapshots.ts";
import { SESSIONS } from "./support/snapshot_sessions.ts";

/** Commands whose runs need a process of their own; see `cli_end_to_end_test.ts`, `cli_author_test.ts` and `doctor_test.ts`. */
const ELSEWHERE = ["plugin dev", "plugin new", "plugin test", "doctor"];

for (const session of SESSIONS) {
  Deno.test(`the commands of the session "${session.name}" print and exit as written down`, async () => {
    const written = Deno.readTextFileSync(fileOf(session));
    assert.equal(await transcript(session), written, "deno task snapshots writes them anew");
  });
}

Deno.test("every command is among the written sessions", () => {
  const lines = SESSIONS.filter(({ name }) => name !== "help" && name !== "usage")
    .flatMap(({ steps }) => steps.map((step) => typeof step === "string" ? step : step[0]));
  for (const { name } of ALL_COMMANDS) {
    if (ELSEWHERE.includes(name)) continue;
    assert.ok(lines.some((line) => `${line} `.startsWith(`${name} `)), name);
  }
});

// deno-lint-ignore no-control-regex -- the line feed is the only control character that may pass
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

Deno.test("nothing raw of what a plugin says is in a terminal, and no line is wider than it", () => {
  for (const session of SESSIONS) {
    const terminal = Deno.readTextFileSync(fileOf(session)).split(/^\$ /m)
      .filter((part) => /^.*# in a terminal/.test(part));
    assert.ok(terminal.length > 0 || session.piped);
    for (const part of terminal) {
      const [line = "", ...printed] = part.split("\n");
      assert.doesNotMatch(printed.join("\n"), RAW, line);
      if (line.includes("--json")) continue;
      for (const text of printed) {
        if (/^(?:error|warning): |^ {2}\$|^Target path/.test(text)) continue; // sentences are not broken
        assert.ok(displayWidth(text) <= 80, `${line}: ${text}`);
      }
    }
  }
});
