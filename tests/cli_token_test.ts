import assert from "node:assert/strict";
import { type Command, parseCommand, performToken } from "../src/cli/mod.ts";
import { TokenStore } from "../src/state/mod.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";
import { runTask } from "./support/launcher.ts";
import { tempDir } from "./support/temp_dir.ts";

function run(store: TokenStore, line: string, width?: number) {
  const terminal = new FakeTerminal(width);
  const command: Command = parseCommand(["token", ...line.split(" ")]);
  assert.ok(
    command.kind === "token-create" || command.kind === "token-list" ||
      command.kind === "token-revoke",
  );
  const code = performToken(command, store, terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

Deno.test("a token is shown once, listed by its name, and gone once it is revoked", () => {
  using folder = tempDir();
  let now = Date.UTC(2026, 0, 2, 3, 4);
  using store = new TokenStore(`${folder.path}/tokens.db`, () => now);
  assert.equal(run(store, "list").stdout, "No tokens.\n");
  const created = run(store, "create phone --scope client,read");
  assert.match(created.stdout, /^[\w-]{43}\n$/);
  assert.equal(created.stderr, "Keep it: it is not shown again. It holds for client, read\n");
  const token = created.stdout.trim();
  now += 60_000;
  assert.equal(store.find(token)?.name, "phone");
  assert.equal(JSON.parse(run(store, "create tv --scope read --json").stdout).name, "tv");
  const list = run(store, "list", 80).stdout;
  assert.equal(
    list,
    `NAME   SCOPES        CREATED            LAST USED          STATE
phone  client, read  2026-01-02 03:04Z  2026-01-02 03:05Z  holds
tv     read          2026-01-02 03:05Z  never              holds
`,
  );
  assert.ok(!list.includes(token));
  assert.equal(run(store, "revoke phone").stdout, "phone is revoked\n");
  assert.equal(store.find(token), undefined);
  assert.throws(() => run(store, "revoke phone"), { code: "token.unknown" });
  assert.throws(() => run(store, "create tv --scope read"), { code: "token.name_taken" });
  assert.equal(JSON.parse(run(store, "list --json").stdout).tokens.length, 2);
});

Deno.test("tokens are made and taken back from the command line, in a data folder that is there", async () => {
  using folder = tempDir();
  const at = ["--data", `${folder.path}/data`];
  const missing = await runTask("token", ["create", "a", "--scope", "admin", ...at]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /does not exist.*\(cli\.data_missing\)/);
  Deno.mkdirSync(`${folder.path}/data`, { mode: 0o700 });
  const created = await runTask("token", ["create", "a", "--scope", "admin", ...at]);
  assert.equal(created.code, 0, created.stderr);
  assert.equal((Deno.statSync(`${folder.path}/data/tokens.db`).mode ?? 0) & 0o777, 0o600);
  assert.match((await runTask("token", ["list", ...at])).stdout, /^a {5}admin .*holds$/m);
  assert.equal((await runTask("token", ["revoke", "a", ...at])).stdout, "a is revoked\n");
});
