import assert from "node:assert/strict";
import { kill } from "./support/kill.ts";
import { linesOf } from "./support/lines.ts";
import { tempDir } from "./support/temp_dir.ts";

/** A service in which something goes wrong; its lines, and what it says on stderr until its end. */
function faultyService(data: string, kind: "fault" | "signal") {
  const process = new Deno.Command("deno", {
    args: [
      ...["run", "--no-check", "--no-prompt", "--v8-flags=--liftoff-only", "--allow-read"],
      ...[`--allow-write=${data}`, "--allow-net=127.0.0.1", "tests/support/faulty_service.ts"],
      ...[data, kind],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { process, lines: linesOf(process.stdout), told: new Response(process.stderr).text() };
}

Deno.test("a fault that nobody waits for is told, and the service goes on", async () => {
  using data = tempDir();
  const { process, lines, told } = faultyService(data.path, "fault");
  const { url } = JSON.parse((await lines.next()).value ?? "{}");
  // The faults come in the turn after this line was written, long before a request.
  for (let turn = 0; turn < 3; turn++) {
    const response = await fetch(`${url}/healthz`);
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  process.kill("SIGTERM");
  for await (const _ of lines); // to the end
  assert.equal((await process.status).code, 0, await told);
  assert.match(await told, /unexpected fault: Error: thrown at nobody/);
  assert.match(await told, /unexpected fault: Error: rejected for nobody/);
});

Deno.test("the signal that opens Deno's inspector ends the service, though a worker without permissions sends it", async () => {
  using data = tempDir();
  const { process, lines, told } = faultyService(data.path, "signal");
  await lines.next();
  const late = setTimeout(() => kill(process, "SIGTERM"), 60_000);
  for await (const _ of lines); // to the end
  clearTimeout(late);
  assert.equal((await process.status).code, 1, await told);
  assert.match(await told, /SIGUSR1 opens Deno's inspector/);
});
