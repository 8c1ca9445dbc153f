import { deepStrictEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { SubsonicClient } from "../src/services/mod.ts";
import { ARTWORK_PATH, ArtworkLinks, ArtworkServer } from "../src/sidecar/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { OpenSubsonic } from "./support/open_subsonic.ts";
import { promise } from "./support/promises.ts";
import { randomOf } from "./support/random.ts";
import { tempDir } from "./support/temp_dir.ts";

const KEY = new Uint8Array(32).fill(7);
const PICTURE = new Uint8Array([0xff, 0xd8, 1, 2, 3]);
const links = new ArtworkLinks(KEY, "https://plugins.example.com/");

/** A service whose pictures come from a server of the tests. */
async function withCovers(
  test: (
    ask: (url: string, init?: RequestInit) => Promise<Response>,
    server: OpenSubsonic,
  ) => Promise<void>,
): Promise<void> {
  await using server = new OpenSubsonic({
    clock: new FakeClock(),
    accounts: { service: { password: "sesame" } },
    songs: [{ id: "s1", title: "Sinnerman", coverArt: "mf-s1" }, { id: "bare", title: "Bare" }],
    covers: {
      "mf-s1": { type: "image/jpeg", data: PICTURE },
      "al-album1": { type: "image/png", data: PICTURE },
      bare: { type: "image/webp", data: PICTURE },
      script: { type: "image/svg+xml", data: PICTURE },
      page: { type: "text/html", data: PICTURE },
      huge: { type: "image/png", data: new Uint8Array(10 * 1024 * 1024 + 1) },
    },
  });
  const artwork = new ArtworkServer(
    links,
    new SubsonicClient({
      baseUrl: server.url,
      username: "service",
      credentials: { password: "sesame" },
    }),
  );
  await test(async (url, init) => {
    const answer = artwork.answer(new Request(url, init));
    ok(answer, "it is an address of a picture");
    return await answer;
  }, server);
}

Deno.test("a signed address opens its picture, from the cover that the server tells, with no token", () =>
  withCovers(async (ask, server) => {
    const url = links.url("track", "s1", 300);
    match(url, /^https:\/\/plugins\.example\.com\/api\/v1\/artwork\/[\w-]+\.[\w-]{43}$/);
    const response = await ask(url);
    equal(response.status, 200);
    deepStrictEqual(new Uint8Array(await response.arrayBuffer()), PICTURE);
    const { headers } = response;
    equal(headers.get("content-type"), "image/jpeg");
    equal(headers.get("cache-control"), "public, max-age=86400");
    equal(headers.get("x-content-type-options"), "nosniff");
    match(headers.get("content-security-policy") ?? "", /sandbox/);
    const asked = server.asked.at(-1);
    deepStrictEqual([asked?.query.get("id"), asked?.query.get("size")], ["mf-s1", "300"]);

    const etag = headers.get("etag") ?? "";
    const again = await ask(url, { headers: { "if-none-match": etag } });
    equal(again.status, 304);
    equal((await ask(url, { method: "HEAD" })).body, null);
    equal((await ask(url, { method: "POST" })).status, 405);

    equal((await ask(links.url("album", "album1", 0))).headers.get("content-type"), "image/png");
    equal(server.asked.at(-1)?.query.get("size"), null);
    const bare = await ask(links.url("track", "bare", 0));
    equal(bare.headers.get("content-type"), "image/webp", "a song without a cover of its own");
  }));

Deno.test("what is no picture, has none, or is too large is not given out", () =>
  withCovers(async (ask) => {
    for (const id of ["script", "page", "huge", "nowhere"]) {
      const response = await ask(links.url("playlist", id, 0));
      equal(response.status, 404, id);
      equal(response.body, null);
    }
  }));

Deno.test("a server that is down is no picture, and no fault of the service", () =>
  withCovers(async (ask, server) => {
    server.isDown = true;
    const { status } = await ask(links.url("track", "s1", 0));
    ok(status === 404 || status === 502, String(status));
  }));

const TOKEN = links.url("album", "a1", 0).split(ARTWORK_PATH)[1] ?? "";
const [TEXT = "", SIGNATURE = ""] = TOKEN.split(".");
const encoded = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });

promise("an address that was not signed here opens nothing", [
  ...[
    "",
    ".",
    TEXT,
    `${TEXT}.`,
    `.${SIGNATURE}`,
    `${TOKEN}x`,
    `${TOKEN}.${SIGNATURE}`,
    `${TEXT}.${"A".repeat(43)}`,
    `${encoded(["album", "a2", 0])}.${SIGNATURE}`,
    `${TEXT}%2E${SIGNATURE}`,
    `../${TOKEN}`,
    new ArtworkLinks(new Uint8Array(32).fill(8), "").url("album", "a1", 0).split(ARTWORK_PATH)[1] ??
      "",
    "a".repeat(100_000),
  ].map((token) => ({ name: token.slice(0, 60), token })),
  ...Array.from({ length: 200 }, (_, index) => {
    const random = randomOf(index);
    const at = random(TOKEN.length);
    const other = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[random(65)] ??
      "";
    const token = TOKEN.slice(0, at) + other + TOKEN.slice(at + 1);
    return { name: `${at}: ${other}`, token };
  }),
], ({ token }) => {
  // The last character of a signature has two bits that mean nothing.
  const isSame = token.slice(0, -1) === TOKEN.slice(0, -1);
  if (!isSame) equal(links.read(token), undefined);
});

Deno.test("the key is made once, is its owner's alone, and another key ends all addresses", () => {
  using folder = tempDir();
  const path = `${folder.path}/sidecar`;
  const first = ArtworkLinks.open(path, "");
  const token = first.url("artist", "ä/1", 99_999).slice(ARTWORK_PATH.length);
  deepStrictEqual(ArtworkLinks.open(path, "").read(token), {
    kind: "artist",
    id: "ä/1",
    size: 4_096,
  });
  equal((Deno.statSync(`${path}/artwork.key`).mode ?? 0) & 0o777, 0o600);
  Deno.writeFileSync(`${path}/artwork.key`, new Uint8Array(0));
  const other = ArtworkLinks.open(path, "");
  equal(other.read(token), undefined);
  notEqual(other.url("artist", "ä/1", 0), first.url("artist", "ä/1", 0));
});

Deno.test("other paths are not the pictures' business", () => {
  const artwork = new ArtworkServer(
    links,
    new SubsonicClient({
      baseUrl: "http://127.0.0.1:1",
      username: "service",
      credentials: { password: "x" },
    }),
  );
  equal(artwork.answer(new Request("http://127.0.0.1/api/v1/plugins")), undefined);
});
