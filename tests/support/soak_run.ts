/**
 * The soak in its short form.
 *
 * @module
 */

/** Whether this process may start it. */
export const mayRun =
  Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";

/** Runs it; gives its exit code and what it tells in its last line. */
export async function soak(
  ...args: string[]
): Promise<{ code: number; reasons: string[]; outcomes: object; text: string }> {
  const { code, stdout } = await new Deno.Command("deno", {
    args: ["task", "--quiet", "soak", "--seconds=4", "--rests=4", ...args],
    stderr: "inherit",
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const { reasons, outcomes } = JSON.parse(lines.at(-1) ?? "{}");
  return { code, reasons, outcomes, text: lines.slice(0, -1).join("\n") };
}
