import assert from "node:assert/strict";
import { displayWidth, formatTable, harmless, shellQuote } from "../src/cli/mod.ts";

const TEXTS: readonly [string, string][] = [
  ["plain née 東京 🎵", "plain née 東京 🎵"],
  ["\x1b[2J\x1b]0;title\x07", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"],
  ["a\nb\tc\r", "a\\u{a}b\\u{9}c\\u{d}"],
  ["\x9b31m", "\\u{9b}31m"],
  ["\u202egnp.exe", "\\u{202e}gnp.exe"],
  ["a\u2066b\u200fc\ufeff", "a\\u{2066}b\\u{200f}c\\u{feff}"],
  ["\u2028", "\\u{2028}"],
  ["\ud800", "\\u{d800}"],
];
for (const [text, wanted] of TEXTS) {
  Deno.test(`${JSON.stringify(text)} is shown as ${wanted}`, () =>
    assert.equal(harmless(text), wanted));
}

const WIDTHS: readonly [string, number][] = [["", 0], ["abc", 3], ["e\u0301", 1], ["東京", 4], [
  "🎵",
  2,
]];
for (const [text, width] of WIDTHS) {
  Deno.test(`"${text}" takes ${width} columns`, () => assert.equal(displayWidth(text), width));
}

const ROWS = [["hello", "running", "Hello"], ["東京", "failed", "A name that is rather long"]];

Deno.test("a table is aligned by what its cells take on the screen", () => {
  assert.equal(
    formatTable(["ID", "STATE", "NAME"], ROWS),
    "ID     STATE    NAME\nhello  running  Hello\n東京   failed   A name that is rather long\n",
  );
});

Deno.test("a table is cut to the width of the terminal, the widest column first", () => {
  const table = formatTable(["ID", "STATE", "NAME"], ROWS, 26);
  assert.equal(
    table,
    "ID     STATE    NAME\nhello  running  Hello\n東京   failed   A name th…\n",
  );
});

for (const width of [1, 10, 20, 40, 80]) {
  Deno.test(`no line of a table is longer than ${Math.max(width, 22)} columns in a terminal of ${width}`, () => {
    const rows = [["x".repeat(100), "y".repeat(50), "東".repeat(60)]];
    const lines = formatTable(["ID", "STATE", "NAME"], rows, width).trimEnd().split("\n");
    for (const line of lines) assert.ok(displayWidth(line) <= Math.max(width, 22), line);
  });
}

Deno.test("a cell cannot break out of its line", () => {
  const table = formatTable(["ID"], [["a\n\x1b[1Ab"]]);
  assert.equal(table, "ID\na\\u{a}\\u{1b}[1Ab\n");
});

const WORDS: readonly [string, string][] = [
  ["/srv/data/token", "/srv/data/token"],
  ["/srv/my data/token", "'/srv/my data/token'"],
  ["it's $(here)", "'it'\\''s $(here)'"],
];
for (const [word, quoted] of WORDS) {
  Deno.test(`a shell reads ${quoted} as ${word}`, () => assert.equal(shellQuote(word), quoted));
}
