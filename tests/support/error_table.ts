/**
 * The README's table of error codes, made from the list in the code. Run it to write the table anew:
 *
 *     deno run --allow-read=. --allow-write=README.md tests/support/error_table.ts
 *
 * @module
 */

import { statusOf } from "../../src/api/mod.ts";
import { ERROR_CODES, type ErrorCode } from "../../src/errors.ts";

/** The rows: code, HTTP status where the API can answer with it, meaning. */
export function errorRows(): string[][] {
  return (Object.entries(ERROR_CODES) as [ErrorCode, string][])
    .sort(([left], [right]) => left < right ? -1 : 1)
    .map(([code, meaning]) => [
      `\`${code}\``,
      /^(?:cli|configuration)\./.test(code) ? "" : String(statusOf(code)),
      meaning,
    ]);
}

if (import.meta.main) {
  const rows = errorRows().map((row) => `| ${row.join(" | ")} |`).join("\n");
  const table = `\n\n| code | HTTP | meaning |\n| --- | --- | --- |\n${rows}\n\n`;
  const readme = Deno.readTextFileSync("README.md");
  const [before = "", after = ""] = readme.split("\n## Error codes");
  const rest = after.slice(after.indexOf("\n## "));
  Deno.writeTextFileSync("README.md", `${before}\n## Error codes${table}${rest.trimStart()}`);
}
