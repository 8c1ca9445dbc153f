import assert from "node:assert/strict";
import { runTask, startService } from "./support/launcher.ts";
import { tempDir } from "./support/temp_dir.ts";

/** A data folder that a service has seen before, so that no plugin is built for it. */
function usedDataDir(path: string): string {
  const data = `${path}/data`;
  Deno.mkdirSync(`${data}/plugins`, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(`${data}/token`, `${"t".repeat(43)}\n`, { mode: 0o600 });
  return data;
}

Deno.test("the service says where it is, answers, and ends with 0 at SIGTERM and SIGINT", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    using folder = tempDir();
    const data = usedDataDir(folder.path);
    const service = await startService(["--data", data]);
    assert.equal(service.tokenFile, `${data}/token`);
    assert.match(service.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.deepEqual(await (await fetch(`${service.url}/healthz`)).json(), { status: "ok" });
    const headers = { authorization: `Bearer ${service.token}` };
    const list = await fetch(`${service.url}/api/v1/plugins`, { headers });
    assert.deepEqual(await list.json(), { plugins: [] });
    const refused = await fetch(`${service.url}/api/v1/plugins`);
    assert.equal(refused.status, 401);
    await refused.body?.cancel();
    assert.equal(await service.stop(signal), 0);
    assert.equal(await service.stderr, "");
    await assert.rejects(fetch(`${service.url}/healthz`));
  }
});

Deno.test("the service does not outlive a launcher that is killed", async () => {
  using folder = tempDir();
  const service = await startService(["--data", usedDataDir(folder.path)]);
  await service.stop("SIGKILL");
  await service.stderr; // ends when the last process that holds it has ended
  await assert.rejects(fetch(`${service.url}/healthz`));
});

Deno.test("a link as data folder and a path with spaces are served", async () => {
  using folder = tempDir();
  Deno.renameSync(usedDataDir(folder.path), `${folder.path}/real data`);
  await new Deno.Command("deno", {
    args: ["eval", `Deno.symlinkSync("real data", ${JSON.stringify(`${folder.path}/link`)})`],
  }).output();
  const service = await startService(["--data", `${folder.path}/link`]);
  assert.equal(service.token, "t".repeat(43));
  assert.equal(await service.stop(), 0);
});

Deno.test("a taken address is an error in one sentence, exit code 1", async () => {
  using folder = tempDir();
  const data = usedDataDir(folder.path);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listen = `127.0.0.1:${taken.addr.port}`;
  const { code, stdout, stderr } = await runTask("start", ["--data", data, "--listen", listen]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    `error: Cannot listen on ${listen}: the address is in use; choose another with --listen HOST:PORT (api.address_in_use)\n`,
  );
});

Deno.test("the configuration counts, and its mistakes are told and cost nothing else", async () => {
  using folder = tempDir();
  const data = usedDataDir(folder.path);
  Deno.writeTextFileSync(
    `${data}/soundproof.toml`,
    '[Server]\nListen = "0.0.0.0:80"\n[Plugins]\nFolder = "../elsewhere"\nFoldr = "x"\n',
  );
  const service = await startService(["--data", data]);
  assert.ok(Deno.statSync(`${folder.path}/elsewhere`).isDirectory);
  assert.equal(await service.stop(), 0);
  const told = (await service.stderr).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(told.map(({ level }) => level), ["warn", "warn"]);
  assert.match(
    told[0].message,
    /soundproof\.toml: line 2: \$\.Server\.Listen is not applied: found "0/,
  );
  assert.match(
    told[1].message,
    /soundproof\.toml: line 5: \$\.Plugins\.Foldr is not applied: found an unk/,
  );
});

/** Command lines that fail before or after the second Deno; exit code and how stderr begins. DATA is a used data folder. */
const FAILURES: readonly [readonly string[], number, RegExp][] = [
  [["start", "--port", "1"], 2, /^error: Cannot understand the command line: /],
  [["plugin", "frob"], 2, /^error: Cannot understand the command line: unknown command "frob"/],
  [["plugin", "list", "--data", "DATA/none"], 1, /^error: Cannot open data folder /],
  [
    ["plugin", "list", "--data", "DATA", "--config", "DATA/none"],
    1,
    /^error: Cannot read configuration /,
  ],
  [["plugin", "info", "none", "--data", "DATA"], 1, /^error: Cannot .*"none".*\(plugin\.unknown\)/],
  [["plugin", "enable", "none", "--data", "DATA"], 1, /\(plugin\.unknown\)\n$/],
  [["plugin", "call", "none", "x", "--data", "DATA"], 1, /\(plugin\.unknown\)\n$/],
  [
    ["plugin", "call", "none", "x", "--data", "DATA", "--input", "{"],
    1,
    /^error: Cannot read --input as JSON/,
  ],
  [["start", "--data", "DATA,b"], 1, /has a comma/],
  [["start", "--data", "."], 1, /holds Soundproof's own code/],
];
for (const [line, exit, wanted] of FAILURES) {
  Deno.test(`"${line.join(" ")}" exits with ${exit} and says why on stderr`, async () => {
    using folder = tempDir();
    const data = usedDataDir(folder.path);
    const [task, ...args] = line.map((word) => word.replace("DATA", data));
    const { code, stdout, stderr } = await runTask(task === "start" ? "start" : "plugin", args);
    assert.match(stderr, wanted);
    assert.equal(code, exit);
    assert.equal(stdout, "");
  });
}

Deno.test("a token file that others can read stops the start", async () => {
  using folder = tempDir();
  const data = usedDataDir(folder.path);
  Deno.chmodSync(`${data}/token`, 0o644);
  const { code, stderr } = await runTask("start", ["--data", data, "--listen", "127.0.0.1:0"]);
  assert.equal(code, 1);
  assert.match(stderr, /its mode is 644, want 600/);
});

Deno.test("help goes to stdout and exits with 0", async () => {
  for (const [task, wanted] of [["start", /^Start the service/], ["plugin", /^Look at/]] as const) {
    const { code, stdout, stderr } = await runTask(task, ["--help"]);
    assert.match(stdout, wanted);
    assert.deepEqual([code, stderr], [0, ""]);
  }
});

Deno.test("an empty list is told in words, and as JSON", async () => {
  using folder = tempDir();
  const data = usedDataDir(folder.path);
  assert.equal((await runTask("plugin", ["list", "--data", data])).stdout, "No plugins.\n");
  const { stdout } = await runTask("plugin", ["list", "--data", data, "--json"]);
  assert.deepEqual(JSON.parse(stdout), { plugins: [] });
});
