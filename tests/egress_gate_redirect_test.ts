import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type GateFixture, gateFixture, refused } from "./support/gate_fixture.ts";

/** `/to?status=302&n=1&to=URL`: a redirect; anything else: an answer. */
function redirects(): GateFixture {
  return gateFixture((request, port) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/chain") {
      const left = Number(searchParams.get("left"));
      return left === 0 ? new Response("end") : redirect(302, `/chain?left=${left - 1}`);
    }
    if (pathname !== "/to") return new Response("there");
    const to = (searchParams.get("to") ?? "").replaceAll("PORT", String(port));
    return redirect(Number(searchParams.get("status") ?? 302), to);
  }, { rules: () => ({ http: { hosts: ["api.example.com", "*.example.net"] } }) });
}

function redirect(status: number, location: string): Response {
  return new Response("moved", { status, headers: { location } });
}

const to = (location: string, status = 302) =>
  `/to?status=${status}&to=${encodeURIComponent(location)}`;

const REFUSED: [string, string, RegExp][] = [
  ["another host", "http://other.example.com/", /no rule|not allowed|declared|host/],
  ["loopback", "http://127.0.0.1:PORT/", /./],
  ["loopback by name", "http://localhost:PORT/", /./],
  ["metadata", "http://169.254.169.254/latest/", /./],
  ["integer address", "http://2130706433/", /./],
  ["IPv6 loopback", "http://[::1]:PORT/", /./],
  ["mapped IPv6", "http://[::ffff:127.0.0.1]/", /./],
  ["credentials that look like the host", "http://api.example.com@evil.example/", /./],
  ["backslashes", "http:\\\\evil.example\\", /./],
  ["protocol-relative", "//evil.example/", /./],
  ["file", "file:///etc/passwd", /scheme "file"/],
  ["data", "data:text/plain,x", /scheme "data"/],
  ["javascript", "javascript:alert(1)", /scheme "javascript"/],
  ["ftp", "ftp://api.example.com/", /scheme "ftp"/],
  ["websocket", "ws://api.example.com:PORT/", /scheme "ws"/],
  ["blob", "blob:http://api.example.com/1", /scheme "blob"/],
  ["garbage", "http://[", /not a URL/],
  ["port out of range", "http://api.example.com:99999/", /not a URL/],
  ["empty", "", /empty/],
];

for (const [what, location, text] of REFUSED) {
  Deno.test(`a redirect is refused and not requested: ${what}`, async () => {
    await using use = redirects();
    await refused(use.get(to(location)), "egress.redirect_refused", text);
    strictEqual(use.relay.asked.length, 1);
    strictEqual(use.seen.length, 1);
    const response = await use.get(to(location), { refusedRedirect: "response" });
    strictEqual(response.status, 302);
    strictEqual(new TextDecoder().decode(response.body), "moved");
  });
}

Deno.test("a redirect is resolved against the request's URL", async () => {
  await using use = redirects();
  for (
    const [location, path] of [
      ["b?c=d#e", "/b?c=d"],
      ["/b/../c", "/c"],
      ["?x", "/to?x"],
      ["http://api.example.com:PORT/abs", "/abs"],
      ["http://user:secret@api.example.com:PORT/u", "/u"],
      ["/caf\u00c3\u00a9", "/caf%C3%A9"],
      ["  /spaces  ", "/spaces"],
    ] as const
  ) {
    const response = await use.get(to(location), { maxRedirects: 1, surplusRedirect: "response" });
    strictEqual(response.url, use.origin + path);
    strictEqual(use.seen.at(-1)?.path, path);
    strictEqual(use.seen.at(-1)?.headers.get("authorization"), null);
  }
});

Deno.test("five redirects are followed and the sixth is refused, or is the response", async () => {
  await using use = redirects();
  strictEqual((await use.get("/chain?left=5")).hops, 5);
  await refused(use.get("/chain?left=6"), "egress.too_many_redirects");
  await refused(use.get(to("/to?to=%2Fto")), "egress.redirect_refused");
  strictEqual((await use.get("/chain?left=6", { surplusRedirect: "response" })).status, 302);
  const before = use.seen.length;
  await refused(use.get("/chain?left=1", { maxRedirects: 0 }), "egress.too_many_redirects");
  strictEqual(use.seen.length, before + 1);
});

Deno.test("a loop ends at the limit", async () => {
  await using use = gateFixture((request) => redirect(302, request.url));
  await refused(use.get("/loop"), "egress.too_many_redirects");
  strictEqual(use.seen.length, 6);
});

Deno.test("redirects are not followed unless asked for, and a 3xx without Location is an answer", async () => {
  await using use = redirects();
  const response = await use.get(to("/b"), { followRedirects: false });
  strictEqual(response.status, 302);
  strictEqual(response.headers.find(([name]) => name === "location")?.[1], "/b");
  await using bare = gateFixture(() => new Response(null, { status: 302 }));
  strictEqual((await bare.get("/")).status, 302);
  await using notModified = gateFixture(() => redirect(300, "/b"));
  strictEqual((await notModified.get("/")).status, 300);
});

Deno.test("method and body follow the Fetch standard", async () => {
  await using use = redirects();
  const table: [number, string, string][] = [
    [301, "POST", "GET "],
    [302, "POST", "GET "],
    [303, "POST", "GET "],
    [307, "POST", "POST x"],
    [308, "POST", "POST x"],
    [301, "PUT", "PUT x"],
    [302, "DELETE", "DELETE x"],
    [303, "PUT", "GET "],
    [303, "HEAD", "HEAD "],
    [302, "HEAD", "HEAD "],
    [303, "GET", "GET "],
  ];
  for (const [status, method, wanted] of table) {
    const headers: [string, string][] = [["content-type", "a/b"], ["x-kept", "1"]];
    await use.get(to("/end", status), { method, body: new TextEncoder().encode("x"), headers });
    const last = use.seen.at(-1);
    strictEqual(`${last?.method} ${last?.body}`, wanted, `${status} ${method}`);
    const lostBody = wanted === "GET " && method !== "GET";
    strictEqual(last?.headers.get("content-type"), lostBody ? null : "a/b");
    strictEqual(last?.headers.get("x-kept"), "1");
  }
});

Deno.test("the rules judge the method after a redirect changed it", async () => {
  await using use = gateFixture(
    (request) => request.url.includes("/a") ? redirect(307, "/b") : new Response(),
    {
      rules: (port) => ({
        http: {
          urls: {
            [`http://api.example.com:${port}/a`]: ["POST"],
            [`http://api.example.com:${port}/b`]: ["GET"],
          },
        },
      }),
    },
  );
  await refused(use.get("/a", { method: "POST" }), "egress.redirect_refused");
  strictEqual(use.seen.length, 1);
});

const SECRETS: [string, string][] = [
  ["Authorization", "Bearer t"],
  ["Cookie", "a=1"],
  ["Cookie2", "b"],
];

Deno.test("credentials do not cross to another origin and do not come back", async () => {
  await using use = redirects();
  const back = to("http://api.example.com:PORT/back");
  await use.get(to(`http://b.example.net:PORT${back}`), { headers: SECRETS });
  deepStrictEqual(use.seen.map(({ host }) => host.split(":")[0]), [
    "api.example.com",
    "b.example.net",
    "api.example.com",
  ]);
  for (const [name, value] of SECRETS) {
    deepStrictEqual(use.seen.map(({ headers }) => headers.get(name)), [value, null, null], name);
  }
});

Deno.test("credentials stay on the same origin and a subdomain is another", async () => {
  await using use = redirects();
  await use.get(to("/same"), { headers: SECRETS });
  strictEqual(use.seen[1]?.headers.get("authorization"), "Bearer t");
  const start = `http://a.example.net:${use.port}${to("http://b.a.example.net:PORT/")}`;
  await use.get(start, { headers: SECRETS });
  strictEqual(use.seen[3]?.host, `b.a.example.net:${use.port}`);
  strictEqual(use.seen[3]?.headers.get("authorization"), null);
});

Deno.test("the body of a response that only redirects is not read", async () => {
  const endless = Promise.withResolvers<void>();
  await using use = gateFixture((request) => {
    if (request.url.endsWith("/end")) return new Response("end");
    const body = new ReadableStream({
      pull: (to) => to.enqueue(new Uint8Array(1000)),
      cancel: () => endless.resolve(),
    });
    return new Response(body, { status: 302, headers: { location: "/end" } });
  });
  strictEqual((await use.get("/")).hops, 1);
  await endless.promise;
});
