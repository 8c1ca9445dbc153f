// The plugin alone, on the test kernel and sites that are a function: as a plugin's author would test it.

import assert from "node:assert/strict";
import manifest from "../plugins/wikimedia/manifest.json" with { type: "json" };
import { callGuest } from "./guest_kernel.ts";
import { pluginModule } from "./support/built.ts";
import { type Answer, answerOf, mbid } from "./support/wikimedia.ts";

const module = await pluginModule("wikimedia");

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A server with the plugin: a cache that lasts, and everything that was sent. */
class Server {
  readonly sent: Sent[] = [];
  readonly cache = new Map<string, { value: string; ttlSeconds: number }>();
  log: readonly string[] = [];

  constructor(
    readonly config: Readonly<Record<string, string>> = {},
    readonly answer: (url: URL) => Answer | { readonly error: string } = answerOf,
  ) {}

  ask(name: string, request: { name: string; mbid?: string }): unknown {
    const { code, outputText, error, log } = callGuest(
      module,
      name,
      JSON.stringify({ id: "1", ...request }),
      {
        config: this.config,
        host: {
          http_send: ({ request }: { request: Sent }) => {
            this.sent.push(request);
            const answer = this.answer(new URL(request.url));
            if ("error" in answer) return answer;
            const { status, document } = answer;
            const text = typeof document === "string" ? document : JSON.stringify(document);
            const body = new TextEncoder().encode(text).toBase64();
            return { result: { statusCode: status, headers: {}, body } };
          },
          cache_getstring: ({ key }) => {
            const entry = this.cache.get(key);
            return entry === undefined ? {} : { value: entry.value, exists: true };
          },
          cache_setstring: ({ key, value, ttlSeconds }) => {
            this.cache.set(key, { value, ttlSeconds });
            return {};
          },
        },
      },
    );
    this.log = log;
    if (code !== 0) return { fault: error };
    return outputText === "" ? undefined : JSON.parse(outputText);
  }

  url(name: string, id?: string): unknown {
    return this.ask("nd_get_artist_url", id === undefined ? { name } : { name, mbid: id });
  }
  biography(name: string, id?: string): unknown {
    return this.ask("nd_get_artist_biography", id === undefined ? { name } : { name, mbid: id });
  }
  images(name: string, id?: string): unknown {
    return this.ask("nd_get_artist_images", id === undefined ? { name } : { name, mbid: id });
  }
}

const pictures = (file: string) => ({
  images: [1280, 500, 250].map((size) => ({ url: `${file}?width=${size}`, size })),
});

Deno.test("an artist with everything has a page, a biography and pictures, found once", () => {
  const server = new Server();
  assert.deepEqual(server.url("Björk", mbid("1")), {
    url: "https://en.wikipedia.org/wiki/Bj%C3%B6rk",
  });
  assert.deepEqual(server.biography("Björk", mbid("1")), {
    biography: "Björk is an Icelandic singer.\nShe has made ten albums.",
  });
  const file =
    "https://commons.wikimedia.org/wiki/Special:FilePath/Bj%C3%B6rk%20live%20%26%20loud.jpg";
  assert.deepEqual(server.images("Björk", mbid("1")), pictures(file));
  assert.deepEqual(server.sent.map(({ url }) => new URL(url).hostname), [
    "query.wikidata.org",
    "en.wikipedia.org",
  ]);
  assert.deepEqual([...server.cache.values()].map(({ ttlSeconds }) => ttlSeconds), [86_400]);
});

Deno.test("each request says who asks, and does not wait for ever", () => {
  const agents = [
    [undefined, "SoundproofWikimedia/1.0.0 (https://jsr.io/@soundproof/host)"],
    [
      "me@example.org",
      "SoundproofWikimedia/1.0.0 (https://jsr.io/@soundproof/host; me@example.org)",
    ],
    ["x)\r\nEvil: 1", "SoundproofWikimedia/1.0.0 (https://jsr.io/@soundproof/host)"],
  ] as const;
  for (const [contact, agent] of agents) {
    const server = new Server(contact === undefined ? {} : { contact });
    server.biography("Björk");
    assert.equal(server.sent.length, 2);
    for (const { method, headers, timeoutMs } of server.sent) {
      assert.deepEqual([method, headers["User-Agent"], timeoutMs], ["GET", agent, 8000]);
    }
  }
});

Deno.test("the language of the settings comes first, English after it", () => {
  const german = new Server({ language: "de" });
  assert.deepEqual(german.biography("Björk"), {
    biography: "Björk ist eine isländische Sängerin.",
  });
  assert.deepEqual(german.url("Björk"), { url: "https://de.wikipedia.org/wiki/Bj%C3%B6rk" });
  assert.deepEqual(german.biography("Nirvana"), { biography: "An American band." });
});

Deno.test("a language that is none never becomes part of an address", () => {
  const pattern = new RegExp(manifest.config.schema.properties.language.pattern);
  for (const language of ["evil.example/", "a", "EN", "en.", "-en", "e n", "en@x", "é"]) {
    const server = new Server({ language });
    assert.deepEqual(server.biography("Björk"), {
      fault: `Cannot use language "${language}": it is not the address of a Wikipedia`,
    });
    assert.deepEqual(server.sent, []);
    assert.doesNotMatch(language, pattern);
  }
});

Deno.test("without a picture on Wikidata, the article's own is taken; without an article, none", () => {
  const server = new Server();
  const file = "https://en.wikipedia.org/wiki/Special:FilePath/Duo%20%26%20dog%3F.svg";
  assert.deepEqual(server.images("Nobody & the Pictures", mbid("2")), pictures(file));
  assert.deepEqual(server.images("Faceless", mbid("3")), undefined);
  assert.deepEqual(server.url("Faceless", mbid("3")), undefined);
  assert.deepEqual(server.biography("Faceless", mbid("3")), undefined);
  assert.deepEqual(server.biography("Gone"), undefined);
});

Deno.test("an artist nobody knows is not found, and asked again after some hours", () => {
  const server = new Server();
  assert.equal(server.biography("Unheard Of", mbid("f")), undefined);
  assert.equal(server.images("Unheard Of", mbid("f")), undefined);
  assert.equal(server.sent.length, 2); // by id, then by name, and no more
  assert.deepEqual([...server.cache.values()].map(({ ttlSeconds }) => ttlSeconds), [21_600]);
  assert.equal(server.biography("  "), undefined);
  assert.equal(server.biography("x".repeat(251)), undefined);
  assert.equal(server.sent.length, 2);
});

Deno.test("of namesakes the one that is clearly better known is meant, or none", () => {
  const server = new Server();
  assert.deepEqual(server.biography("Nirvana"), { biography: "An American band." });
  assert.deepEqual(server.biography("Nirvana", mbid("5")), { biography: "A British band." });
  assert.equal(server.biography("Twins"), undefined);
  assert.deepEqual(server.log, [
    "info: More than one artist has this name: http://www.wikidata.org/entity/Q6 and http://www.wikidata.org/entity/Q7",
  ]);
});

Deno.test("a namesake with another MusicBrainz id is another artist", () => {
  assert.equal(new Server().biography("Nirvana", mbid("f")), undefined);
});

Deno.test("by name only musicians and ensembles are asked for", () => {
  const server = new Server({ language: "de" });
  server.url("Björk");
  const query = new URL(server.sent[0]!.url).searchParams.get("query") ?? "";
  for (const part of ['"Björk"@en "Björk"@mul "Björk"@de', "wd:Q639669", "wd:Q2088357"]) {
    assert.ok(query.includes(part), part);
  }
});

Deno.test("names cannot leave the quotes they are asked in, nor ids that are none", () => {
  const server = new Server();
  assert.deepEqual(server.biography('Say "Hi"\\'), { biography: "Hi." });
  server.url("a\r\nb", '" } #');
  const queries = server.sent.map(({ url }) => new URL(url).searchParams.get("query") ?? "");
  assert.ok(queries[0]?.includes(String.raw`"Say \"Hi\"\\"@en`));
  assert.ok(queries[2]?.includes(String.raw`"a\r\nb"@en`));
  assert.doesNotMatch(queries[2] ?? "", /P434 "/);
});

Deno.test("what could not be asked is a fault, is not remembered, and is asked again", () => {
  const deadline = 'Get "https://query.wikidata.org/sparql": context deadline exceeded';
  const rows: [string, string, string?][] = [
    ["Broken", "Cannot ask Wikidata: status is 503", mbid("e")],
    ["Garbled", "Cannot ask Wikidata: Cannot read JSON: unexpected character at 0", mbid("a")],
    [
      "Late Night",
      "Cannot ask Wikipedia: Waiting for a database server: 7.2 seconds lagged",
    ],
  ];
  for (const [name, fault, id] of rows) {
    const server = new Server();
    assert.deepEqual(server.biography(name, id), { fault });
    assert.equal(server.cache.size, id === undefined ? 1 : 0);
    const before = server.sent.length;
    assert.deepEqual(server.biography(name, id), { fault });
    assert.ok(server.sent.length > before);
  }
  const silent = new Server({}, () => ({ error: deadline }));
  for (const ask of ["url", "biography", "images"] as const) {
    assert.deepEqual(silent[ask]("Björk"), { fault: `Cannot ask Wikidata: ${deadline}` });
  }
});
