import assert from "node:assert/strict";
import { createApi, MAX_INPUT_BYTES } from "../src/api/mod.ts";
import { type ErrorCode, SoundproofError } from "../src/errors.ts";
import { type Answer, fakeHost, fakeTokens, summary } from "./support/fake_host.ts";

const TOKEN = "t".repeat(43);
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

function api(answer?: Answer, faults: unknown[] = []) {
  const host = fakeHost([summary(), summary({ id: "off", state: "disabled" })], answer);
  return createApi(host, {
    tokens: fakeTokens({ [TOKEN]: "admin" }),
    names: { hosts: ["localhost"] },
    onFault: (error) => faults.push(error),
  });
}

async function call(path: string, init: RequestInit = {}, answer?: Answer): Promise<Response> {
  return await api(answer).request(path, { headers: AUTHORIZED, ...init });
}

Deno.test("healthz answers without a token, and with headers that keep browsers out", async () => {
  const response = await api().request("/healthz");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: "ok" });
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("cache-control"), "no-store");
});

Deno.test("the list and one plugin are what the host says", async () => {
  const list = await (await call("/api/v1/plugins")).json();
  assert.deepEqual(list.plugins.map(({ id }: { id: string }) => id), ["echo", "off"]);
  const one = await (await call("/api/v1/plugins/echo")).json();
  assert.deepEqual(one, summary());
});

Deno.test("a plugin can be disabled and enabled", async () => {
  const app = api();
  const post = (path: string) => app.request(path, { method: "POST", headers: AUTHORIZED });
  assert.equal((await (await post("/api/v1/plugins/echo/disable")).json()).state, "disabled");
  assert.equal((await post("/api/v1/plugins/echo/call/echo")).status, 409);
  assert.equal((await (await post("/api/v1/plugins/echo/enable")).json()).state, "running");
  assert.equal((await post("/api/v1/plugins/echo/call/echo")).status, 204);
});

/** Bodies of a decision, and how they are answered. */
const DECISIONS: readonly [body: string, status: number][] = [
  ["", 200],
  ["{}", 200],
  ['{"localNetwork":true,"addresses":["192.168.1.5"]}', 200],
  ["{", 400],
  ["[]", 400],
  ["null", 400],
  ['{"localNetwork":"yes"}', 400],
  ['{"addresses":"nas"}', 400],
  ['{"addresses":[1]}', 400],
  ['{"everything":true}', 400],
];
for (const [body, status] of DECISIONS) {
  Deno.test(`enabling with ${body || "no body"} is answered ${status}`, async () => {
    const response = await api().request("/api/v1/plugins/echo/enable", {
      method: "POST",
      headers: AUTHORIZED,
      body,
    });
    assert.equal(response.status, status);
    if (status === 400) assert.equal((await response.json()).code, "api.body_invalid");
  });
}

/** Output of a guest, and how it is answered. */
const OUTPUTS: readonly [string, Uint8Array, number, string | null][] = [
  ["JSON", new TextEncoder().encode(' {"biography":"née"} '), 200, "application/json"],
  ["bytes that are no text", Uint8Array.of(0, 255, 254), 200, "application/octet-stream"],
  ["text that is no JSON", new TextEncoder().encode("{oops"), 200, "application/octet-stream"],
  ["nothing", new Uint8Array(), 204, null],
];
for (const [name, output, status, type] of OUTPUTS) {
  Deno.test(`a call that puts out ${name} is answered ${status} with these very bytes`, async () => {
    const response = await call("/api/v1/plugins/echo/call/echo", { method: "POST" }, () => output);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), type);
    assert.deepEqual(await response.bytes(), output);
  });
}

Deno.test("a call hands export, input and deadline to the plugin", async () => {
  const seen: unknown[] = [];
  await call(
    "/api/v1/plugins/echo/call/nd_get%20it?timeoutMs=250",
    { method: "POST", body: Uint8Array.of(1, 2, 0) },
    (...args) => {
      seen.push(args[0], [...args[1]], args[2].timeoutMs, args[2].signal instanceof AbortSignal);
      return new Uint8Array();
    },
  );
  assert.deepEqual(seen, ["nd_get it", [1, 2, 0], 250, true]);
});

const CALL = "/api/v1/plugins/echo/call/echo";

/** A request that is refused: its path, what is special about it, the status, the code. */
const REFUSED: readonly [string, string, RequestInit, number, ErrorCode][] = [
  ["no token", "/api/v1/plugins", { headers: {} }, 401, "api.unauthorized"],
  ["a wrong token", "/api/v1/plugins", auth(`Bearer ${"u".repeat(43)}`), 401, "api.unauthorized"],
  [
    "a shortened token",
    "/api/v1/plugins",
    auth(`Bearer ${TOKEN.slice(1)}`),
    401,
    "api.unauthorized",
  ],
  ["another scheme", "/api/v1/plugins", auth(`Basic ${TOKEN}`), 401, "api.unauthorized"],
  ["no token on an unknown path", "/nowhere", { headers: {} }, 401, "api.unauthorized"],
  ["no token on a call", CALL, { method: "POST", headers: {} }, 401, "api.unauthorized"],
  ["an unknown path", "/api/v1/nowhere", {}, 404, "api.not_found"],
  ["an unknown plugin", "/api/v1/plugins/none", {}, 404, "plugin.unknown"],
  ["a path as plugin", "/api/v1/plugins/..%2f..%2fetc", {}, 404, "plugin.unknown"],
  ["a call of an unknown plugin", CALL.replace("echo", "none"), POST(), 404, "plugin.unknown"],
  ["a call of a disabled plugin", CALL.replace("echo", "off"), POST(), 409, "plugin.not_running"],
  ["enabling an unknown plugin", "/api/v1/plugins/none/enable", POST(), 404, "plugin.unknown"],
  ["GET of a call", CALL, {}, 405, "api.method_not_allowed"],
  ["PUT of a plugin", "/api/v1/plugins/echo", POST("PUT"), 405, "api.method_not_allowed"],
  ["POST of healthz", "/healthz", POST(), 405, "api.method_not_allowed"],
  ["timeoutMs of 0", `${CALL}?timeoutMs=0`, POST(), 400, "api.query_invalid"],
  ["timeoutMs that is no number", `${CALL}?timeoutMs=1e3`, POST(), 400, "api.query_invalid"],
  ["timeoutMs that is empty", `${CALL}?timeoutMs=`, POST(), 400, "api.query_invalid"],
  ["timeoutMs beyond all", `${CALL}?timeoutMs=600001`, POST(), 400, "api.query_invalid"],
  [
    "a body one byte too long",
    CALL,
    {
      method: "POST",
      body: new Uint8Array(MAX_INPUT_BYTES + 1),
    },
    413,
    "api.body_too_large",
  ],
  ["another host", "http://evil.example/api/v1/plugins", {}, 421, "api.host_refused"],
  ["our host at another port", "http://localhost:81/healthz", {}, 421, "api.host_refused"],
  [
    "another host in the header",
    "/healthz",
    header("host", "evil.example"),
    421,
    "api.host_refused",
  ],
  [
    "another origin",
    "/healthz",
    header("origin", "http://evil.example"),
    403,
    "api.origin_refused",
  ],
  ["the null origin", "/healthz", header("origin", "null"), 403, "api.origin_refused"],
  [
    "our origin by https",
    "/healthz",
    header("origin", "https://localhost"),
    403,
    "api.origin_refused",
  ],
  ["a cross-site fetch", CALL, header("sec-fetch-site", "cross-site"), 403, "api.origin_refused"],
  ["a same-site fetch", CALL, header("sec-fetch-site", "same-site"), 403, "api.origin_refused"],
];
for (const [name, path, init, status, code] of REFUSED) {
  Deno.test(`${name} is answered ${status} ${code}`, async () => {
    const response = await call(path, init);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const problem = await response.json();
    assert.equal(problem.code, code);
    assert.equal(problem.status, status);
    assert.match(problem.detail, /^Cannot .*[^.]$/);
    assert.ok(problem.title.length > 0 && Array.isArray(problem.problems));
    assert.ok(!JSON.stringify(problem).includes(TOKEN));
    assert.equal(response.headers.has("www-authenticate"), status === 401);
    assert.equal(response.headers.has("allow"), status === 405);
  });
}

Deno.test("our own origin and a same-origin fetch are served", async () => {
  const headers = { origin: "http://localhost", "sec-fetch-site": "same-origin" };
  assert.equal((await api().request("/healthz", { headers })).status, 200);
});

Deno.test("the problems of a document are passed on", async () => {
  const problems = [{ path: "$.name", found: "3", wanted: "a string" }];
  const response = await call(CALL, { method: "POST" }, () => {
    throw new SoundproofError("manifest.invalid", "Cannot read the manifest: 1 problem", {
      problems,
    });
  });
  assert.equal(response.status, 422);
  assert.deepEqual((await response.json()).problems, problems);
});

Deno.test("an unexpected fault is told to the log, not to the caller", async () => {
  const faults: unknown[] = [];
  const fault = new TypeError("secret detail");
  const app = api(() => {
    throw fault;
  }, faults);
  const response = await app.request(CALL, { method: "POST", headers: AUTHORIZED });
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.ok(text.includes("api.internal") && !text.includes("secret"));
  assert.deepEqual(faults, [fault]);
});

function auth(authorization: string): RequestInit {
  return { headers: { authorization } };
}

function header(name: string, value: string): RequestInit {
  return {
    method: name === "sec-fetch-site" ? "POST" : "GET",
    headers: { ...AUTHORIZED, [name]: value },
  };
}

function POST(method = "POST"): RequestInit {
  return { method };
}
