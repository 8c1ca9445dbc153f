import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { type Dns, LOOPBACK, loopbackServer, networkHost } from "./support/network_host.ts";

const SECRET = "Bearer the-secret";
const DNS: Dns = {
  "api.example.com": ["127.0.0.1"],
  "cdn.example.com": ["127.0.0.1"],
  "private.example.com": ["10.0.0.1"],
  "evil.test": ["127.0.0.1"],
};
const rulesFor = (port: number) => ({
  [`http://*.example.com:${port}/*`]: ["GET"],
  [`http://api.example.com:${port}/both/*`]: ["*"],
});

/** `/<status>?<location>` redirects there; everything else is an answer. */
function redirecting() {
  return loopbackServer((request) => {
    const { pathname, search } = new URL(request.url);
    const status = Number(/\/(3\d\d)$/.exec(pathname)?.[1] ?? 200);
    if (status === 200) return new Response(`end ${pathname}`);
    const location = decodeURIComponent(search.slice(1));
    return new Response(null, { status, headers: { location } });
  });
}

/** Where a redirect of `http://api.example.com:PORT` leads, the code of the refusal, and its sentence. */
const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  ["another host", "http://evil.test/x", "egress.redirect_refused", /no rule .* covers/],
  ["another port", "http://api.example.com:1/x", "egress.redirect_refused", /no rule .* covers/],
  ["an address", "http://127.0.0.1/x", "egress.redirect_refused", /no rule .* covers/],
  ["IPv6 loopback", "http://[::1]/x", "egress.redirect_refused", /no rule .* covers/],
  ["a metadata service", "http://169.254.169.254/latest", "egress.redirect_refused", /no rule/],
  [
    "a private name",
    "http://private.example.com:PORT/",
    "egress.address_refused",
    /private or reserved/,
  ],
  [
    "a rule's name as user",
    "http://api.example.com@evil.test/",
    "egress.redirect_refused",
    /no rule/,
  ],
  ["another scheme, ftp", "ftp://api.example.com/x", "egress.redirect_refused", /scheme "ftp"/],
  ["another scheme, file", "file:///etc/passwd", "egress.redirect_refused", /scheme "file"/],
  ["another scheme, data", "data:text/plain,x", "egress.redirect_refused", /scheme "data"/],
  ["another scheme, javascript", "javascript:1", "egress.redirect_refused", /scheme "javascript"/],
  ["another scheme, ws", "ws://api.example.com/", "egress.redirect_refused", /scheme "ws"/],
  ["https, which no rule has", "https://api.example.com/x", "egress.redirect_refused", /no rule/],
  ["nothing", "", "egress.redirect_refused", /Location is empty/],
  ["no URL", "http://", "egress.redirect_refused", /Location is not a URL/],
  ["a port beyond", "http://api.example.com:65536/", "egress.redirect_refused", /not a URL/],
  ["itself again and again", "", "egress.too_many_redirects", /number 6, at most 5/],
];

Deno.test("a redirect leads a guest nowhere that a request of its own would not", async (t) => {
  await using server = redirecting();
  await using use = await networkHost({ p: { http: { allowedUrls: rulesFor(server.port) } } }, DNS);
  const origin = `http://api.example.com:${server.port}`;
  for (const [what, location, code, text] of REFUSED) {
    for (const status of [301, 302, 303, 307, 308]) {
      await t.step(`${status} to ${what}`, async () => {
        const url = what.startsWith("itself")
          ? loop(origin, status, 8)
          : `${origin}/${status}?${encodeURIComponent(location.replace("PORT", `${server.port}`))}`;
        const refusal = await use.refused("p", url);
        deepStrictEqual(refusal.codes, [code]);
        match(refusal.text, text);
      });
    }
  }
  strictEqual(server.seen.some(({ host }) => !host.startsWith("api.example.com")), false);
});

/** A URL that redirects so many times before it answers. */
function loop(origin: string, status: number, hops: number): string {
  let url = `${origin}/end`;
  for (let hop = 0; hop < hops; hop++) url = `${origin}/${status}?${encodeURIComponent(url)}`;
  return url;
}

Deno.test("five redirects are followed, six are not", async (t) => {
  await using server = redirecting();
  await using use = await networkHost({ p: { http: { allowedUrls: rulesFor(server.port) } } }, DNS);
  const origin = `http://api.example.com:${server.port}`;
  for (const hops of [1, 4, 5]) {
    await t.step(`${hops} hops`, async () => {
      strictEqual((await use.send("p", loop(origin, 302, hops))).body, "end /end");
    });
  }
  await t.step("6 hops", async () => {
    const refusal = await use.refused("p", loop(origin, 302, 6));
    deepStrictEqual(refusal.codes, ["egress.too_many_redirects"]);
    strictEqual(server.seen.length, 2 + 5 + 6 + 6);
  });
});

Deno.test("a relative Location is resolved and decided on like any other", async (t) => {
  await using server = redirecting();
  const rules = { "http://api.example.com:*/a/*": ["GET"] };
  await using use = await networkHost({ p: { http: { allowedUrls: rules } } }, DNS);
  const url = (location: string) =>
    `http://api.example.com:${server.port}/a/302?${encodeURIComponent(location)}`;
  const ends: readonly (readonly [string, string])[] = [
    ["end", "/a/end"],
    ["./b/../end", "/a/end"],
    ["/a/end", "/a/end"],
    [`//api.example.com:${server.port}/a/end`, "/a/end"],
  ];
  for (const [location, end] of ends) {
    await t.step(location, async () => {
      strictEqual((await use.send("p", url(location))).body, `end ${end}`);
    });
  }
  for (const location of ["/b", "../b", "/a/../b", "/a/%2e%2e/b", "/a/..%2fb", "//evil.test/a/x"]) {
    await t.step(`${location}: refused`, async () => {
      deepStrictEqual((await use.refused("p", url(location))).codes, ["egress.redirect_refused"]);
    });
  }
});

Deno.test("method and body follow the Fetch standard, and the method is checked again", async (t) => {
  await using server = redirecting();
  await using use = await networkHost({ p: { http: { allowedUrls: rulesFor(server.port) } } }, DNS);
  const origin = `http://api.example.com:${server.port}`;
  const post = (status: number, path: string) => ({
    method: "POST",
    url: `${origin}/both/${status}?${encodeURIComponent(path)}`,
  });
  for (const status of [301, 302, 303]) {
    await t.step(`${status} turns POST into GET without a body`, async () => {
      await use.send("p", post(status, "/only-get"));
      strictEqual(server.seen.at(-1)?.line, "GET /only-get");
      strictEqual(server.seen.at(-1)?.body, "");
    });
  }
  for (const status of [307, 308]) {
    await t.step(`${status} keeps POST and its body`, async () => {
      await use.send("p", post(status, "/both/x"));
      strictEqual(server.seen.at(-1)?.line, "POST /both/x");
      strictEqual(server.seen.at(-1)?.body, JSON.stringify(post(status, "/both/x")));
    });
    await t.step(`${status} to a URL that allows GET only is refused`, async () => {
      const refusal = await use.refused("p", post(status, "/only-get"));
      deepStrictEqual(refusal.codes, ["egress.redirect_refused"]);
      match(refusal.text, /allows GET/);
    });
  }
});

Deno.test("credentials do not cross to another origin", async (t) => {
  await using server = redirecting();
  await using other = redirecting();
  await using use = await networkHost({
    p: { http: { requiredHosts: ["*.example.com"] }, local: LOOPBACK },
  }, DNS);
  const origin = `http://api.example.com:${server.port}`;
  const headers = { authorization: SECRET, cookie: "a=b", "x-own": "1", referer: "x" };
  const to = (target: string) => ({
    url: `${origin}/302?${encodeURIComponent(target)}`,
    headers,
  });
  await t.step("the same origin keeps them", async () => {
    await use.send("p", to("/end"));
    strictEqual(server.seen.at(-1)?.headers.get("authorization"), SECRET);
  });
  for (
    const target of [
      `http://cdn.example.com:${server.port}/end`,
      `http://api.example.com:${other.port}/end`,
      `http://user:password@cdn.example.com:${server.port}/end`,
    ]
  ) {
    await t.step(`${target.replace(/:\d+/, "")} does not get them`, async () => {
      await use.send("p", to(target));
      const { headers } = (target.includes(`${other.port}`) ? other : server).seen.at(-1) ?? {};
      strictEqual(headers?.get("authorization"), null);
      strictEqual(headers?.get("cookie"), null);
      strictEqual(headers?.get("x-own"), "1");
    });
  }
});
