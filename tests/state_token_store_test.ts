import assert from "node:assert/strict";
import { join } from "node:path";
import { TokenStore } from "../src/state/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

/** Runs on a store whose clock stands still until it is told. */
function withStore(use: (store: TokenStore, clock: { now: number }, path: string) => void): void {
  using temp = tempDir();
  const path = join(temp.path, "tokens.db");
  const clock = { now: 1_000_000 };
  using store = new TokenStore(path, () => clock.now);
  use(store, clock, path);
}

Deno.test("a token is 256 random bits, is found by itself, and by nothing near it", () =>
  withStore((store, clock) => {
    const { token, record } = store.create("player", ["client", "read"]);
    assert.match(token, /^[\w-]{43}$/);
    assert.deepEqual(record, {
      name: "player",
      scopes: ["client", "read"],
      createdAt: clock.now,
    });
    assert.equal(store.find(token)?.name, "player");
    for (const other of ["", token.slice(1), `${token}x`, token.toLowerCase(), record.name]) {
      assert.equal(store.find(other), undefined, other);
    }
    assert.notEqual(store.create("other", ["read"]).token, token);
  }));

Deno.test("who reads the file finds no token in it, and no mode lets others read it", () =>
  withStore((store, _, path) => {
    const { token } = store.create("player", ["admin"]);
    store.find(token);
    for (const { name } of Deno.readDirSync(join(path, ".."))) {
      const file = join(path, "..", name);
      assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600, name);
      const text = new TextDecoder("latin1").decode(Deno.readFileSync(file));
      assert.ok(!text.includes(token) && !text.includes(token.slice(0, 12)), name);
    }
  }));

Deno.test("a revoked token is refused at once, in every process, and its name is free", () =>
  withStore((store, clock, path) => {
    using elsewhere = new TokenStore(path, () => clock.now);
    const { token } = store.create("player", ["client"]);
    assert.equal(elsewhere.find(token)?.name, "player");
    clock.now += 5;
    assert.equal(elsewhere.revoke("player").revokedAt, clock.now);
    assert.equal(store.find(token), undefined);
    assert.equal(elsewhere.find(token), undefined);
    assert.throws(() => store.revoke("player"), { code: "token.unknown" });
    const next = store.create("player", ["client"]);
    assert.equal(elsewhere.find(next.token)?.name, "player");
    assert.deepEqual(store.list().map(({ revokedAt }) => revokedAt), [clock.now, undefined]);
  }));

Deno.test("when a token was last used is known to the minute, also after the file is opened again", () =>
  withStore((store, clock, path) => {
    const { token } = store.create("player", ["client"]);
    assert.equal(store.list()[0]?.usedAt, undefined);
    store.find(token);
    const first = clock.now;
    clock.now += 59_999;
    store.find(token);
    assert.equal(store.list()[0]?.usedAt, first);
    clock.now += 1;
    store.find(token);
    using again = new TokenStore(path);
    assert.equal(again.list()[0]?.usedAt, first + 60_000);
    assert.equal(again.find(token)?.name, "player");
  }));

Deno.test("a token from elsewhere replaces the one of its name, and holds no more once it was revoked", () =>
  withStore((store) => {
    const [first, second] = ["a".repeat(43), "b".repeat(43)];
    store.adopt("local", ["admin"], first);
    store.adopt("local", ["admin"], first);
    assert.equal(store.list().length, 1);
    store.adopt("local", ["admin"], second);
    assert.equal(store.find(first), undefined);
    assert.deepEqual(store.find(second)?.scopes, ["admin"]);
    store.revoke("local");
    assert.throws(() => store.adopt("local", ["admin"], second), { code: "token.revoked" });
    assert.throws(() => store.adopt("other", ["admin"], first), { code: "token.revoked" });
    const { token } = store.create("player", ["client"]);
    assert.throws(() => store.adopt("local", ["admin"], token), { code: "token.revoked" });
    assert.deepEqual(store.find(token)?.scopes, ["client"]);
  }));

const WRONG_NAMES = ["", "-x", ".x", "a b", "a/b", "ä", "a\n", "a\u001b[31m", "x".repeat(65)];
for (const name of WRONG_NAMES) {
  Deno.test(`no token can be named ${JSON.stringify(name)}`, () =>
    withStore((store) =>
      assert.throws(() => store.create(name, ["read"]), { code: "token.name_invalid" })
    ));
}

Deno.test("two tokens that hold cannot have one name", () =>
  withStore((store) => {
    store.create("player", ["read"]);
    assert.throws(() => store.create("player", ["admin"]), { code: "token.name_taken" });
  }));

Deno.test("no more than a hundred tokens hold, and no more than a hundred revoked ones are kept", () =>
  withStore((store) => {
    for (let i = 0; i < 100; i++) store.create(`t${i}`, ["read"]);
    assert.throws(() => store.create("more", ["read"]), { code: "token.too_many" });
    store.revoke("t0");
    for (let i = 0; i < 101; i++) store.adopt("t", ["read"], `token ${i}`);
    assert.equal(store.list().length, 200);
    assert.equal(store.find("token 100")?.name, "t");
    assert.equal(store.find("token 99"), undefined);
  }));
