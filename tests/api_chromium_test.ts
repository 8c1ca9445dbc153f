import assert from "node:assert/strict";
import { createApi, type OwnNames, ownNames } from "../src/api/mod.ts";
import { hasChromium, visit } from "./support/chromium.ts";
import { fakeHost, fakeTokens } from "./support/fake_host.ts";

/** A request that came to the API, and its answer. */
interface Came {
  readonly by: string | null;
  readonly path: string;
  readonly status: number;
}

/** An API on a socket, what came to it, and what of its host was touched. */
function serveApi(names: (port: number) => OwnNames) {
  const came: Came[] = [];
  const touched: PropertyKey[] = [];
  const host = new Proxy(fakeHost(), {
    get: (target, name) => (touched.push(name), Reflect.get(target, name)),
  });
  /** What the name leads to before it leads to the API. */
  let before: (() => Response) | undefined;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request, connection) => {
      if (before !== undefined) return before();
      const response = await app.fetch(request, connection);
      const { pathname, searchParams } = new URL(request.url);
      came.push({ by: searchParams.get("by"), path: pathname, status: response.status });
      return response;
    },
  );
  const { port } = server.addr;
  const app = createApi(host, {
    tokens: fakeTokens({ admin: "admin" }),
    names: names(port),
  });
  touched.length = 0;
  return {
    port,
    came,
    touched,
    lead: (to: typeof before) => before = to,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A site of the attacker's, which gives out a page and takes what the page found. */
function serveEvil(page: string, rebind = () => {}) {
  const html = Deno.readTextFileSync(`tests/pages/${page}.html`);
  const found = Promise.withResolvers<Record<string, string>>();
  const headers = { "access-control-allow-origin": "*", "content-type": "text/html" };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/findings") found.resolve(await request.json());
      if (pathname === "/rebind") rebind();
      return new Response(pathname === "/" ? html : "", { headers });
    },
  );
  return {
    html,
    url: `http://evil.test:${server.addr.port}`,
    found: found.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What a page finds whose own name leads to an API once it has been loaded. */
async function rebound(names: (port: number) => OwnNames) {
  await using api = serveApi(names);
  await using evil = serveEvil("rebinding", () => api.lead(undefined));
  api.lead(() => new Response(evil.html, { headers: { "content-type": "text/html" } }));
  const page = `http://rebound.test:${api.port}/?collector=${encodeURIComponent(evil.url)}`;
  const findings = await visit(page, evil.found);
  return { findings, came: api.came, touched: api.touched };
}

const ignore = !hasChromium;
const here = hasChromium ? "" : " (there is no chromium here)";

Deno.test({
  name: `a page in Chromium whose name is bound to the service's address is refused all${here}`,
  ignore,
  fn: async () => {
    const { findings, came, touched } = await rebound((port) => ownNames("127.0.0.1", port));
    assert.equal(Object.keys(findings).length, 10);
    assert.equal(findings.events, "failed: not opened");
    assert.equal(findings.socket, "failed: not opened");
    for (const [by, found] of Object.entries(findings)) {
      if (!found.startsWith("failed")) assert.match(found, /^421 .*"api\.host_refused"/, by);
      assert.doesNotMatch(found, /echo/i, by);
    }
    assert.ok(came.length >= 10);
    assert.deepEqual(came.filter(({ status }) => status !== 421), []);
    assert.deepEqual(touched, []);
  },
});

Deno.test({
  name: `the same page would have it all if its name were one of the service's${here}`,
  ignore,
  fn: async () => {
    const { findings, touched } = await rebound((port) => ({ hosts: [`rebound.test:${port}`] }));
    assert.match(findings.read ?? "", /^401 /);
    assert.match(findings.read_with_token ?? "", /^200 .*"echo"/);
    assert.match(findings.post_with_token ?? "", /^200 /);
    assert.match(findings.document ?? "", /^200 /);
    assert.ok(touched.includes("disable"));
  },
});

Deno.test({
  name: `a page of another site in Chromium reaches no plugin and learns nothing${here}`,
  ignore,
  fn: async () => {
    await using api = serveApi((port) => ownNames("127.0.0.1", port));
    await using evil = serveEvil("cross_site");
    const target = encodeURIComponent(`http://127.0.0.1:${api.port}`);
    const findings = await visit(`${evil.url}/?api=${target}`, evil.found);
    for (const [by, found] of Object.entries(findings)) {
      if (by === "beacon") assert.equal(found, "true");
      else if (by === "form" || by === "frame") assert.equal(found, "nothing to read");
      else assert.match(found, /^failed: /, by);
    }
    // Each of them did come: it was the service that refused, and not the browser alone.
    const names = Object.keys(findings).sort();
    assert.equal(names.length, 17);
    assert.deepEqual([...new Set(api.came.flatMap(({ by }) => by ?? []))].sort(), names);
    assert.deepEqual(api.came.filter(({ status }) => status !== 403), []);
    assert.deepEqual(api.touched, []);
  },
});
