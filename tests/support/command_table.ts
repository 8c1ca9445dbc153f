/**
 * The README's table of commands, made from the table in the code. Run it to write the README's anew:
 *
 *     deno run --allow-read=. --allow-write=README.md tests/support/command_table.ts
 *
 * @module
 */

import { ALL_COMMANDS, synopsis } from "../../src/cli/mod.ts";

/** Tasks that are no commands of the table. */
const TASKS = [
  ["start [--listen HOST:PORT]", "starts the service (default `127.0.0.1:4747`; also `unix:PATH`)"],
  ["plugins:build [ID…]", "builds the example plugins into `plugins/dist`"],
];

/** The rows: how it is typed, what it does. */
export function commandRows(): string[][] {
  const rows = ALL_COMMANDS.map((spec) => [synopsis(spec), spec.does]);
  const [start = [], ...rest] = TASKS;
  return [start, ...rows, ...rest].map(([typed = "", does = ""]) => [
    `\`deno task ${typed.replaceAll("|", "\\|")}\``,
    does.replaceAll("|", "\\|").replaceAll("***", "`***`"),
  ]);
}

if (import.meta.main) {
  const rows = commandRows().map((row) => `| ${row.join(" | ")} |`).join("\n");
  const table = `\n\n| command | does |\n| --- | --- |\n${rows}\n`;
  const readme = Deno.readTextFileSync("README.md");
  const [before = "", after = ""] = readme.split("\n## Commands");
  const rest = after.replace(/^\n+(?:\|.*\n)+/, "");
  Deno.writeTextFileSync("README.md", `${before}\n## Commands${table}${rest}`);
}
