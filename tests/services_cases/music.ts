/** Cases of the services that look at the music server; `extism-abi.md` 2.9 to 2.13 and 7. @module */

import type { Case } from "./case.ts";

/** The library that the cases are played against, for `memoryMusicServer`. */
export const MUSIC = {
  users: [
    { userName: "admin", name: "Admin", isAdmin: true },
    { userName: "Alice", name: "", isAdmin: false },
    { userName: "bob", name: "Bob", isAdmin: false },
  ],
  libraries: [
    {
      id: 1,
      name: "Music",
      path: "/music",
      totalSongs: 3,
      totalSize: 12,
      lastScanAt: 1_700_000_000,
    },
    { id: 2, name: "Books", path: "/books" },
  ],
  tracks: [
    {
      id: "t1",
      libraryId: 1,
      path: "a/b.flac",
      title: "H\u00E9llo, World!",
      artist: "Foo & Bar",
      album: "First",
      duration: 200,
      mbzRecordingId: "mbid-1",
      rgTrackGain: 0,
      tags: { isrc: ["ISRC1"] },
    },
    { id: "t2", libraryId: 1, title: "Hello World", artist: "Foo", album: "Second", duration: 180 },
    { id: "t3", libraryId: 2, title: "Chapter", artist: "Reader" },
  ],
  annotations: [{ userName: "alice", trackId: "t1", starred: true, rating: 4, playCount: 7 }],
  scrobbles: [
    { userName: "alice", mediaFileId: "t1", submissionTime: 0 },
    { userName: "alice", mediaFileId: "t2", submissionTime: 100 },
    { userName: "alice", mediaFileId: "t3", submissionTime: 100 },
    { userName: "alice", mediaFileId: "t4", submissionTime: 200 },
    { userName: "admin", mediaFileId: "t1", submissionTime: 50 },
  ],
};

const admin = { userName: "admin", name: "Admin", isAdmin: true };
const alice = { userName: "Alice", name: "", isAdmin: false };
const bob = { userName: "bob", name: "Bob", isAdmin: false };

const getUsers = (response: object) => ({ call: "users_getusers", request: "", response });
const getAdmins = (response: object) => ({ call: "users_getadmins", request: "{}", response });

export const USERS_CASES: readonly Case[] = [
  {
    name: "users: all of them, with exactly three fields",
    permissions: { users: {} },
    users: "all",
    steps: [getUsers({ result: [admin, alice, bob] }), getAdmins({ result: [admin] })],
  },
  {
    name: "users: only those assigned, in any letter case",
    permissions: { users: {} },
    users: ["alice", "BOB", "stranger"],
    steps: [getUsers({ result: [alice, bob] }), getAdmins({})],
  },
  {
    name: "users: none assigned",
    permissions: { users: {} },
    users: [],
    steps: [getUsers({}), getAdmins({})],
  },
];

const bare = {
  id: 1,
  name: "Music",
  lastScanAt: 1_700_000_000,
  totalSongs: 3,
  totalAlbums: 0,
  totalArtists: 0,
  totalSize: 12,
  totalDuration: 0,
};
const books = {
  ...bare,
  id: 2,
  name: "Books",
  lastScanAt: -62_135_596_800,
  totalSongs: 0,
  totalSize: 0,
};
const getLibrary = (id: number, response: object) => ({
  call: "library_getlibrary",
  request: { id },
  response,
});
const getAll = (response: object) => ({
  call: "library_getalllibraries",
  request: "",
  response,
});
const notAccessible = (id: number) => ({
  call: "library_getlibrary",
  request: { id },
  errorContains: `library not accessible: library ID ${id} is not in the allowed list`,
});

export const LIBRARY_CASES: readonly Case[] = [
  {
    name: "library: without filesystem there is no path; a library that was never scanned says so",
    permissions: { library: { filesystem: false } },
    libraries: "all",
    steps: [
      getLibrary(1, { result: bare }),
      getAll({ result: [bare, books] }),
      {
        call: "library_getlibrary",
        request: { id: 9 },
        errorContains: "library not found: data not found",
      },
    ],
  },
  {
    name: "library: with filesystem there are path and mount point",
    permissions: { library: { filesystem: true } },
    libraries: [1],
    steps: [
      getLibrary(1, { result: { ...bare, path: "/music", mountPoint: "/libraries/1" } }),
      getAll({ result: [{ ...bare, path: "/music", mountPoint: "/libraries/1" }] }),
    ],
  },
  {
    name: "library: what is not assigned is not told from what does not exist",
    permissions: { library: { filesystem: false } },
    libraries: [2],
    steps: [getAll({ result: [books] }), notAccessible(1), notAccessible(9), notAccessible(0)],
  },
  {
    name: "library: none assigned",
    permissions: { library: { filesystem: true } },
    libraries: [],
    steps: [getAll({}), notAccessible(1)],
  },
];

const song = (fields: object) => ({ name: "", ...fields });

export const MATCHER_CASES: readonly Case[] = [
  {
    name: "matcher: nothing to match comes first, then libraries, then users",
    permissions: { matcher: {}, library: { filesystem: false } },
    libraries: [],
    users: [],
    steps: [
      { call: "matcher_matchsongs", request: { songs: [] }, response: "{}" },
      { call: "matcher_matchsongs", request: { songs: null }, response: "{}" },
      {
        call: "matcher_matchsongs",
        request: { songs: [song({})], opts: { username: "nobody" } },
        errorContains: "matcher: no libraries configured for this plugin",
      },
    ],
  },
  ...["alice", "nobody"].map((username): Case => ({
    name: `matcher: without user scope the name "${username}" gives the one text`,
    permissions: { matcher: {}, library: { filesystem: false } },
    libraries: "all",
    users: "all",
    steps: [{
      call: "matcher_matchsongs",
      request: { songs: [song({})], opts: { username } },
      errorContains: "matcher: plugin is not authorized to scope by user",
    }],
  })),
  {
    name: "matcher: unknown and unassigned users are refused",
    permissions: { matcher: {}, library: { filesystem: false }, users: {} },
    libraries: "all",
    users: ["alice"],
    steps: [
      {
        call: "matcher_matchsongs",
        request: { songs: [song({})], opts: { username: "nobody" } },
        errorContains: 'matcher: user "nobody" not found',
      },
      {
        call: "matcher_matchsongs",
        request: { songs: [song({})], opts: { username: "bob" } },
        errorContains: 'matcher: plugin is not allowed to act as user "bob"',
      },
    ],
  },
  {
    name: "matcher: one entry a song, in order, null where unmatched",
    permissions: { matcher: {}, library: { filesystem: false } },
    libraries: "all",
    steps: [{
      call: "matcher_matchsongs",
      request: { songs: [song({ id: "none" }), song({ name: "Nothing" })], opts: null },
      response: '{"results":[null,null]}',
    }],
  },
];

/** Call, request, the token's claim `id`, and what follows the token. */
export const ARTWORK_CALLS: readonly [
  call: string,
  request: object,
  claim: string | undefined,
  query: string,
][] = [
  ["artwork_getartisturl", { id: "1", size: 300 }, "ar-1", "?size=300"],
  ["artwork_getalbumurl", { id: "2" }, "al-2", ""],
  ["artwork_gettrackurl", { id: "3", size: 0 }, "mf-3", ""],
  ["artwork_getplaylisturl", { id: "4", size: -1 }, "pl-4", ""],
  ["artwork_getartisturl", { id: "" }, undefined, ""],
];

export const ARTWORK_CASES: readonly Case[] = ARTWORK_CALLS.slice(0, 4).map((
  [call],
) => ({
  name: `${call}: a size that is no 32-bit integer is refused`,
  permissions: { artwork: {} },
  steps: [{ call, request: { id: "1", size: 2 ** 31 }, errorContains: "of type int32" }],
}));

const SUBSONIC_ERRORS: readonly [uri: string, text: string][] = [
  ["/rest/ping", "missing required parameter 'u' (username)"],
  ["ping?u=", "missing required parameter 'u' (username)"],
  ["://ping?u=alice", "invalid URL format: "],
  ["ping%zz?u=alice", "invalid URL format: "],
  ["ping?u=alice\u0000", "invalid URL format: "],
  ["http://[bad/ping?u=alice", "invalid URL format: "],
  ["ping?u=nobody", "username nobody not found"],
  ["ping?u=bob", "user bob is not authorized for this plugin"],
  ["ping?u=admin", "user admin is not authorized for this plugin"],
];

const extism = { users: {}, subsonicapi: { allowAdmins: true } };

export const SUBSONIC_CASES: readonly Case[] = [
  ...SUBSONIC_ERRORS.flatMap(([uri, errorContains]): Case[] => [{
    name: `subsonicapi: ${JSON.stringify(uri)} is refused`,
    permissions: extism,
    users: ["alice"],
    steps: [
      { call: "subsonicapi_call", request: { uri }, errorContains },
      { call: "subsonicapi_callraw", request: { uri }, errorContains },
    ],
  }]),
  {
    name: "subsonicapi: nobody is assigned",
    permissions: extism,
    users: [],
    steps: [{
      call: "subsonicapi_call",
      request: { uri: "ping?u=alice" },
      errorContains: "no users configured for plugin plugin",
    }],
  },
  {
    name: "subsonicapi: an assigned administrator may be acted for",
    permissions: extism,
    users: ["admin"],
    steps: [{
      call: "subsonicapi_callraw",
      request: { uri: "ping?u=admin&f=json" },
      response: {
        contentType: "application/json",
        data: btoa(
          '{"subsonic-response":{"status":"ok","version":"1.16.1","type":"soundproof"}}',
        ),
      },
    }],
  },
  {
    name: "subsonicapi: the names and administrators that an older manifest rules out are refused",
    permissions: {
      users: {},
      subsonicapi: { allowAdmins: false, allowedUsernames: ["Admin", "alice"] },
    },
    users: "all",
    steps: [
      {
        call: "subsonicapi_call",
        request: { uri: "ping?u=bob" },
        errorContains: "username bob is not allowed",
      },
      {
        call: "subsonicapi_call",
        request: { uri: "ping?u=admin" },
        errorContains: "calling SubsonicAPI as admin user is not allowed",
      },
      {
        call: "subsonicapi_call",
        request: { uri: "/rest/ping.view?u=ALICE" },
        response: {
          responseJson:
            '{"subsonic-response":{"status":"ok","version":"1.16.1","type":"soundproof"}}',
        },
      },
    ],
  },
];
