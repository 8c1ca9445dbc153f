/**
 * Commands in a terminal of 80 columns, made by `script` of util-linux.
 *
 * @module
 */
import { taskArguments } from "./launcher.ts";

/** What a command in a terminal left behind; all it printed, as the terminal got it. */
export interface TerminalOutcome {
  readonly code: number;
  readonly screen: string;
}

/** Whether there is a `script` that knows the options used here. */
export const HAS_PTY: boolean = hasScript();

/** Runs `deno task plugin …` in a terminal; answers are typed when a question has been asked. */
export async function runInTerminal(
  args: readonly string[],
  answers: readonly string[] = [],
): Promise<TerminalOutcome> {
  const line = ["deno", ...taskArguments("plugin"), ...args].map(quoted).join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", `stty cols 80 -echo; ${line}`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const left = [...answers];
  let screen = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (/\? \[y\/N\] $|\(y\/N\): $/.test(screen)) {
      await writer.write(new TextEncoder().encode(`${left.shift() ?? ""}\n`));
    }
  }
  const { code } = await child.status;
  await writer.close().catch(() => {});
  return { code, screen: screen.replaceAll("\r\n", "\n") };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function hasScript(): boolean {
  try {
    const { success, stdout } = new Deno.Command("script", { args: ["--version"] }).outputSync();
    return success && new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}
