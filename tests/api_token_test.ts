import assert from "node:assert/strict";
import { createApi, openToken } from "../src/api/mod.ts";
import { fakeHost, fakeTokens } from "./support/fake_host.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("the first opening makes a token of 256 bits that only its owner can read", () => {
  using folder = tempDir();
  const path = `${folder.path}/token`;
  const token = openToken(path);
  assert.match(token, /^[\w-]{43}$/);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert.equal(openToken(path), token);
});

Deno.test("two data folders have two tokens", () => {
  using folder = tempDir();
  assert.notEqual(openToken(`${folder.path}/a`), openToken(`${folder.path}/b`));
});

for (const mode of [0o640, 0o604, 0o660]) {
  Deno.test(`a token file of mode ${mode.toString(8)} is refused`, () => {
    using folder = tempDir();
    const path = `${folder.path}/token`;
    openToken(path);
    Deno.chmodSync(path, mode);
    assert.throws(() => openToken(path), { code: "api.token_exposed" });
  });
}

for (const content of ["", "short\n", `${"x".repeat(43)} y`, "a".repeat(44)]) {
  Deno.test(`a token file that holds ${JSON.stringify(content)} is refused`, () => {
    using folder = tempDir();
    const path = `${folder.path}/token`;
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    assert.throws(() => openToken(path), { code: "api.token_invalid" });
  });
}

const TOKEN = "abc-_";
const HEADERS: readonly [string | undefined, boolean][] = [
  [`Bearer ${TOKEN}`, true],
  [`bearer  ${TOKEN} `, true],
  [undefined, false],
  ["", false],
  [TOKEN, false],
  ["Bearer", false],
  ["Bearer ", false],
  [`Bearer ${TOKEN}x`, false],
  [`Bearer ${TOKEN.slice(1)}`, false],
  [`Bearer ${TOKEN} ${TOKEN}`, false],
  [`Bearer ${TOKEN.toUpperCase()}`, false],
];
for (const [authorization, valid] of HEADERS) {
  Deno.test(`the header ${JSON.stringify(authorization)} is ${valid ? "" : "not "}the token`, async () => {
    const app = createApi(fakeHost(), {
      tokens: fakeTokens({ [TOKEN]: "read" }),
      names: { hosts: ["localhost"] },
    });
    const response = await app.request("/api/v1/plugins", {
      headers: { ...(authorization !== undefined && { authorization }) },
    });
    assert.equal(response.status, valid ? 200 : 401);
  });
}
