import assert from "node:assert/strict";
import { createApi } from "../src/api/mod.ts";
import { readDocument } from "./support/api_document.ts";
import { fakeHost, fakeTokens } from "./support/fake_host.ts";

const SCOPES = ["admin", "client", "read"] as const;

/** An API, and what of its host was touched. */
function stage() {
  const touched: PropertyKey[] = [];
  const host = new Proxy(fakeHost(), {
    get: (target, name) => (touched.push(name), Reflect.get(target, name)),
  });
  const app = createApi(host, {
    tokens: fakeTokens({ admin: "admin", client: "client", read: "read" }),
    names: { hosts: ["localhost"] },
  });
  touched.length = 0;
  return { app, touched };
}

const { operations } = await readDocument(stage().app);

Deno.test("the document tells every path that is served", () => {
  const told = new Set(operations.map(({ path }) => path.replace(/\{(\w+)\}/g, ":$1")));
  const served = stage().app.routes.map(({ path }) => path).filter((path) => !path.includes("*"));
  assert.ok(told.size > 20);
  assert.deepEqual([...new Set(served)].sort(), [...told].sort());
});

Deno.test("what anyone may ask is the sign of life and the documents", () => {
  const open = operations.filter(({ scope }) => scope === undefined).map(({ path }) => path);
  assert.deepEqual(open.sort(), ["/docs", "/healthz", "/openapi.json", "/readyz"]);
});

for (const { method, path, scope } of operations) {
  /** Headers that must be refused, whatever else is right; the status and the code. */
  const refused: [what: string, headers: Record<string, string>, status: number, code: string][] = [
    ["a foreign Host", { host: "evil.example" }, 421, "api.host_refused"],
    ["our name below another", { host: "localhost.evil.example" }, 421, "api.host_refused"],
    ["a foreign Origin", { origin: "http://evil.example" }, 403, "api.origin_refused"],
    ["our name at another port", { origin: "http://localhost:81" }, 403, "api.origin_refused"],
    ["no origin of its own", { origin: "null" }, 403, "api.origin_refused"],
    ["a page of another site", { "sec-fetch-site": "cross-site" }, 403, "api.origin_refused"],
    ["a page of another port", { "sec-fetch-site": "same-site" }, 403, "api.origin_refused"],
  ];
  if (scope !== undefined) {
    refused.push(
      ["no token", { authorization: "" }, 401, "api.unauthorized"],
      ["a wrong token", { authorization: "Bearer wrong" }, 401, "api.unauthorized"],
      ["another scheme", { authorization: "Basic admin" }, 401, "api.unauthorized"],
    );
    for (const narrower of SCOPES.filter((held) => held !== "admin" && held !== scope)) {
      const headers = { authorization: `Bearer ${narrower}` };
      refused.push([`a token for ${narrower}`, headers, 403, "api.scope_missing"]);
    }
  }
  Deno.test(`${method} ${path} refuses what is not for it, and touches nothing`, async () => {
    for (const [what, headers, status, code] of refused) {
      const { app, touched } = stage();
      const response = await app.request(path.replace(/\{\w+\}/g, "echo"), {
        method,
        headers: { authorization: "Bearer admin", ...headers },
      });
      assert.equal(response.status, status, what);
      assert.equal(response.headers.get("content-type"), "application/problem+json", what);
      assert.equal((await response.json()).code, code, what);
      assert.equal(response.headers.get("access-control-allow-origin"), null, what);
      assert.deepEqual(touched, [], what);
    }
  });
}
