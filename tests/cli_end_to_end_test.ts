import assert from "node:assert/strict";
import { runTask, type Service, startService } from "./support/launcher.ts";
import { HAS_PTY, runInTerminal } from "./support/pty.ts";
import { TestData } from "./support/plugins_folder.ts";

const ASKED = "nd_get_artist_mbid";

/** A manifest of a version that asks for these permissions. */
function version(number: string, permissions: object = {}) {
  const config = {
    schema: { type: "object", properties: { days: { type: "integer", minimum: 1 } } },
  };
  return { name: "Sample", author: "Test", version: number, permissions, config };
}

/** A data folder that has been used, and three versions of a plugin beside it. */
function prepared() {
  const data = new TestData();
  const cache = { cache: { reason: "Remembers" } };
  const http = { ...cache, http: { reason: "Asks", requiredHosts: ["api.example.com"] } };
  const packages = {
    one: data.archive("", { manifest: version("1.0.0", cache) }, data.beside("sample.ndp")),
    two: data.archive("", { manifest: version("2.0.0", cache) }, data.beside("two.ndp")),
    three: data.archive("", { manifest: version("3.0.0", http) }, data.beside("three.ndp")),
  };
  Deno.mkdirSync(`${data.path}/plugins`, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(`${data.path}/token`, `${"t".repeat(43)}\n`, { mode: 0o600 });
  return { data, packages, at: ["--data", data.path] };
}

/** Runs a command that must work, and gives what it printed. */
async function plugin(line: string, at: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTask("plugin", [...line.split(" "), ...at]);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

async function fails(line: string, at: readonly string[], code: string): Promise<string> {
  const outcome = await runTask("plugin", [...line.split(" "), ...at]);
  assert.deepEqual([outcome.code, outcome.stdout], [1, ""], line);
  assert.match(outcome.stderr, new RegExp(`^error: .* \\(${code.replaceAll(".", "\\.")}\\)$`, "m"));
  return outcome.stderr;
}

/** The whole life of a plugin, the same with a running service and without. */
async function wholeLife(at: readonly string[], packages: ReturnType<typeof prepared>["packages"]) {
  assert.match(
    await fails(`install ${packages.one}`, at, "cli.declined"),
    /^SHA-256 [0-9a-f]{64}\nSample 1\.0\.0 by Test asks for this:\n\ncache\n.*\n {2}"Remembers"\n/,
  );
  assert.equal(await plugin("list", at), "No plugins.\n");
  assert.equal(
    await plugin(`install ${packages.one} --yes`, at),
    "sample is installed and disabled\n",
  );
  await fails(`install ${packages.two} --id sample --yes`, at, "plugin.exists");
  await fails(`call sample ${ASKED}`, at, "plugin.not_running");
  assert.equal(await plugin("enable sample", at), "sample is running\n");
  assert.equal(await plugin(`call sample ${ASKED}`, at), '{"mbid":"m"}');

  assert.match(await plugin("config set sample days=3", at), /^days +3$/m);
  await fails("config set sample days=0", at, "config.invalid");
  assert.equal(await plugin("config get sample days", at), "3\n");
  assert.match(await plugin("config-template sample", at), /^# days = 0$/m);

  assert.equal(
    await plugin(`update sample ${packages.two} --yes`, at),
    "sample is updated to 2.0.0 and running\n",
  );
  const grown = await fails(`update sample ${packages.three}`, at, "cli.declined");
  assert.match(grown, /^http \(new\)$/m);
  assert.match(grown, /^ {2}\+ host api\.example\.com$/m);
  assert.match(await plugin("info sample", at), /^Version +2\.0\.0$/m);
  assert.equal(
    await plugin(`update sample ${packages.three} --yes --without http`, at),
    "sample is updated to 3.0.0 and running\n",
  );
  assert.match(await plugin("info sample", at), /^http \(withheld, as approved\)$/m);
  assert.equal(await plugin("rollback sample", at), "sample is back at 2.0.0 and running\n");
  assert.equal(await plugin("refresh sample", at), "sample is refreshed and running\n");
  assert.match(await plugin("rescan", at), /^sample +running/m);
  assert.match(await plugin("audit sample", at), /sample enabled/);
  assert.equal(await plugin("disable sample", at), "sample is disabled\n");
  assert.equal(await plugin("revoke sample", at), "sample is disabled\n");
  assert.equal(await plugin("remove sample", at), "sample is removed, its data is kept\n");
  assert.equal(await plugin("list", at), "No plugins.\n");
}

Deno.test("a plugin lives from install to remove on a data folder that no service uses", async () => {
  const { data, packages, at } = prepared();
  using _ = data;
  await wholeLife(at, packages);
  await fails("logs", at, "cli.service_missing");
  await fails("audit -f", at, "cli.service_missing");
});

Deno.test("a plugin lives from install to remove in a running service, which alone uses the data folder", async () => {
  const { data, packages, at } = prepared();
  using _ = data;
  const service = await startService(at);
  try {
    await wholeLife(at, packages);
    assert.equal(
      await plugin(`install ${packages.one} --yes`, at),
      "sample is installed and disabled\n",
    );
    await plugin("enable sample", at);
    assert.equal((await stateOf(service, "sample")).state, "running");
    Deno.copyFileSync(packages.two, data.entry("sample.ndp"));
    assert.match(await plugin("rescan", at), /^sample +failed +Sample +2\.0\.0 +plugin\.changed$/m);
    assert.match(await plugin("logs", at), / error sample: .* its package has changed /);
    assert.equal(await plugin("refresh sample", at), "sample is refreshed and running\n");
  } finally {
    assert.equal(await service.stop(), 0, await service.stderr);
  }
  assert.match(await plugin("list", at), /^sample +running/m, "what was decided holds without it");
});

async function stateOf({ url, token }: Service, id: string): Promise<{ state: string }> {
  const headers = { authorization: `Bearer ${token}` };
  return await (await fetch(`${url}/api/v1/plugins/${id}`, { headers })).json();
}

Deno.test("logs -f and audit -f go on with what comes, and end with 0 at SIGTERM", async () => {
  const { data, packages, at } = prepared();
  using _ = data;
  const service = await startService(at);
  try {
    await plugin(`install ${packages.one} --yes`, at);
    const following = runTask(
      "plugin",
      ["audit", "-f", "--json", ...at],
      undefined,
      async (until) => {
        await until((text) => text.includes('"installed"'));
        await plugin("enable sample", at);
        await until((text) => text.includes('"enabled"'));
      },
    );
    const { code, stdout, stderr } = await following;
    assert.equal(code, 0, stderr);
    for (const line of stdout.trimEnd().split("\n")) {
      assert.equal(JSON.parse(line).plugin, "sample");
    }
  } finally {
    await service.stop();
  }
});

Deno.test("a folder is linked by dev, once, and nothing that is no link is replaced", async () => {
  const { data, at } = prepared();
  using _ = data;
  const folder = data.folder("", { manifest: version("1.0.0") }, data.beside("work"));
  const other = data.folder("", { manifest: version("2.0.0") }, data.beside("other"));
  const link = data.entry("Sample");
  assert.equal(
    await plugin(`dev ${folder}`, at),
    `Development symlink created: '${link}' -> '${folder}'\nPlugin can be refreshed with: deno task plugin refresh Sample\n`,
  );
  assert.equal(Deno.readLinkSync(link), folder);
  assert.equal(
    await plugin(`dev ${folder}`, at),
    "Symlink already exists and points to the correct source\n",
  );
  assert.match(
    await fails(`dev ${other}`, at, "cli.declined"),
    /^Target path '.*' already exists\.$/m,
  );
  assert.match(await plugin(`dev ${other} --id Sample --yes`, at), /^Development symlink created/);
  assert.equal(Deno.readLinkSync(link), other);
  assert.match(await plugin(`dev ${folder} --id Sample --yes`, at), /^Development symlink created/);
  assert.equal(await plugin("enable Sample", at), "Sample is running\n");
  assert.equal(await plugin(`call Sample ${ASKED}`, at), '{"mbid":"m"}');
  assert.equal(
    await plugin("remove Sample", at),
    "Sample is removed, its data is kept; the folder that it led to is as it was\n",
  );
  assert.ok(Deno.statSync(`${folder}/manifest.json`).isFile);
  data.folder("Sample", {});
  assert.match(
    await fails(`dev ${folder}`, at, "cli.link_refused"),
    /it is no link; remove it first/,
  );
  assert.match(
    await fails(`dev ${data.beside("none")}`, at, "cli.link_refused"),
    /source folder not found: /,
  );
  Deno.mkdirSync(data.beside("empty"));
  assert.match(
    await fails(`dev ${data.beside("empty")}`, at, "cli.link_refused"),
    /source folder missing manifest\.json: /,
  );
});

Deno.test("an address on the network of its own is no place to install from", async () => {
  const { data, at } = prepared();
  using _ = data;
  const line = "install https://127.0.0.1:8443/a.ndp --yes";
  await fails(line, at, "package.download_refused");
});

Deno.test({
  name: "in a terminal of 80 columns what is asked for is shown, and a person says yes or no",
  ignore: !HAS_PTY,
  async fn() {
    const { data, packages, at } = prepared();
    using _ = data;
    const no = await runInTerminal(["install", packages.three, ...at], ["n"]);
    assert.equal(no.code, 1, no.screen);
    assert.match(no.screen, /Install "three"\? \[y\/N\] /);
    const yes = await runInTerminal(["install", packages.three, "--enable", ...at], ["y"]);
    assert.equal(yes.code, 0, yes.screen);
    assert.match(yes.screen, /three is installed and running\n$/);
    const list = await runInTerminal(["list", ...at]);
    assert.match(list.screen, /^three +running +Sample +3\.0\.0 +MetadataAgent$/m);
    for (const line of list.screen.split("\n")) assert.ok(line.length <= 80, line);
    const json = await runInTerminal(["list", "--json", ...at]);
    assert.match(json.screen, /^ {2}"plugins": \[$/m);
  },
});
