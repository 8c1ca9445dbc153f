/**
 * A minute of load, by hand: `deno task load [--seconds 60]`.
 *
 * `wrk` asks the plugin `hello` through the API over 64 connections, and a bare Hono route of the same process. It ends
 * with an exit code of 1 where a request failed, memory grew, the service's own numbers are not exactly what was sent, or a
 * SIGTERM under the same load is not answered in time.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { builtPlugin } from "../support/built.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type Served, startServed } from "./start.ts";
import { load, type LoadResult } from "./wrk.ts";

/** What memory may grow by after the first tenth of the time. */
const MAX_GROWTH = 32 * 1024 * 1024;
const PATH = "/api/v1/capabilities/metadata-agent/get-artist-biography";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);
const faults: string[] = [];

using folder = tempDir();
const service = await startServed(folder.path, { hello: await builtPlugin("hello") });
try {
  await measure(service);
} finally {
  service.kill();
}
for (const fault of faults) say(`error: ${fault}`);
Deno.exit(faults.length === 0 ? 0 : 1);

async function measure(service: Served): Promise<void> {
  const url = service.url + PATH;
  const { token } = service;
  const bare = await load(service.bare, { seconds: seconds / 4 });
  const warm = await load(url, { seconds: seconds / 10, token });
  const memory = watchMemory(service);
  const ours = await load(url, { seconds, token });
  const { first, last } = await memory.stop();
  const bareAgain = await load(service.bare, { seconds: seconds / 4 });
  await service.quiet();
  const counted = await service.number("soundproof_calls_total");
  const sent = warm.sent + ours.sent;

  print("bare Hono route, before", bare);
  print("capability calls", ours);
  print("bare Hono route, after", bareAgain);
  say(
    `memory                   ${megabytes(first)} at a tenth, ${megabytes(last)} at the end`,
  );
  say(`sent and counted         ${sent} and ${counted}`);
  for (const [kind, count] of Object.entries(ours.errors)) {
    if (count > 0) faults.push(`${count} ${kind} errors`);
  }
  if (last - first > MAX_GROWTH) faults.push(`memory grew by ${megabytes(last - first)}`);
  if (counted !== sent) faults.push(`${sent} requests were sent, and ${counted} calls counted`);

  const under = load(url, { seconds: Math.min(seconds, 10), token });
  await new Promise((done) => setTimeout(done, 2_000));
  const { code, ms } = await service.stop();
  const { errors } = await under;
  say(
    `SIGTERM under load       exit ${code} after ${ms.toFixed(0)} ms, ${errors.status} bad answers`,
  );
  if (code !== 0 || ms >= 5_000 || errors.status > 0) faults.push("SIGTERM under load");
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function watchMemory(service: Served) {
  const seen: number[] = [];
  const over = Promise.withResolvers<void>();
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      seen.push(await service.number("process_resident_memory_bytes"));
      await Promise.race([over.promise, new Promise((done) => setTimeout(done, 500))]);
    }
  };
  const watching = watch();
  return {
    async stop() {
      isOver = true;
      over.resolve();
      await watching;
      const tenth = Math.ceil(seen.length / 10);
      const highest = (part: number[]) => Math.max(...part);
      return { first: highest(seen.slice(tenth, 2 * tenth)), last: highest(seen.slice(-tenth)) };
    },
  };
}

function print(what: string, { answered, seconds, medianMs, p99Ms, maxMs }: LoadResult): void {
  const rate = (answered / seconds).toFixed(0);
  const times = [medianMs, p99Ms, maxMs].map((ms) => ms.toFixed(2));
  say(
    `${what.padEnd(24)} ${rate}/s, median ${times[0]} ms, p99 ${times[1]} ms, max ${times[2]} ms`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
