import assert from "node:assert/strict";
import { CommandLog, warn } from "../src/cli/mod.ts";
import { SoundproofError } from "../src/errors.ts";
import type { LogEntry } from "../src/host/mod.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";

function entry(level: LogEntry["level"], message: string, plugin?: string): LogEntry {
  return { time: "2026-01-02T12:00:00.000Z", level, message, ...(plugin && { plugin }) };
}

Deno.test("what a host warns of is told once, when a command is over", () => {
  const terminal = new FakeTerminal(80);
  const log = new CommandLog(terminal);
  log.add(entry("info", "nothing to see"));
  log.add(entry("warn", "a lock is old"));
  log.add(entry("error", 'Cannot load plugin "a": it is odd', "a"));
  log.add(entry("error", 'Cannot load plugin "a": it is odd', "a"));
  assert.equal(terminal.stderr, "");
  log.end();
  assert.equal(
    terminal.stderr,
    'warning: a lock is old\nwarning: Cannot load plugin "a": it is odd\n',
  );
});

Deno.test("what a command says by itself, or ends with, is not told again", () => {
  const terminal = new FakeTerminal(80);
  const log = new CommandLog(terminal);
  log.add(entry("error", "Cannot load: x\x1b", "a"));
  log.add(entry("error", "Cannot grant: y", "a"));
  warn("Cannot load: x\x1b (module.invalid)", log.terminal);
  log.end(new SoundproofError("grant.invalid", "Cannot grant: y"));
  assert.equal(terminal.stderr, "warning: Cannot load: x\\u{1b} (module.invalid)\n");
});

Deno.test("while a plugin is called its lines are shown as they come, and harmless", () => {
  const terminal = new FakeTerminal(80);
  const log = new CommandLog(terminal);
  log.add(entry("info", "before the call", "a"));
  log.follow();
  log.add(entry("info", "hello\x1b[2J", "a"));
  assert.equal(terminal.stderr, "info a: hello\\u{1b}[2J\n");
  log.end();
  assert.equal(terminal.stderr, "info a: hello\\u{1b}[2J\n");
});
