import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type MusicServer,
  type SongQuery,
  subsonicMusicServer,
  type SubsonicMusicServerOptions,
} from "../src/services/mod.ts";

const { signal } = new AbortController();
const PASSWORD = "s3cret";

interface Asked {
  readonly endpoint: string;
  readonly query: URLSearchParams;
  readonly request: { readonly url: string; readonly headers: Headers };
}

type Answers = Readonly<Record<string, (asked: Asked) => object | Response>>;

/** A Subsonic server on loopback with these answers, and a client of it. */
async function withServer(
  answers: Answers,
  test: (server: MusicServer, asked: Asked[]) => Promise<void>,
  options: Partial<SubsonicMusicServerOptions> = {},
): Promise<void> {
  const asked: Asked[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : "";
      const query = new URLSearchParams(body || url.search);
      const endpoint = url.pathname.replace("/base/rest/", "");
      const { url: text, headers } = request;
      const call = { endpoint, query, request: { url: text, headers: new Headers(headers) } };
      asked.push(call);
      const answer = answers[endpoint]?.(call) ??
        { status: "failed", error: { code: 70, message: "no such thing" } };
      return answer instanceof Response
        ? answer
        : Response.json({ "subsonic-response": { status: "ok", version: "1.16.1", ...answer } });
    },
  );
  const client = subsonicMusicServer({
    baseUrl: `http://127.0.0.1:${server.addr.port}/base/`,
    username: "service",
    credentials: { password: PASSWORD },
    ...options,
  });
  await test(client, asked);
}

const ADMIN = { user: { username: "service", adminRole: true } };
const FOLDERS = { musicFolders: { musicFolder: [{ id: 1, name: "Music" }, { id: "2" }] } };
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

Deno.test("subsonic: the password never leaves, a salted proof does", () =>
  withServer({ getUser: () => ADMIN, getUsers: () => ({ users: {} }) }, async (server, asked) => {
    await server.users?.list(signal);
    const { query, request } = asked[0]!;
    ok(!request.url.includes(PASSWORD));
    strictEqual(query.get("u"), "service");
    const proof = createHash("md5").update(PASSWORD + query.get("s")).digest("hex");
    strictEqual(query.get("t"), proof);
    strictEqual(query.get("p"), null);
  }));

Deno.test("subsonic: an administrator sees all users, another account itself; the answer is kept a while", async () => {
  const users = { users: { user: [{ username: "a", adminRole: true }, { username: "b" }, {}] } };
  await withServer({ getUser: () => ADMIN, getUsers: () => users }, async (server, asked) => {
    const expected = [
      { userName: "a", name: "a", isAdmin: true },
      { userName: "b", name: "b", isAdmin: false },
    ];
    deepStrictEqual(await server.users?.list(signal), expected);
    deepStrictEqual(await server.users?.list(signal), expected);
    strictEqual(asked.length, 2);
  });
  await withServer({ getUser: () => ({ user: { username: "service" } }) }, async (server) => {
    deepStrictEqual(await server.users?.list(signal), [
      { userName: "service", name: "service", isAdmin: false },
    ]);
  });
});

Deno.test("subsonic: folders are libraries", () =>
  withServer({ getMusicFolders: () => FOLDERS }, async (server) => {
    deepStrictEqual(await server.libraries?.list(signal), [
      { id: 1, name: "Music" },
      { id: 2, name: "" },
    ]);
  }));

Deno.test("subsonic: a failed answer has the server's text; nonsense, redirects and silence have their own", async () => {
  const listing = (server: MusicServer) => server.libraries!.list(signal);
  const redirect = () => new Response(null, { status: 302, headers: { location: "http://x/" } });
  const cases: [Answers, RegExp][] = [
    [{}, /^Error: no such thing$/],
    [{ getMusicFolders: redirect }, /redirects: set its final address/],
    [{ getMusicFolders: () => Response.json([]) }, /did not answer as Subsonic does/],
  ];
  for (const [answers, text] of cases) {
    await withServer(answers, (server) => rejects(listing(server), text));
  }
  const gone = subsonicMusicServer({
    baseUrl: "http://127.0.0.1:1",
    username: "service",
    credentials: { apiKey: "key" },
  });
  await rejects(listing(gone), { message: "music server cannot be reached" });
});

Deno.test("subsonic: plugins act as users whose credentials are there, and as nobody else", () =>
  withServer({ ping: () => ({}) }, async (server, asked) => {
    const query = new URLSearchParams({ u: "mallory", p: "x", apiKey: "y", c: "plugin", x: "1" });
    await server.subsonic!.call("bob", "/ping", query, signal);
    deepStrictEqual([...asked[0]!.query].sort(), [["apiKey", "k"], ["c", "plugin"], ["x", "1"]]);
    await rejects(server.subsonic!.call("eve", "/ping", query, signal), {
      message: 'no credentials to act as user "eve"',
    });
    for (const endpoint of ["/..", "/a/b", "/../api", "", "/a?b"]) {
      await rejects(server.subsonic!.call("bob", endpoint, query, signal), /not an endpoint$/);
    }
    strictEqual(asked.length, 1);
  }, { userCredentials: new Map([["Bob", { apiKey: "k" }]]) }));

Deno.test("subsonic: a server that trusts a header is told the user by it, in a form if wanted", () =>
  withServer({ ping: () => ({}) }, async (server, asked) => {
    await server.subsonic!.call("eve", "/ping", new URLSearchParams({ u: "x" }), signal);
    const { query, request } = asked[0]!;
    strictEqual(request.headers.get("remote-user"), "eve");
    strictEqual(query.get("u"), "eve");
    ok(!request.url.includes("?"));
  }, { userHeader: "Remote-User", formPost: true }));

const SONG = {
  id: "s1",
  title: "Hello",
  artist: "Foo",
  duration: 200,
  size: 9_007_199_254_740_991,
  track: "3",
  bpm: 1e12,
  replayGain: { trackGain: 0 },
  isrc: ["I1"],
  genres: [{ name: "Rock" }],
  starred: "2026-01-01T00:00:00Z",
};

Deno.test("subsonic: a song is searched for in each folder and knows which it is from", () => {
  const search3 = ({ query }: Asked) => ({
    searchResult3: query.get("musicFolderId") === "2" ? { song: [SONG, { title: "no id" }] } : {},
  });
  return withServer({ getMusicFolders: () => FOLDERS, search3 }, async (server, asked) => {
    const song = { ...UNKNOWN, title: "hello", artists: [{ name: "foo" }] };
    const [track, none] = await server.matcher!.match([song, UNKNOWN], undefined, signal);
    strictEqual(none, undefined);
    const { libraryId, size, rgTrackGain, trackNumber, bpm, starredAt } = track!;
    deepStrictEqual([libraryId, size, rgTrackGain, trackNumber, bpm, starredAt], [
      2,
      9_007_199_254_740_991n,
      0,
      undefined,
      undefined,
      1_767_225_600n,
    ]);
    deepStrictEqual([track!.genres, track!.tags], [["Rock"], new Map([["isrc", ["I1"]]])]);
    strictEqual(asked.length, 3);
  });
});

Deno.test("subsonic: a server that ignores the folder gives no match rather than a foreign library's", () =>
  withServer({
    getMusicFolders: () => FOLDERS,
    search3: () => ({ searchResult3: { song: [SONG] } }),
  }, async (server) => {
    const [track] = await server.matcher!.match(
      [{ ...UNKNOWN, title: "Hello" }],
      undefined,
      signal,
    );
    strictEqual(track, undefined);
  }));

Deno.test("subsonic: a song known by its id alone is found through its title; an unknown id is no error", () => {
  const folder = { musicFolders: { musicFolder: { id: 1, name: "Music" } } };
  return withServer({
    getMusicFolders: () => folder,
    getSong: ({ query }) =>
      query.get("id") === "s1" ? { song: SONG } : { status: "failed", error: { message: "gone" } },
    search3: ({ query }) => ({
      searchResult3: { song: query.get("query") === "Hello" ? [SONG] : [] },
    }),
  }, async (server) => {
    const songs = [{ ...UNKNOWN, id: "s1" }, { ...UNKNOWN, id: "other" }];
    const tracks = await server.matcher!.match(songs, undefined, signal);
    deepStrictEqual(tracks.map((track) => track?.id), ["s1", undefined]);
  });
});

Deno.test("subsonic: users whom the server lists to nobody are asked about by name, as themselves", () =>
  withServer({
    getUser: ({ query, request }) => {
      const username = query.get("username");
      // As Navidrome: of all accounts it tells an account its own, administrator or not.
      if (query.get("t") !== null) return { user: { username: "service" } };
      return request.headers.get("remote-user") === username && username === "Ann"
        ? { user: { username: "ann", adminRole: true } }
        : { status: "failed", error: { code: 40, message: "Wrong username or password" } };
    },
  }, async (server, asked) => {
    deepStrictEqual(await server.users?.list(signal), [
      { userName: "service", name: "service", isAdmin: false },
      { userName: "ann", name: "ann", isAdmin: true },
    ]);
    deepStrictEqual(asked.map(({ query }) => query.get("username")), ["service", "Ann", "gone"]);
  }, { userHeader: "Remote-User", usernames: ["Ann", "gone", "SERVICE"] }));

Deno.test("subsonic: for a user a song is searched for in the folders that this user sees", () =>
  withServer({
    getMusicFolders: ({ query }) => ({
      musicFolders: {
        musicFolder: query.get("u") === "bob" ? [{ id: 2 }] : [{ id: 1 }, { id: 2 }],
      },
    }),
    search3: ({ query }) =>
      query.get("musicFolderId") === "2"
        ? { searchResult3: { song: [SONG] } }
        : { status: "failed", error: { code: 70, message: "Library not found or not accessible" } },
  }, async (server) => {
    const [track] = await server.matcher!.match([{ ...UNKNOWN, title: "Hello" }], "bob", signal);
    deepStrictEqual([track?.id, track?.libraryId], ["s1", 2]);
  }, { userCredentials: new Map([["bob", { password: "b" }]]) }));

Deno.test("subsonic: a track has everyone who took part, by role; a number that is not known is none", () =>
  withServer({
    getMusicFolders: () => FOLDERS,
    search3: ({ query }) => ({
      searchResult3: query.get("musicFolderId") !== "1" ? {} : {
        song: [{
          ...SONG,
          bpm: 0,
          bitDepth: 0,
          artists: [{ id: "a", name: "Foo" }],
          albumArtists: [{ id: "b", name: "Bar" }],
          contributors: [
            { role: "composer", artist: { id: "c", name: "Baz" } },
            { role: "performer", subRole: "Bass", artist: { id: "d", name: "Qux" } },
          ],
        }],
      },
    }),
  }, async (server) => {
    const [track] = await server.matcher!.match(
      [{ ...UNKNOWN, title: "Hello" }],
      undefined,
      signal,
    );
    deepStrictEqual([track?.bpm, track?.bitDepth], [undefined, undefined]);
    deepStrictEqual(
      track?.participants?.map(({ id, name, role, subRole }) => [id, name, role, subRole]),
      [
        ["b", "Bar", "albumartist", undefined],
        ["a", "Foo", "artist", undefined],
        ["c", "Baz", "composer", undefined],
        ["d", "Qux", "performer", "Bass"],
      ],
    );
  }));

Deno.test("subsonic: what the API does not have is not offered", () =>
  withServer({}, (server) => {
    strictEqual(server.scrobbles, undefined);
    strictEqual(server.artwork, undefined);
    return Promise.resolve();
  }));

Deno.test("subsonic: artwork is offered where the configuration makes its addresses", () =>
  withServer({}, async (server) => {
    match(String(await server.artwork!.url("album", "1", 0)), /^https:\/\/img\/album\/1$/);
  }, { artworkUrl: (kind, id) => `https://img/${kind}/${id}` }));
