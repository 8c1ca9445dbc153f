/** Every request of an administrator, to a service as people start it. */

import assert from "node:assert/strict";
import { all, answerOf, versioned } from "./support/administered.ts";
import { type Service, startService } from "./support/launcher.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { RemoteHost } from "../src/api/mod.ts";

const MANIFEST = {
  ...PLAIN_MANIFEST,
  config: { schema: { type: "object", properties: { count: { type: "integer" } } } },
};
const GROWN = { ...MANIFEST, permissions: { http: { requiredHosts: ["a.example"] } } };

function asked({ url, token }: Service) {
  return async (method: string, path: string, body?: BodyInit) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return { status: response.status, answer: text === "" ? {} : JSON.parse(text) };
  };
}

Deno.test("a service with AutoReload sees by itself what is put into its plugins folder", async () => {
  using data = new TestData();
  data.file("", "[Plugins]\nAutoReload = true\n", `${data.path}/soundproof.toml`);
  const service = await startService(["--data", data.path]);
  try {
    using admin = new RemoteHost({ url: service.url, token: service.token });
    data.archive("p.ndp");
    for await (
      const { plugin, kind, state } of admin.follow("event", { live: true, plugin: "p" })
    ) {
      assert.deepEqual([plugin, kind, state], ["p", "installed", "disabled"]);
      break;
    }
  } finally {
    assert.equal(await service.stop(), 0);
  }
});

Deno.test("a running service installs, decides, updates, follows and removes, request by request", async () => {
  using data = new TestData();
  const service = await startService(["--data", data.path]);
  try {
    const ask = asked(service);
    using admin = new RemoteHost({ url: service.url, token: service.token });
    const ending = new AbortController();
    const { signal } = ending;
    const lived = all(admin.follow("event", { live: true, plugin: "p", signal }));
    const bytes = (version: string, manifest: object = MANIFEST) =>
      versioned(version, { manifest });
    /** Each: what is asked, and the state or the code that is answered. */
    const STEPS: readonly (readonly [string, string, number, string, BodyInit?])[] = [
      ["POST", "plugins/p/review", 200, "", bytes("1")],
      ["POST", "plugins/p/update", 404, "plugin.unknown", bytes("1")],
      ["POST", "plugins/p/install", 200, "disabled", bytes("1")],
      ["POST", "plugins/p/install", 409, "plugin.exists", bytes("1")],
      ["POST", "plugins/q/install", 422, "package.archive_invalid", "PK"],
      ["POST", "plugins/p/rollback", 409, "plugin.no_previous"],
      ["POST", "plugins/p/approve", 200, "disabled"],
      ["POST", "plugins/p/enable", 200, "running", "{}"],
      ["POST", "plugins/p/enable", 403, "grant.invalid", `{"localNetwork":true}`],
      ["POST", "plugins/p/update", 200, "running", bytes("2")],
      ["POST", "plugins/p/rollback", 200, "running"],
      ["POST", "plugins/p/refresh", 200, "running"],
      ["PATCH", "plugins/p/config", 200, "", `{"count":3}`],
      ["PATCH", "plugins/p/config", 422, "config.invalid", `{"count":"x"}`],
      ["GET", "plugins/p/config", 200, ""],
      ["POST", "plugins/p/update", 200, "waiting", bytes("3", GROWN)],
      ["POST", "plugins/p/call/version", 409, "plugin.not_running"],
      ["GET", "plugins/p/review", 200, ""],
      ["POST", "plugins/p/approve", 200, "running", `{"without":["http"]}`],
      ["POST", "rescan", 200, ""],
      ["POST", "plugins/p/revoke", 200, "disabled"],
      ["DELETE", "plugins/p?data=delete", 204, ""],
      ["DELETE", "plugins/p?data=delete", 404, "plugin.unknown"],
    ];
    for (const [method, path, status, state, body] of STEPS) {
      const found = await ask(method, path, body);
      const what = `${method} ${path}: ${JSON.stringify(found.answer)}`;
      assert.equal(found.status, status, what);
      assert.equal(state === "" ? "" : found.answer.code ?? found.answer.state, state, what);
    }
    await assert.rejects(answerOf(admin, "p"), { code: "plugin.unknown" });
    const codes = (await all(admin.follow("audit", { plugin: "p" }))).map(({ code }) => code);
    assert.deepEqual(codes, [
      "installed",
      "approved",
      "enabled",
      "updated",
      "rolled_back",
      "configured",
      "updated",
      "approved",
      "revoked",
      "removed",
    ]);
    assert.deepEqual(await all(admin.follow("log", { plugin: "p" })), []);
    ending.abort();
    const kinds = (await lived).map(({ kind, state = "-" }) => `${kind} ${state}`);
    assert.deepEqual([kinds.at(0), kinds.at(-1)], ["installed disabled", "removed -"]);
  } finally {
    assert.equal(await service.stop(), 0);
  }
});
