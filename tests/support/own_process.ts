/**
 * Tests in a process of their own: test files share one, and what it has in memory tells nothing of any of them.
 *
 * @module
 */

const ALONE = "--alone";

/** Defines a test. */
export type DefineTest = (name: string, body: () => void | Promise<void>) => void;

/**
 * A `Deno.test` for one file whose tests run in a process of their own, under the very flags of `deno task test`.
 *
 * @param file URL of the file.
 */
export function inOwnProcess(file: string): DefineTest {
  if (Deno.args.includes(ALONE)) return (name, body) => Deno.test(name, body);
  return (name) =>
    Deno.test(name, async () => {
      const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
      const flags = String(tasks.test).split(" ").slice(1, -1).filter((flag) =>
        flag !== "--parallel"
      );
      const { success, stdout, stderr } = await new Deno.Command("deno", {
        args: [...flags, "--quiet", "--filter", name, new URL(file).pathname, "--", ALONE],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      if (!success || !/\b1 passed\b/.test(text)) {
        throw new Error(`${text}\n${new TextDecoder().decode(stderr)}`);
      }
      // What it measured.
      // deno-lint-ignore no-console
      for (const line of text.split("\n")) if (line.startsWith("    ")) console.log(line);
    });
}
