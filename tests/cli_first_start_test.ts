import assert from "node:assert/strict";
import { runTask, startService } from "./support/launcher.ts";
import { tempDir } from "./support/temp_dir.ts";

const ASKED = "nd_get_artist_biography";
const ARTIST = JSON.stringify({ id: "1", name: "Nina Simone" });

Deno.test("a first start has hello built, enabled and answering, and a removed hello stays removed", async (t) => {
  using folder = tempDir();
  const data = `${folder.path}/my data`;

  await t.step("hello answers over HTTP", async () => {
    const service = await startService(["--data", data]);
    const { url, token } = service;
    const response = await fetch(`${url}/api/v1/plugins/hello/call/${ASKED}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: ARTIST,
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.match((await response.json()).biography, /^Nina Simone/);
    assert.equal(await service.stop(), 0);
    assert.equal(await service.stderr, 'First start: building the plugin "hello"\n');
  });

  await t.step("only the owner can read what was made, whatever the umask", () => {
    const files = walk(data);
    assert.ok(files.length >= 4, files.join());
    for (const path of files) {
      const { mode, isDirectory } = Deno.statSync(path);
      assert.equal((mode ?? 0) & 0o777, isDirectory ? 0o700 : 0o600, path);
    }
  });

  await t.step("the commands show and call it", async () => {
    const at = ["--data", data];
    const list = await runTask("plugin", ["list", ...at]);
    assert.equal(
      list.stdout,
      "ID     STATE    NAME   VERSION  CAPABILITIES\nhello  running  Hello  1.0.0    MetadataAgent\n",
    );
    assert.match(
      (await runTask("plugin", ["info", "hello", ...at])).stdout,
      /^SHA-256 +[0-9a-f]{64}$/m,
    );
    const file = `${data}/plugins/hello.ndp`;
    assert.equal((await runTask("plugin", ["validate", file])).stdout, "Hello 1.0.0 is sound\n");
    const called = await runTask("plugin", ["call", "hello", ASKED, "-", ...at], ARTIST);
    assert.match(JSON.parse(called.stdout).biography, /^Nina Simone/);
    const unknown = await runTask("plugin", ["call", "hello", "nd_nope", ...at]);
    assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
    assert.match(unknown.stderr, /\(guest\.export_unknown\)\n$/);
  });

  await t.step("what is disabled stays so at the next start", async () => {
    const at = ["--data", data];
    const disabled = await runTask("plugin", ["disable", "hello", ...at]);
    assert.equal(disabled.stdout, "hello is disabled\n", disabled.stderr);
    const service = await startService(at);
    const headers = { authorization: `Bearer ${service.token}` };
    const hello = await (await fetch(`${service.url}/api/v1/plugins/hello`, { headers })).json();
    assert.equal(hello.state, "disabled");
    assert.equal(await service.stop(), 0);
  });

  await t.step("a removed hello is not built again", async () => {
    Deno.removeSync(`${data}/plugins/hello.ndp`);
    const service = await startService(["--data", data]);
    const headers = { authorization: `Bearer ${service.token}` };
    const list = await (await fetch(`${service.url}/api/v1/plugins`, { headers })).json();
    assert.deepEqual(list, { plugins: [] });
    assert.equal(await service.stop(), 0);
    assert.equal(await service.stderr, "");
  });
});

Deno.test("a package that is none is refused with its problems, exit code 1, also as JSON", async () => {
  using folder = tempDir();
  const path = `${folder.path}/bad`;
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(
    `${path}/manifest.json`,
    '{"name": 3, "author": "\\u001b[2J", "version": "1"}',
  );
  Deno.writeTextFileSync(`${path}/plugin.wasm`, "no wasm");
  const plain = await runTask("plugin", ["validate", path]);
  assert.deepEqual([plain.code, plain.stdout], [1, ""]);
  assert.match(plain.stderr, /^error: Cannot .*\(manifest\.invalid\)\n {2}\$\.name: found /);
  const { code, stdout } = await runTask("plugin", ["validate", path, "--json"]);
  assert.equal(code, 1);
  const { valid, error } = JSON.parse(stdout);
  assert.deepEqual([valid, error.code], [false, "manifest.invalid"]);
  assert.ok(error.problems.some((problem: { path: string }) => problem.path === "$.name"));
});

function walk(folder: string): string[] {
  return [
    folder,
    ...Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(`${folder}/${name}`) : [`${folder}/${name}`]
    ),
  ];
}
