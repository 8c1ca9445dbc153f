import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { matchSong } from "../src/services/match_song.ts";
import { track as trackShape } from "../src/services/music_shapes.ts";
import {
  memoryMusicServer,
  type MusicServer,
  type SongQuery,
  type TypeDescription,
} from "../src/services/mod.ts";
import { Bench, type BenchOptions, testCases } from "./services_cases/harness.ts";
import { ServiceHost, type ServicePlugin } from "./support/service_host.ts";
import {
  ARTWORK_CALLS,
  ARTWORK_CASES,
  LIBRARY_CASES,
  MATCHER_CASES,
  MUSIC,
  SUBSONIC_CASES,
  USERS_CASES,
} from "./services_cases/music.ts";
import { PREFERENCES_CASES } from "./services_cases/preferences.ts";
import { SCROBBLE_CASES } from "./services_cases/scrobbles.ts";

const musicServer = memoryMusicServer(MUSIC);

for (
  const cases of [
    ARTWORK_CASES,
    USERS_CASES,
    LIBRARY_CASES,
    MATCHER_CASES,
    SUBSONIC_CASES,
    SCROBBLE_CASES,
    PREFERENCES_CASES,
  ]
) {
  testCases(cases, { musicServer });
}

for (const [call, request, claim, query] of ARTWORK_CALLS) {
  Deno.test(`${call} of ${JSON.stringify(request)} is a public address with a signed token`, async () => {
    await using place = await ServiceHost.open({ plugin: { permissions: { artwork: {} } } });
    const { url } = await place.call("plugin", call, request);
    const [, token = "", rest] = /^http:\/\/localhost\/share\/img\/([^?]+)(.*)$/.exec(url) ?? [];
    strictEqual(rest, query);
    const claims = JSON.parse(atob(token.split(".")[1] ?? ""));
    deepStrictEqual(claims, { iss: "ND", ...(claim !== undefined && { id: claim }) });
  });
}

const MATCHING: ServicePlugin = {
  permissions: { matcher: {}, library: {}, users: {} },
  assignment: { libraries: [1], users: ["alice"] },
};

/** A guest that asks this music server. */
function asking(
  plugin: ServicePlugin,
  server: MusicServer = musicServer,
  options: Parameters<typeof ServiceHost.open>[1] = {},
): Promise<ServiceHost> {
  return ServiceHost.open({ plugin }, { musicServer: server, ...options });
}

Deno.test("library: one whose folder this host does not know has no path and is mounted nowhere", async () => {
  const plugin = {
    permissions: { library: { filesystem: true } },
    assignment: { libraries: [1] },
  };
  await using place = await asking(
    plugin,
    memoryMusicServer({ libraries: [{ id: 1, name: "Music" }] }),
  );
  const [library] = (await place.call("plugin", "library_getalllibraries", {})).result;
  deepStrictEqual([library.id, library.path, library.mountPoint], [1, undefined, undefined]);
});

async function matched(
  plugin: ServicePlugin,
  song: object,
  username?: string,
  server?: MusicServer,
): Promise<unknown> {
  await using place = await asking(plugin, server);
  const request = { songs: [song], opts: { username } };
  return (await place.call("plugin", "matcher_matchsongs", request)).results[0];
}

Deno.test("matcher: a track has every field that is always there, and no annotations without a user", async () => {
  deepStrictEqual(await matched(MATCHING, { id: "t1", name: "x" }), {
    id: "t1",
    libraryId: 1,
    missing: false,
    title: "H\u00E9llo, World!",
    album: "First",
    artist: "Foo & Bar",
    trackNumber: 0,
    discNumber: 0,
    year: 0,
    originalYear: 0,
    releaseYear: 0,
    size: 0,
    duration: 200,
    bitRate: 0,
    sampleRate: 0,
    channels: 0,
    compilation: false,
    hasCoverArt: false,
    mbzRecordingId: "mbid-1",
    rgTrackGain: 0,
    birthTime: 0,
    createdAt: 0,
    updatedAt: 0,
    averageRating: 0,
    tags: { isrc: ["ISRC1"] },
  });
});

/** A value of a field's type that is not its zero value, as the server has it and as the plugin reads it. */
function filled(type: TypeDescription): [server: unknown, plugin: unknown] {
  const one: Readonly<Record<string, [unknown, unknown]>> = {
    string: ["x", "x"],
    bool: [true, true],
    int32: [7, 7],
    int64: [2n ** 40n, 2 ** 40],
    float64: [0.5, 0.5],
    "string[]": [["y", "x"], ["y", "x"]],
  };
  if (typeof type === "string") return one[type] ?? [undefined, undefined];
  if (!Array.isArray(type)) return [new Map([["k", ["y", "x"]]]), { k: ["y", "x"] }];
  const artist = { id: "i", name: "n", mbid: "m", sortName: "s" };
  const of = (role: string, subRole: string): object => ({ ...artist, role, subRole });
  const [drums, other] = [of("performer", "drums"), of("performer", "bass")];
  return [[drums, of("artist", "x"), other], [of("artist", "x"), drums, other]];
}

Deno.test("matcher: every field of a track reaches the plugin, in upstream's order, roles in the alphabet's", async () => {
  const fields: [string, TypeDescription][] = Object.entries(trackShape.type);
  const of = (side: 0 | 1): object =>
    Object.fromEntries(fields.map(([name, type]) => [name, filled(type)[side]]));
  const server = { ...of(0), id: "t", libraryId: 1 };
  const plugin = {
    permissions: { matcher: {}, library: { filesystem: true }, users: {} },
    assignment: { libraries: [1], users: ["alice"] },
  };
  const track = await matched(plugin, { id: "t" }, "alice", {
    ...musicServer,
    matcher: { match: () => Promise.resolve([server]) },
  }) as object;
  deepStrictEqual(track, { ...of(1), id: "t", libraryId: 1 });
  deepStrictEqual(Object.keys(track), fields.map(([name]) => name));
  strictEqual(Object.keys(track).length, 58);
});

Deno.test("matcher: numbers that may be null are sent when they are 0, and left out when they are not known", async () => {
  const names = ["bitDepth", "bpm", "rgAlbumGain", "rgAlbumPeak", "rgTrackGain", "rgTrackPeak"];
  for (const value of [0, null, undefined]) {
    const numbers = Object.fromEntries(names.map((name) => [name, value]));
    const track = await matched(MATCHING, { id: "t" }, undefined, {
      ...musicServer,
      matcher: { match: () => Promise.resolve([{ id: "t", libraryId: 1, ...numbers }]) },
    }) as Record<string, unknown>;
    for (const name of names) strictEqual(track[name], value === 0 ? 0 : undefined, name);
  }
});

Deno.test("matcher: an assigned user's annotations come with the track", async () => {
  const track = await matched(MATCHING, { id: "t1" }, "ALICE");
  deepStrictEqual(
    { ...(track as object), ...{ starred: true, rating: 4, playCount: 7 } },
    track,
  );
});

Deno.test("matcher: annotations that a server gives unasked do not reach the plugin", async () => {
  const careless: MusicServer = {
    ...musicServer,
    matcher: {
      match: () =>
        Promise.resolve([{ id: "t", libraryId: 1, starred: true, rating: 5, path: "p" }]),
    },
  };
  const track = await matched(MATCHING, { id: "t" }, undefined, careless);
  for (const field of ["starred", "rating", "path"]) ok(!Object.hasOwn(track as object, field));
});

Deno.test("matcher: the path is shown with library filesystem access only", async () => {
  const permissions = { matcher: {}, library: { filesystem: true }, users: {} };
  const track = await matched({ ...MATCHING, permissions }, { id: "t1" });
  strictEqual((track as { path: string }).path, "a/b.flac");
});

Deno.test("matcher: tracks of other libraries are null, unless all are assigned", async () => {
  strictEqual(await matched(MATCHING, { id: "t3" }), null);
  const assignment = { ...MATCHING.assignment, libraries: "all" } as const;
  ok(await matched({ ...MATCHING, assignment }, { id: "t3" }));
});

Deno.test("matcher: a failing lookup is not told as an unknown user, and a failing match passes through", async () => {
  const down = () => Promise.reject(new Error("database is locked"));
  const server = { ...musicServer, users: { list: down }, matcher: { match: down } };
  await using place = await asking(MATCHING, server);
  const match = async (opts?: object): Promise<string> => {
    const request = { songs: [{ name: "x" }], opts };
    return (await place.call("plugin", "matcher_matchsongs", request)).error;
  };
  strictEqual(await match(), "database is locked");
  strictEqual(
    await match({ username: "alice" }),
    'matcher: looking up user "alice": database is locked',
  );
});

Deno.test("matcher: a server that answers too little, and too many songs", async () => {
  const short: MusicServer = { ...musicServer, matcher: { match: () => Promise.resolve([]) } };
  const pluginLimits = { services: { matchSongs: 2 } };
  await using place = await asking(MATCHING, short, { pluginLimits });
  const match = (songs: object[]) => place.call("plugin", "matcher_matchsongs", { songs });
  const song = { name: "x" };
  deepStrictEqual((await match([song, song])).results, [null, null]);
  strictEqual((await match([song, song, song])).error, "matcher: 3 songs exceed maximum of 2");
});

Deno.test("matcher: the single artist is folded in, the list wins, durations are normalised", async () => {
  const seen: SongQuery[] = [];
  await using place = await asking(MATCHING, {
    ...musicServer,
    matcher: {
      match: (songs) => {
        seen.push(...songs);
        return Promise.resolve([]);
      },
    },
  });
  await place.call("plugin", "matcher_matchsongs", {
    songs: [
      { name: "a", artist: "A", artistMbid: "m", duration: 1.5 },
      { name: "b", artist: "A", artists: [{ name: "B" }], duration: 9, durationMs: 1234 },
      { name: "c", artistMbid: "m", duration: -5 },
      { name: "d" },
    ],
  });
  deepStrictEqual(seen.map(({ artists }) => artists.map(({ name, mbid }) => [name, mbid])), [
    [["A", "m"]],
    [["B", ""]],
    [["", "m"]],
    [],
  ]);
  deepStrictEqual(seen.map(({ durationMs }) => durationMs), [1500, 1234, 0, 0]);
});

const UNKNOWN: SongQuery = {
  id: "",
  title: "",
  mbid: "",
  isrc: "",
  artists: [],
  album: "",
  albumMbid: "",
  durationMs: 0,
};
const MATCHES: [name: string, song: Partial<SongQuery>, id: string | undefined][] = [
  ["an id before everything", { id: "t2", mbid: "mbid-1" }, "t2"],
  ["a recording before a title", { mbid: "mbid-1", title: "Chapter" }, "t1"],
  ["an ISRC", { isrc: "ISRC1" }, "t1"],
  ["a title without accents and punctuation", {
    title: "hello world",
    artists: [{ name: "foo and bar" }],
  }, "t1"],
  ["one artist of two", { title: "Hello World", artists: [{ name: "Bar" }] }, "t1"],
  ["the album among equal titles", {
    title: "Hello World",
    artists: [{ name: "Foo" }],
    album: "second",
  }, "t2"],
  ["the duration among equal titles", {
    title: "Hello World",
    artists: [{ name: "Foo" }],
    durationMs: 179_000,
  }, "t2"],
  ["a remaster and a guest", { title: "Hello World (feat. X) - 2011 Remaster" }, "t1"],
  ["another artist", { title: "Hello World", artists: [{ name: "Other" }] }, undefined],
  ["a part of a title", { title: "Hello" }, undefined],
  ["nothing", {}, undefined],
];

for (const [name, song, id] of MATCHES) {
  Deno.test(`a song is matched by ${name}: ${id}`, async () => {
    const [track] = await musicServer.matcher?.match(
      [{ ...UNKNOWN, ...song }],
      undefined,
      new AbortController().signal,
    ) ?? [];
    strictEqual(track?.id, id);
  });
}

Deno.test("matching a title made to take long takes no long", () => {
  const title = `${" -".repeat(500_000)} (feat. ${"x".repeat(500_000)}`;
  const begin = performance.now();
  matchSong({ ...UNKNOWN, title }, [{ id: "t", libraryId: 1, title }]);
  ok(performance.now() - begin < 500);
});

Deno.test("subsonicapi: c, v and f are forced, one u goes out, the rest is kept, the endpoint is one segment", async () => {
  const calls: unknown[] = [];
  await using place = await asking({ permissions: { users: {}, subsonicapi: {} } }, {
    ...musicServer,
    subsonic: {
      call: (username, endpoint, query) => {
        calls.push([username, endpoint, [...query].sort().join("&")]);
        return Promise.resolve({ contentType: "text/x", data: new Uint8Array([7]) });
      },
    },
  });
  const uris = [
    "http://elsewhere:1/rest/getSong.view?u=eve&id=5&u=mallory&c=x&f=xml&v=9",
    "ping?u=eve",
    "/rest/a%2Fb%2f..%2Fc/?u=eve",
  ];
  deepStrictEqual(await place.call("plugin", "subsonicapi_callraw", { uri: uris[0] }), {
    contentType: "text/x",
    data: "Bw==",
  });
  for (const uri of uris) await place.call("plugin", "subsonicapi_call", { uri });
  deepStrictEqual(calls, [
    ["eve", "/getSong.view", "c,plugin&f,xml&id,5&u,eve&v,1.16.1"],
    ["eve", "/getSong.view", "c,plugin&f,json&id,5&u,eve&v,1.16.1"],
    ["eve", "/ping", "c,plugin&f,json&u,eve&v,1.16.1"],
    ["eve", "/c", "c,plugin&f,json&u,eve&v,1.16.1"],
  ]);
});

Deno.test("errors of the music server reach the plugin with the text of each service", async () => {
  const down = () => Promise.reject(new Error("down"));
  await using place = await asking({ permissions: { users: {}, library: {}, subsonicapi: {} } }, {
    users: { list: down },
    libraries: { list: down },
    subsonic: { call: down },
  });
  const calls: [string, object, string][] = [
    ["users_getusers", {}, "down"],
    ["library_getalllibraries", {}, "failed to get libraries: down"],
    ["library_getlibrary", { id: 1 }, "library not found: down"],
    ["subsonicapi_call", { uri: "ping?u=a" }, "down"],
  ];
  for (const [name, request, error] of calls) {
    deepStrictEqual(await place.call("plugin", name, request), { error });
  }
});

for (const direction of [false, true]) {
  for (let maxItems = 1; maxItems <= 6; maxItems++) {
    const way = direction ? "down" : "up";
    Deno.test(`scrobbles of one time, ${maxItems} a page, ${way}: each comes exactly once`, async () => {
      const play = (submissionTime: number) => ({
        userName: "a",
        mediaFileId: "t",
        submissionTime,
      });
      const times = [1, 5, 5, 5, 5, 5, 9];
      await using place = await asking(
        { permissions: { users: {}, scrobbleRetriever: {} } },
        memoryMusicServer({ users: [{ userName: "a" }], scrobbles: times.map(play) }),
      );
      const ids: number[] = [];
      let options: object | undefined = { maxItems, descending: direction };
      for (let pages = 0; options !== undefined && pages < 20; pages++) {
        const answer = await place.call("plugin", "scrobbleretriever_getscrobbles", {
          username: "a",
          options,
        });
        ids.push(...answer.scrobbles.map(({ id }: { id: number }) => id));
        options = answer.next;
      }
      const all = [1, 2, 3, 4, 5, 6, 7];
      deepStrictEqual(ids, direction ? all.reverse() : all);
    });
  }
}

Deno.test("a described library with a wrong field is refused by its name", () => {
  const fault = () => memoryMusicServer({ tracks: [{ id: 5 }] });
  try {
    fault();
    throw new Error("accepted");
  } catch (error) {
    match(String(error), /field tracks\[0\]\.id of type string/);
  }
});

Deno.test("preferences: two plugins do not meet, and the number and bytes are bounded", async () => {
  const options: BenchOptions = {
    permissions: { preferences: {}, users: {} },
    users: "all",
    musicServer,
    limits: { preferences: 2, preferenceBytes: 100 },
  };
  await using one = new Bench(options);
  await using two = new Bench(options);
  const set = (key: string, value: string) =>
    one.call("preferences_set", { username: "alice", key, value });
  deepStrictEqual(await set("a", "1"), {});
  deepStrictEqual(await two.call("preferences_get", { username: "alice", key: "a" }), {});
  match((await set("b", "x".repeat(100))).error, /^preferences limit exceeded: 2 entries and 100/);
  deepStrictEqual(await set("b", "1"), {});
  match((await set("c", "1")).error, /^preferences limit exceeded/);
  deepStrictEqual(await set("a", "2"), {});
});
