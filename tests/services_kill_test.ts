import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Bench } from "./services_cases/harness.ts";
import { kill } from "./support/kill.ts";

/** `deno test … -- --kills=100` for the long run. */
const KILLS = Number(/^--kills=(\d+)$/.exec(Deno.args.join(" "))?.[1] ?? 10);
const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";

/** Starts the child, kills it after a while, and gives the lines it had acknowledged. */
async function killed(dataFolder: string, afterLines: number): Promise<string[]> {
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-read",
      "--allow-write=tests/.tmp",
      "tests/services_cases/kill_child.ts",
      dataFolder,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let dead = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!dead && text.split("\n").length > afterLines) {
      dead = true;
      kill(child, "SIGKILL");
    }
  }
  strictEqual((await child.status).signal, "SIGKILL");
  // The last line may be torn.
  return text.split("\n").slice(0, -1);
}

Deno.test({
  name: `a process that is killed ${KILLS} times while it writes loses no acknowledged key or task`,
  ignore: !mayRun,
  async fn() {
    Deno.mkdirSync("tests/.tmp", { recursive: true });
    const round = async (index: number): Promise<void> => {
      const dataFolder = Deno.makeTempDirSync({ dir: "tests/.tmp" });
      const lines = await killed(`${dataFolder}/data`, 20 + index * 37 % 400);
      ok(lines.length >= 20);
      {
        await using bench = new Bench({
          permissions: { kvstore: { maxSize: "100MB" }, taskqueue: { maxConcurrency: 1 } },
          dataFolder,
        });
        const attempts = new Map<string, unknown>();
        bench.guest = (_name, input) => {
          const { taskId, attempt } = input as { taskId: string; attempt: number };
          attempts.set(taskId, attempt);
          return "";
        };
        const tasks: string[] = [];
        for (const line of lines) {
          const [kind, id = ""] = line.split(" ");
          if (kind === "task") tasks.push(id);
          else {
            const value = new TextEncoder().encode(`value ${id}`).toBase64();
            deepStrictEqual(await bench.call("kvstore_get", { key: line }), {
              value,
              exists: true,
            });
          }
        }
        const statuses = new Set<string>();
        for (const taskId of tasks) {
          statuses.add((await bench.call("task_get", { taskId })).result.status);
        }
        deepStrictEqual([...statuses].sort(), ["pending", "running"]);
        // The child's clock was the real one: what it wrote is due only later on the fake one.
        bench.clock.set(Date.now() + 60_000);
        await bench.call("task_createqueue", { name: "q" });
        for (let turn = 0; attempts.size < tasks.length && turn < 1000; turn++) {
          await bench.clock.advance(0);
        }
        for (const id of tasks) strictEqual(attempts.get(id), 1, `attempt of ${id}`);
      }
      Deno.removeSync(dataFolder, { recursive: true });
    };
    for (let done = 0; done < KILLS; done += 2) {
      await Promise.all([done, done + 1].filter((index) => index < KILLS).map(round));
    }
  },
});
