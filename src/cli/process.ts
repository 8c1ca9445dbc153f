import { SoundproofError } from "../errors.ts";
import { RELOAD } from "./orders.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** What the service finds in its environment besides. */
export const ENVIRONMENT = {
  /** Deno's own spans would be told to every site that a plugin asks. */
  OTEL_PROPAGATORS: "none",
  /** The C library gives back what is free above this, and does not learn to keep more. Bytes. */
  MALLOC_TRIM_THRESHOLD_: "131072",
} as const;

/**
 * Runs Deno and returns its exit code (128 + n if signal n ended it).
 *
 * It is found by name: an allow-list that names `deno` does not cover `Deno.execPath()`, and under npx the name is a script.
 * Such a script dies of a signal and leaves the Deno behind it running. So a process with a `lifeline` is not sent signals:
 * its stdin is a pipe that ends, by a signal to this process or with this process, and that tells it to stop. A SIGHUP tells
 * it to reload, unless this process runs in a terminal, which is then gone.
 */
export async function runDeno(
  args: readonly string[],
  stdin: "inherit" | "lifeline",
): Promise<number> {
  const lifeline = stdin === "lifeline";
  const child = spawn(args, lifeline ? "piped" : "inherit");
  const orders = lifeline ? child.stdin.getWriter() : undefined;
  const passOn = SIGNALS.map((signal) => ({
    signal,
    listener: () => {
      if (orders === undefined) return kill(child, signal);
      const reloads = signal === "SIGHUP" && !Deno.stdin.isTerminal();
      const order = reloads ? orders.write(new TextEncoder().encode(RELOAD)) : orders.close();
      order.catch(() => {}); // it has been told to stop before, or has ended by itself
    },
  }));
  for (const { signal, listener } of passOn) Deno.addSignalListener(signal, listener);
  try {
    return (await child.status).code;
  } finally {
    for (const { signal, listener } of passOn) Deno.removeSignalListener(signal, listener);
  }
}

function spawn(args: readonly string[], stdin: "inherit" | "piped"): Deno.ChildProcess {
  try {
    return new Deno.Command("deno", { args: [...args], env: { ...ENVIRONMENT }, stdin }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new SoundproofError(
      "cli.deno_too_old",
      'Cannot start Deno: there is no "deno" on the PATH (npm i -g deno)',
      { cause },
    );
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has ended by itself, often of the same Ctrl-C
  }
}
