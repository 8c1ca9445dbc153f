import assert from "node:assert/strict";
import { type Report, withProgress } from "../src/cli/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";

/** Work that goes on until it is told to end. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let report: Report = () => {};
  return {
    end: resolve,
    report: (done: number, total?: number) => report(done, total),
    run: (given: Report) => {
      report = given;
      return promise;
    },
  };
}

Deno.test("what ends within a second shows nothing", async () => {
  const [terminal, clock, job] = [new FakeTerminal(80), new FakeClock(), work()];
  const done = withProgress("Working", terminal, job.run, clock);
  await clock.advance(999);
  job.end("done");
  assert.equal(await done, "done");
  assert.equal(terminal.stderr, "");
  assert.equal(clock.waiting, 0);
});

Deno.test("what takes longer shows how far it is, on one line of stderr that is gone in the end", async () => {
  const [terminal, clock, job] = [new FakeTerminal(80), new FakeClock(), work()];
  const done = withProgress("Downloading a", terminal, job.run, clock);
  job.report(2_500_000, 5_000_000);
  await clock.advance(1_000);
  assert.equal(
    terminal.stderr,
    `\r[${"#".repeat(12)}${"-".repeat(12)}] Downloading a 2.5 of 5.0 MB\x1b[K`,
  );
  job.report(5_000_000, 5_000_000);
  await clock.advance(100);
  assert.ok(terminal.stderr.includes(`[${"#".repeat(24)}] Downloading a 5.0 of 5.0 MB`));
  job.end("");
  await done;
  assert.ok(terminal.stderr.endsWith("\r\x1b[K"));
  assert.ok(!terminal.stderr.includes("\n"));
  assert.equal(terminal.stdout, "");
  assert.equal(clock.waiting, 0);
});

Deno.test("where nobody knows how much there is, the bar moves", async () => {
  const [terminal, clock, job] = [new FakeTerminal(80), new FakeClock(), work()];
  const done = withProgress("Loading a", terminal, job.run, clock);
  await clock.advance(1_100);
  const [, first, second] = terminal.stderr.split("\r");
  assert.match(first ?? "", /^\[###-{21}\] Loading a/);
  assert.match(second ?? "", /^\[-###-{20}\] Loading a/);
  job.end("");
  await done;
});

Deno.test("a line is no longer than the terminal, and work that fails leaves none", async () => {
  const [terminal, clock] = [new FakeTerminal(30), new FakeClock()];
  const { promise, reject } = Promise.withResolvers<never>();
  const done = withProgress("x".repeat(100), terminal, () => promise, clock);
  await clock.advance(1_000);
  const [, line = ""] = terminal.stderr.split("\r");
  assert.equal(line.replace("\x1b[K", "").length, 30);
  reject(new TypeError("no"));
  await assert.rejects(done, TypeError);
  assert.ok(terminal.stderr.endsWith("\r\x1b[K"));
  assert.equal(clock.waiting, 0);
});

Deno.test("in a pipe nothing is shown", async () => {
  const [terminal, clock, job] = [new FakeTerminal(), new FakeClock(), work()];
  const done = withProgress("Working", terminal, job.run, clock);
  await clock.advance(5_000);
  job.end("");
  await done;
  assert.equal(terminal.stderr, "");
});
