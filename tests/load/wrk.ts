/**
 * Load by Debian's `wrk`, which must be on the `PATH`.
 *
 * @module
 */

/** What one run came to. */
export interface LoadResult {
  /** Requests that were sent; the last ones may have been cut off before their answer. */
  readonly sent: number;
  readonly answered: number;
  readonly seconds: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errors: Readonly<Record<"connect" | "read" | "write" | "status" | "timeout", number>>;
}

/** Sends requests over 64 connections for so long. */
export async function load(
  url: string,
  { seconds, token }: { readonly seconds: number; readonly token?: string },
): Promise<LoadResult> {
  const script = new URL("unique.lua", import.meta.url).pathname;
  const headers = token === undefined ? [] : ["-H", `Authorization: Bearer ${token}`];
  const args = [
    "-t2",
    "-c64",
    `-d${Math.ceil(seconds)}s`,
    "--timeout",
    "30s",
    "-s",
    script,
    ...headers,
    url,
  ];
  const { stdout, stderr } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const line = text.split("\n").find((line) => line.startsWith("{"));
  if (line === undefined) throw new Error(`${text}${new TextDecoder().decode(stderr)}`);
  return JSON.parse(line);
}
