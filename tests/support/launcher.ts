/**
 * Starts the launcher as people do, under the very flags that `deno.json` gives it.
 *
 * @module
 */

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
  /** What was written to stderr, after the end. */
  readonly stderr: Promise<string>;
}

/** The arguments of `deno` in the task of this name. */
export function taskArguments(name: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  return String(tasks[name]).split(" ").slice(1);
}

/** Runs `deno task plugin …` or `deno task start …` to its end; `input` is its stdin. */
export async function runTask(
  name: "plugin" | "start",
  args: readonly string[],
  input?: string,
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
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Starts the service on a free port and waits until it is ready. */
export async function startService(args: readonly string[]): Promise<Service> {
  const process = new Deno.Command("deno", {
    args: [...taskArguments("start"), "--json", "--listen", "127.0.0.1:0", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(process.stderr).text();
  const line = await firstLine(process.stdout);
  if (line === undefined) throw new Error(`The service did not start: ${await stderr}`);
  const { url, tokenFile } = JSON.parse(line);
  return {
    url,
    tokenFile,
    token: Deno.readTextFileSync(tokenFile).trim(),
    process,
    stderr,
    async stop(signal = "SIGTERM") {
      process.kill(signal);
      return (await process.status).code;
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  let text = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    text += value;
  }
  void drain(reader);
  return text.slice(0, text.indexOf("\n"));
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
