import assert from "node:assert/strict";
import { createApi } from "../src/api/mod.ts";
import { SoundproofError } from "../src/errors.ts";
import { type Answer, fakeHost, fakeTokens, summary } from "./support/fake_host.ts";

const EXPORTS = [
  "nd_get_artist_mbid",
  "nd_get_artist_url",
  "nd_get_artist_biography",
  "nd_get_similar_artists",
  "nd_get_artist_images",
  "nd_get_artist_top_songs",
  "nd_get_album_info",
  "nd_get_album_images",
  "nd_get_similar_songs_by_track",
  "nd_get_similar_songs_by_album",
  "nd_get_similar_songs_by_artist",
  "nd_lyrics_get_lyrics",
  "nd_get_sonic_similar_tracks",
  "nd_find_sonic_path",
];

/** An API over plugins "a" and "b", and what each was asked, by export. */
function stage(answer: (plugin: string, name: string, asked: unknown) => unknown = () => null) {
  const asked: [name: string, request: unknown][] = [];
  const guest = (plugin: string): Answer => (name, input) => {
    const request = JSON.parse(new TextDecoder().decode(input));
    asked.push([name, request]);
    return new TextEncoder().encode(JSON.stringify(answer(plugin, name, request)));
  };
  const host = fakeHost(
    [summary({ id: "a", exports: EXPORTS }), summary({ id: "b", exports: EXPORTS })],
    (name, input, options) => guest(asked.length % 2 === 0 ? "a" : "b")(name, input, options),
  );
  const app = createApi(host, {
    tokens: fakeTokens({ t: "client", admin: "admin" }),
    names: { hosts: ["localhost"] },
  });
  const post = (path: string, body: unknown, token = "t") =>
    app.request(`/api/v1/capabilities/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { host, app, asked, post };
}

const ARTIST = { id: "1", name: "Nina Simone" };
const TRACK = { id: "t1", title: "Sinnerman", artist: "Nina Simone", duration: 622, isrc: "X1" };

/** Paths, a question, the export it becomes, what a plugin answers, and what the API answers. */
const QUESTIONS: readonly [
  path: string,
  question: object,
  name: string,
  output: unknown,
  value: unknown,
][] = [
  ["metadata-agent/get-artist-mbid", ARTIST, "nd_get_artist_mbid", { mbid: "m" }, "m"],
  ["metadata-agent/get-artist-url", ARTIST, "nd_get_artist_url", { url: "u" }, "u"],
  [
    "metadata-agent/get-artist-biography",
    { ...ARTIST, mbid: "m" },
    "nd_get_artist_biography",
    { biography: "b" },
    "b",
  ],
  [
    "metadata-agent/get-similar-artists",
    { ...ARTIST, limit: 3 },
    "nd_get_similar_artists",
    { artists: [{ name: "x" }] },
    [{ id: "", name: "x", mbid: "" }],
  ],
  [
    "metadata-agent/get-artist-images",
    ARTIST,
    "nd_get_artist_images",
    { images: [{ url: "i", size: 9 }] },
    [{ url: "i", size: 9 }],
  ],
  [
    "metadata-agent/get-album-info",
    { name: "Pastel Blues", artist: "Nina Simone" },
    "nd_get_album_info",
    { name: "n", description: "d" },
    { name: "n", mbid: "", description: "d", url: "" },
  ],
  [
    "metadata-agent/get-album-images",
    { name: "Pastel Blues", artist: "Nina Simone" },
    "nd_get_album_images",
    { images: [{ url: "i", size: 1 }] },
    [{ url: "i", size: 1 }],
  ],
  ...([
    ["get-artist-top-songs", ARTIST, "nd_get_artist_top_songs"],
    ["get-similar-songs-by-artist", ARTIST, "nd_get_similar_songs_by_artist"],
    ["get-similar-songs-by-track", { ...ARTIST, artist: "y" }, "nd_get_similar_songs_by_track"],
    ["get-similar-songs-by-album", { ...ARTIST, artist: "y" }, "nd_get_similar_songs_by_album"],
  ] as const).map(([path, question, name]): typeof QUESTIONS[number] => [
    `metadata-agent/${path}`,
    { ...question, count: 2 },
    name,
    { songs: [{ name: "s", durationMs: 5 }] },
    [{
      id: "",
      name: "s",
      mbid: "",
      isrc: "",
      artists: [],
      album: "",
      albumMbid: "",
      durationMs: 5,
    }],
  ]),
];
for (const [path, question, name, output, value] of QUESTIONS) {
  Deno.test(`${path} asks a plugin's ${name} with what was sent`, async () => {
    const { asked, post } = stage(() => output);
    const response = await post(path, question);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { kind: "found", plugin: "a", value });
    assert.deepEqual(asked, [[name, question]]);
  });
}

Deno.test("lyrics of a track come line by line", async () => {
  const { asked, post } = stage(() => ({ lyrics: [{ lang: "eng", text: "Oh\nsinnerman" }] }));
  const response = await post("lyrics/get-lyrics", { track: TRACK });
  const { kind, plugin, value } = await response.json();
  assert.deepEqual([kind, plugin, value[0].lines], ["found", "a", [
    { text: "Oh" },
    { text: "sinnerman" },
  ]]);
  assert.equal(asked[0]?.[0], "nd_lyrics_get_lyrics");
});

Deno.test("songs that sound alike come with how alike they are, asked with the whole track", async () => {
  const matches = [{ song: { name: "s" }, similarity: 0.5 }];
  const { asked, post } = stage(() => ({ matches }));
  const similar = await post("sonic-similarity/get-sonic-similar-tracks", {
    track: TRACK,
    count: 3,
  });
  assert.equal((await similar.json()).value[0].similarity, 0.5);
  const path = await post("sonic-similarity/find-sonic-path", { from: TRACK, to: TRACK, count: 3 });
  assert.equal((await path.json()).value[0].song.name, "s");
  const { song, count } = asked[0]?.[1] as { song: Record<string, unknown>; count: number };
  assert.deepEqual([song.id, song.isrc, song.durationMs, count], ["t1", "X1", 622_000, 3]);
});

Deno.test("the next plugin is asked where one has nothing, and it is told that none has", async () => {
  const { post } = stage((plugin) => plugin === "b" ? { biography: "of b" } : {});
  const path = "metadata-agent/get-artist-biography";
  const found = await (await post(path, ARTIST)).json();
  assert.deepEqual(found, { kind: "found", plugin: "b", value: "of b" });
  const none = await (await stage(() => ({})).post(path, ARTIST)).json();
  assert.deepEqual(none, { kind: "not_found", asked: ["a", "b"] });
});

Deno.test("where no plugin could say, the first fault is the answer", async () => {
  const { post } = stage(() => {
    throw new SoundproofError("guest.trap", "Cannot call: it trapped");
  });
  const response = await post("metadata-agent/get-artist-biography", ARTIST);
  assert.equal(response.status, 502);
  assert.equal((await response.json()).code, "guest.trap");
});

/** Questions that are not asked. */
const WRONG: readonly [string, unknown][] = [
  ["metadata-agent/get-artist-biography", "{"],
  ["metadata-agent/get-artist-biography", ""],
  ["metadata-agent/get-artist-biography", { id: "1" }],
  ["metadata-agent/get-artist-biography", { ...ARTIST, more: 1 }],
  ["metadata-agent/get-similar-artists", ARTIST],
  ["metadata-agent/get-similar-artists", { ...ARTIST, limit: 0 }],
  ["metadata-agent/get-similar-artists", { ...ARTIST, limit: 1.5 }],
  ["lyrics/get-lyrics", { track: {} }],
  ["scrobbler/scrobble", { username: "ann", track: TRACK, timestamp: "now" }],
  ["scrobbler/now-playing", { username: "", track: TRACK, position: 0 }],
];
for (const [path, body] of WRONG) {
  Deno.test(`${path} does not take ${JSON.stringify(body)}, and says where it is wrong`, async () => {
    const { asked, post } = stage();
    const response = await post(path, body);
    assert.equal(response.status, 400);
    const { code, problems } = await response.json();
    assert.equal(code, "api.body_invalid");
    if (typeof body === "object") assert.match(problems[0].path, /^\$\./);
    assert.deepEqual(asked, []);
  });
}

Deno.test("scrobblers are told, and each one's report comes back with its fault", async () => {
  const { host, post } = stage();
  const track = { ...TRACK, libraryId: 2 };
  const now = await post("scrobbler/now-playing", { username: "ann", track, position: 3 });
  assert.deepEqual(await now.json(), {
    plugins: [{ plugin: "a", kind: "done" }, { plugin: "b", kind: "done" }],
  });
  const report = {
    username: "ann",
    track,
    state: "paused",
    positionMs: 5,
    playbackRate: 1,
    playerId: "p",
    playerName: "Player",
    timestamp: 1_700_000_000,
  };
  assert.equal((await post("scrobbler/playback-report", report)).status, 200);
  const play = await post("scrobbler/scrobble", { username: "ann", track, timestamp: 7 });
  assert.deepEqual(await play.json(), {
    plugins: [
      { plugin: "echo", kind: "queued" },
      {
        plugin: "full",
        kind: "refused",
        error: { code: "scrobbles.queue_full", message: "Cannot queue play: too many" },
      },
    ],
  });
  const { isrc, ...rest } = track;
  const told = { ...rest, participants: [], tags: new Map([["isrc", [isrc]]]) };
  assert.deepEqual(host.facts.told, [
    { username: "ann", track: told, position: 3 },
    { ...report, track: told },
    { username: "ann", track: told, timestamp: 7 },
  ]);
});

Deno.test("plays that failed are listed, sent again and forgotten, by administrators alone", async () => {
  const { host, app, post } = stage();
  const play = (id: number, plugin: string) => ({
    id,
    plugin,
    username: "ann",
    track: { id: "t", title: "T", artist: "A" } as never,
    timestamp: 1,
    queuedAt: 2,
    attempts: 3,
    isAuthorized: true,
    isUncertain: false,
    code: "guest.error",
    reason: "no",
    failedAt: 4,
  });
  host.facts.failed.push(play(1, "a"), play(2, "b"), play(3, "a"));
  const path = "/api/v1/capabilities/scrobbler/failed";
  const headers = { authorization: "Bearer admin" };
  const list = async (query = "") => {
    const { plays } = await (await app.request(path + query, { headers })).json();
    return plays.map(({ id }: { id: number }) => id);
  };
  assert.deepEqual(await list("?plugin=a&limit=10"), [1, 3]);
  assert.equal((await post("scrobbler/failed/1/requeue", "")).status, 403);
  assert.equal((await post("scrobbler/failed/1/requeue", "", "admin")).status, 204);
  assert.equal((await post("scrobbler/failed/x/requeue", "", "admin")).status, 404);
  const gone = await app.request(`${path}/2`, { method: "DELETE", headers });
  assert.equal(gone.status, 204);
  assert.deepEqual(await list(), [3]);
});

Deno.test("who answers a music server is listed by capability", async () => {
  const { app } = stage();
  const headers = { authorization: "Bearer admin" };
  const list = await (await app.request("/api/v1/capabilities", { headers })).json();
  assert.deepEqual(list, {
    "metadata-agent": ["a", "b"],
    scrobbler: ["a", "b"],
    lyrics: ["a", "b"],
    "sonic-similarity": ["a", "b"],
  });
});
