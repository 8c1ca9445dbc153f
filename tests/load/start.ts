/**
 * Starts `served.ts` in a process of its own.
 *
 * @module
 */

import { ENVIRONMENT } from "../../src/cli/process.ts";
import { join } from "node:path";
import { kill } from "../support/kill.ts";

/** The service under load. */
export interface Served {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Address of the bare route. */
  readonly bare: string;
  /** Sum of a number over all its series, as `/metrics` tells it. */
  number(name: string): Promise<number>;
  /** Waits until no call is under way. */
  quiet(): Promise<void>;
  /** Sends SIGTERM; gives the exit code and how long it took. */
  stop(): Promise<{ code: number; ms: number }>;
  kill(): void;
}

/** Starts it on an empty folder, with these packages installed and enabled. */
export async function startServed(
  folder: string,
  plugins: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
): Promise<Served> {
  const data = join(folder, "data");
  Deno.mkdirSync(join(data, "plugins"), { recursive: true, mode: 0o700 });
  for (const [id, bytes] of Object.entries(plugins)) {
    Deno.writeFileSync(join(data, "plugins", `${id}.ndp`), bytes);
  }
  const process = new Deno.Command("deno", {
    args: [
      ...[
        "run",
        "--no-prompt",
        "--quiet",
        "--unstable-worker-options",
        "--unstable-no-legacy-abort",
      ],
      ...["--v8-flags=--liftoff-only", "--allow-net=127.0.0.1", "--allow-read"],
      `--allow-write=${data}`,
      ...[new URL("served.ts", import.meta.url).pathname, data],
    ],
    env: { ...ENVIRONMENT },
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split("\n").length < 3) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`It did not start: ${text}`);
    text += value;
  }
  const [{ bare }, { url, tokenFile }] = text.trim().split("\n").map((line) => JSON.parse(line));
  const token = Deno.readTextFileSync(tokenFile).trim();
  const ask = async (path: string, method = "GET") => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(url + path, { method, headers });
    const body = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${body}`);
    return body;
  };
  for (const id of Object.keys(plugins)) await ask(`/api/v1/plugins/${id}/enable`, "POST");
  const number = async (name: string) => {
    let sum = 0;
    for (const line of (await ask("/metrics")).split("\n")) {
      if (/^\w+/.exec(line)?.[0] === name) sum += Number(line.slice(line.lastIndexOf(" ")));
    }
    return sum;
  };
  return {
    url,
    token,
    bare,
    pid: process.pid,
    number,
    async quiet() {
      for (let before = -1, now = 0; before !== now;) {
        before = now;
        await new Promise((done) => setTimeout(done, 500));
        now = await number("soundproof_calls_total");
      }
    },
    async stop() {
      const since = performance.now();
      process.kill("SIGTERM");
      const { code } = await process.status;
      await reader.cancel();
      return { code, ms: performance.now() - since };
    },
    kill() {
      kill(process, "SIGKILL");
    },
  };
}
