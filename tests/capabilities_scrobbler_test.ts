import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { type PluginScope, Scrobbler } from "../src/capabilities/mod.ts";
import type { ErrorCode } from "../src/errors.ts";
import { type FakeExport, fakeGuest, fault } from "./support/fake_guest.ts";
import { promise } from "./support/promises.ts";

const TRACK = {
  id: "t1",
  libraryId: 3,
  path: "simone/sinnerman.flac",
  title: "Sinnerman",
  album: "Pastel Blues",
  artist: "Nina Simone",
  albumArtist: "Nina Simone",
  duration: 622.1,
  trackNumber: 9,
  discNumber: 1,
  mbzRecordingId: "rec",
  participants: [
    { role: "artist", name: "Nina Simone", id: "a1", mbid: "am", sortName: "Simone, Nina" },
    { role: "albumartist", name: "Nina Simone" },
    { role: "composer", name: "Trad." },
  ],
};
const SENT = {
  id: "t1",
  title: "Sinnerman",
  album: "Pastel Blues",
  artist: "Nina Simone",
  albumArtist: "Nina Simone",
  artists: [{ name: "Nina Simone", id: "a1", mbid: "am" }],
  albumArtists: [{ name: "Nina Simone" }],
  duration: Math.fround(622.1),
  trackNumber: 9,
  discNumber: 1,
  mbzRecordingId: "rec",
};
const REPORT = {
  username: "ann",
  track: TRACK,
  state: "paused" as const,
  positionMs: 61_500.7,
  playbackRate: 1,
  playerId: "p1",
  playerName: "Phone",
  timestamp: 1_700_000_100,
};
const NOBODY: PluginScope = { users: [], libraries: [] };

/** A plugin that authorises everyone, or does as told. */
function scrobbler(
  exports: Readonly<Record<string, FakeExport>> = {},
  scope: PluginScope = { users: ["Ann"], libraries: [] },
) {
  const guest = fakeGuest("p", {
    nd_scrobbler_is_authorized: () => true,
    nd_scrobbler_now_playing: () => undefined,
    nd_scrobbler_scrobble: () => undefined,
    nd_scrobbler_playback_report: () => undefined,
    ...exports,
  }, scope);
  return { guest, scrobbler: new Scrobbler(guest) };
}

Deno.test("scrobbler: what the plugin is sent is what upstream sends", async () => {
  const { guest, scrobbler: told } = scrobbler();
  const play = { username: "ann", track: TRACK, timestamp: 1_700_000_000 };
  equal((await told.nowPlaying({ username: "ann", track: TRACK, position: 12.9 })).kind, "done");
  equal((await told.scrobble(play)).kind, "done");
  equal((await told.playbackReport(REPORT)).kind, "done");
  const gate = { name: "nd_scrobbler_is_authorized", input: { username: "ann" } };
  deepStrictEqual(guest.calls, [
    gate,
    { name: "nd_scrobbler_now_playing", input: { username: "ann", track: SENT, position: 12 } },
    gate,
    {
      name: "nd_scrobbler_scrobble",
      input: { username: "ann", track: SENT, timestamp: 1_700_000_000 },
    },
    gate,
    {
      name: "nd_scrobbler_playback_report",
      input: { ...REPORT, track: SENT, positionMs: 61_500 },
    },
  ]);
});

const SCOPES: readonly { name: string; scope: PluginScope; sent: object }[] = [
  { name: "no library", scope: { users: "all", libraries: [] }, sent: {} },
  { name: "another library", scope: { users: "all", libraries: [1, 2] }, sent: {} },
  {
    name: "this library",
    scope: { users: "all", libraries: [3] },
    sent: { libraryId: 3, path: TRACK.path },
  },
  {
    name: "every library",
    scope: { users: "all", libraries: "all" },
    sent: { libraryId: 3, path: TRACK.path },
  },
];

promise(
  "scrobbler: where a file is, is told to a plugin with that library's files alone",
  SCOPES,
  async ({ scope, sent }) => {
    const { guest, scrobbler: told } = scrobbler({}, scope);
    await told.scrobble({ username: "x", track: TRACK, timestamp: 1 });
    deepStrictEqual(guest.calls[1]?.input.track, { ...SENT, ...sent });
  },
);

const GATES: readonly { name: string; gate: FakeExport; opens: boolean }[] = [
  { name: "true", gate: () => true, opens: true },
  { name: "false", gate: () => false, opens: false },
  { name: "nothing", gate: () => undefined, opens: false },
  { name: "null", gate: () => "null", opens: false },
  { name: "the text True, as the Python kit writes it", gate: () => `"True"`, opens: false },
  { name: "1", gate: () => 1, opens: false },
  { name: "an object", gate: () => ({ authorized: true }), opens: false },
  { name: "no JSON", gate: () => "yes", opens: false },
  ...([
    "guest.error",
    "guest.trap",
    "guest.not_implemented",
    "guest.export_unknown",
    "pool.closed",
  ] as const)
    .map((code) => ({
      name: code,
      gate: () => {
        throw fault(code);
      },
      opens: false,
    })),
];

promise(
  "scrobbler: only a plugin that says true is told anything",
  GATES,
  async ({ gate, opens }) => {
    const { guest, scrobbler: told } = scrobbler({ nd_scrobbler_is_authorized: gate });
    const results = [
      await told.nowPlaying({ username: "ann", track: TRACK, position: 0 }),
      await told.scrobble({ username: "ann", track: TRACK, timestamp: 1 }),
      await told.playbackReport(REPORT),
    ];
    for (const { kind } of results) equal(kind, opens ? "done" : "skipped");
    equal(guest.calls.length, opens ? 6 : 3);
  },
);

Deno.test("scrobbler: a user who is not assigned is not even asked about", async () => {
  for (
    const [scope, name] of [[NOBODY, "ann"], [{ users: ["ann"], libraries: [] }, "bob"]] as const
  ) {
    const { guest, scrobbler: told } = scrobbler({}, scope);
    equal((await told.nowPlaying({ username: name, track: TRACK, position: 0 })).kind, "skipped");
    equal((await told.playbackReport({ ...REPORT, username: name })).kind, "skipped");
    equal((await told.scrobble({ username: name, track: TRACK, timestamp: 1 })).kind, "skipped");
    equal(await told.authorization(name), "no");
    deepStrictEqual(guest.calls, []);
  }
});

Deno.test("scrobbler: a gate that could not be asked is told from one that is closed", async () => {
  const closed = scrobbler({ nd_scrobbler_is_authorized: () => false });
  const gone = scrobbler({
    nd_scrobbler_is_authorized: () => {
      throw fault("pool.closed");
    },
  });
  equal(await closed.scrobbler.authorization("ann"), "no");
  equal(await gone.scrobbler.authorization("ann"), "unknown");
});

Deno.test("scrobbler: tracks of an unknown artist are told to nobody, but for playback reports", async () => {
  for (const artist of ["[Unknown Artist]", ""]) {
    const track = { ...TRACK, artist };
    const { guest, scrobbler: told } = scrobbler();
    equal((await told.nowPlaying({ username: "ann", track, position: 0 })).kind, "skipped");
    equal((await told.scrobble({ username: "ann", track, timestamp: 1 })).kind, "skipped");
    deepStrictEqual(guest.calls, []);
    equal((await told.playbackReport({ ...REPORT, track })).kind, "done");
  }
});

const FAILURES: readonly { name: string; code: ErrorCode; detail: string; kind: string }[] = [
  ["scrobbler(not_authorized)", "not_authorized"],
  ["scrobbler(retry_later)", "retry_later"],
  ["scrobbler(unrecoverable)", "unrecoverable"],
  ["plugin call failed: Error { context: scrobbler(retry_later): busy }", "retry_later"],
  ["scrobbler(retry_later) after scrobbler(not_authorized)", "not_authorized"],
  ["Scrobbler(Retry_Later)", "unrecoverable"],
  ["retry_later", "unrecoverable"],
  ["no luck", "unrecoverable"],
].map(([detail = "", kind = ""]) => ({ name: detail, code: "guest.error" as const, detail, kind }));

const CODES: readonly { name: string; code: ErrorCode; detail: string; kind: string }[] = [
  ["guest.trap", "unrecoverable"],
  ["guest.deadline", "unrecoverable"],
  ["guest.exit_code", "unrecoverable"],
  ["guest.not_implemented", "unrecoverable"],
  ["guest.export_unknown", "unrecoverable"],
  ["guest.lost", "retry_later"],
  ["pool.closed", "retry_later"],
  ["pool.queue_full", "retry_later"],
].map(([code = "", kind = ""]) => ({ name: code, code: code as ErrorCode, detail: "", kind }));

promise(
  "scrobbler: an error means what its words say, in their order; without words, that it is unrecoverable, unless the host is at fault",
  [...FAILURES, ...CODES],
  async ({ code, detail, kind }) => {
    const { scrobbler: told } = scrobbler(Object.fromEntries(
      ["now_playing", "scrobble", "playback_report"].map((name) => [`nd_scrobbler_${name}`, () => {
        throw fault(code, detail);
      }]),
    ));
    const reported = code === "guest.not_implemented" || code === "guest.export_unknown"
      ? "done"
      : kind;
    equal((await told.nowPlaying({ username: "ann", track: TRACK, position: 0 })).kind, kind);
    equal((await told.playbackReport(REPORT)).kind, reported);
    const result = await told.scrobble({ username: "ann", track: TRACK, timestamp: 1 });
    equal(result.kind, kind);
    ok("error" in result && result.error.code === code);
  },
);
