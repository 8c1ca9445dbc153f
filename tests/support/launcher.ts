/**
 * Starts the launcher as people do, under the very flags that `deno.json` gives it.
 *
 * @module
 */

import { kill } from "./kill.ts";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running service. */
export interface Service {
  readonly url: string;
  readonly token: string;
  readonly tokenFile: string;
  /** The launcher's process. */
  readonly process: Deno.ChildProcess;
  /** Sends a signal and waits for the end. */
  stop(signal?: Deno.Signal): Promise<number>;
  /** What was written to stdout after the first line, at the end. */
  readonly stdout: Promise<string>;
  /** What was written to stderr, at the end. */
  readonly stderr: Promise<string>;
  /** The first line of stderr that has this in it, once it is there. */
  said(part: string): Promise<string>;
}

/** The arguments of `deno` in the task of this name. */
export function taskArguments(name: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  return String(tasks[name]).split(" ").slice(1);
}

/** Waits until what was printed so far is as wanted. */
export type Until = (wanted: (stdout: string) => boolean) => Promise<void>;

/**
 * Runs `deno task plugin …`, `token …`, `doctor …` or `start …` to its end; `input` is its stdin.
 *
 * @param meanwhile What happens while it runs; it gets a SIGTERM afterwards.
 */
export async function runTask(
  name: "doctor" | "plugin" | "start" | "token",
  args: readonly string[],
  input?: string,
  meanwhile?: (until: Until) => Promise<void>,
): Promise<Outcome> {
  const child = new Deno.Command("deno", {
    args: [...taskArguments(name), ...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  if (meanwhile !== undefined) return await watch(child, meanwhile);
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

async function watch(
  child: Deno.ChildProcess,
  meanwhile: (until: Until) => Promise<void>,
): Promise<Outcome> {
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let stdout = "";
  const more = async (): Promise<boolean> => {
    const { done, value = "" } = await reader.read();
    stdout += value;
    return !done;
  };
  await meanwhile(async (wanted) => {
    while (!wanted(stdout)) if (!await more()) throw new Error(`It ended: ${await stderr}`);
  });
  kill(child, "SIGTERM");
  while (await more());
  return { code: (await child.status).code, stdout, stderr: await stderr };
}

/** Starts the service on a free port, with these variables besides, and waits until it is ready. */
export async function startService(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const process = new Deno.Command("deno", {
    args: [
      ...taskArguments("start"),
      "--json",
      ...(args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]),
      ...args,
    ],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const spoken = new Spoken();
  const stderr = spoken.read(process.stderr);
  const [line, stdout] = await firstLine(process.stdout);
  if (line === undefined) throw new Error(`The service did not start: ${await stderr}`);
  const { url, tokenFile } = JSON.parse(line);
  return {
    url,
    tokenFile,
    token: Deno.readTextFileSync(tokenFile).trim(),
    process,
    stdout,
    stderr,
    said: (part) => spoken.line(part),
    async stop(signal = "SIGTERM") {
      kill(process, signal);
      return (await process.status).code;
    },
  };
}

/** A time after which nobody waits any more. */
class Limit implements Disposable {
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #reached = Promise.withResolvers<void>();
  isReached = false;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.isReached = true;
      this.#reached.resolve();
    }, milliseconds);
  }

  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** What a process says, while it says it. */
class Spoken {
  #text = "";
  #more = Promise.withResolvers<void>();
  #isOver = false;

  async read(stream: ReadableStream<Uint8Array>): Promise<string> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
    this.#isOver = true;
    this.#more.resolve();
    return this.#text;
  }

  async line(part: string): Promise<string> {
    using limit = new Limit(60_000);
    while (true) {
      const found = this.#text.split("\n").slice(0, -1).find((line) => line.includes(part));
      if (found !== undefined) return found;
      if (this.#isOver || limit.isReached) throw new Error(`nobody said "${part}": ${this.#text}`);
      await Promise.race([this.#more.promise, limit.reached]);
    }
  }
}

/** The first line, if there is one, and what will come after it. */
async function firstLine(
  stream: ReadableStream<Uint8Array>,
): Promise<[string | undefined, Promise<string>]> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) return [undefined, Promise.resolve(text)];
    text += value;
  }
  const end = text.indexOf("\n");
  return [text.slice(0, end), restOf(reader, text.slice(end + 1))];
}

async function restOf(reader: ReadableStreamDefaultReader<string>, text: string): Promise<string> {
  while (true) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
