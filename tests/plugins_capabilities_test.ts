// The PDK's capabilities: what a plugin is told, and what becomes of its answer, export by export.

import assert from "node:assert/strict";
import { compiled, guestModule } from "./support/built.ts";
import { callGuest } from "./guest_kernel.ts";

const module = await guestModule("capabilities");

/** What the guest's host functions were asked: `name request`. */
const asked: string[] = [];
const host = Object.fromEntries(
  WebAssembly.Module.imports(module).filter(({ module }) => module === "extism:host/user")
    .map(({ name }) => [name, (_: unknown, text: string) => {
      asked.push(`${name} ${text}`);
      return {};
    }]),
);

function call(name: string, request: unknown) {
  const text = typeof request === "string" ? request : JSON.stringify(request);
  const { code, error, outputText, log } = callGuest(module, name, text, { host });
  return { code, error, output: outputText, log: log.map((line) => line.replace("info: ", "")) };
}

const artist = (id: string) => ({ id, name: `Name ${id}`, mbid: `mbid-${id}` });
const TRACK = {
  id: "t1",
  title: "Señor 🎷",
  album: "Album",
  artist: "A • B",
  albumArtist: "A",
  artists: [artist("a"), artist("b")],
  albumArtists: [artist("a")],
  duration: 243.5,
  trackNumber: 7,
  discNumber: 2,
  mbzRecordingId: "r",
  mbzAlbumId: "l",
  mbzReleaseGroupId: "g",
  mbzReleaseTrackId: "rt",
  libraryId: 3,
  path: "A/Album/07.flac",
};
const nothing = { code: 0, error: "", output: "", log: [] };

Deno.test("a scrobbler says who is let in: true, false, or why it cannot say", () => {
  const ask = (username: string) => call("nd_scrobbler_is_authorized", { username });
  assert.deepEqual(ask("ann"), { ...nothing, output: "true" });
  assert.deepEqual(ask("bob"), { ...nothing, output: "false" });
  assert.deepEqual(ask("broken"), { ...nothing, code: -1, error: "no luck" });
});

Deno.test("a scrobbler is told every field of what is played, 64-bit numbers exactly", () => {
  const requests: [string, Record<string, unknown>][] = [
    ["nd_scrobbler_now_playing", { username: "ann", track: TRACK, position: 12 }],
    ["nd_scrobbler_scrobble", { username: "ann", track: TRACK, timestamp: 1_767_225_600 }],
    ["nd_scrobbler_playback_report", {
      username: "ann",
      track: TRACK,
      state: "paused",
      positionMs: 9_007_199_254_740_991,
      playbackRate: 1.25,
      playerId: "p",
      playerName: "Player",
      timestamp: -1,
    }],
  ];
  for (const [name, request] of requests) {
    const { code, error, output, log } = call(name, request);
    assert.deepEqual([code, error, output], [0, "", ""]);
    assert.deepEqual(JSON.parse(log[0] ?? ""), request);
  }
});

Deno.test("a scrobbler's faults carry the words that decide whether a scrobble is kept", () => {
  const fault = (username: string) =>
    call("nd_scrobbler_scrobble", { username, track: TRACK, timestamp: 0 });
  assert.deepEqual(fault("late"), {
    ...nothing,
    code: -1,
    error: "scrobbler(retry_later): the site answers 503",
  });
  assert.deepEqual(fault("out"), {
    ...nothing,
    code: -1,
    error: "scrobbler(not_authorized): the token is no longer valid",
  });
});

Deno.test("lyrics come with their language where it is known, and nothing is an empty answer", () => {
  const { output } = call("nd_lyrics_get_lyrics", { track: TRACK });
  const { lyrics: [first, second] } = JSON.parse(output);
  assert.deepEqual(first, { lang: "eng", text: "[00:01.00]Señor 🎷" });
  assert.deepEqual([second.lang, JSON.parse(second.text)], [undefined, TRACK]);
  assert.deepEqual(
    call("nd_lyrics_get_lyrics", { track: { ...TRACK, title: "Silence" } }),
    nothing,
  );
});

const SONG = {
  id: "s1",
  name: "Song",
  mbid: "m",
  isrc: "i",
  artist: "A",
  artistMbid: "am",
  artists: [{ id: "a", name: "A", mbid: "am", sortName: "A, The", role: "artist" }],
  album: "L",
  albumMbid: "lm",
  duration: 180.5,
  durationMs: 180_500,
};

Deno.test("songs that sound alike are answered with every field, and the old ones beside the new", () => {
  const similar = JSON.parse(
    call("nd_get_sonic_similar_tracks", { song: SONG, count: 2 }).output,
  );
  assert.deepEqual(similar, {
    matches: [{ song: SONG, similarity: 1 }, { song: SONG, similarity: 0.5 }],
  });
  const old = { name: "Old", artist: "B", artistMbid: "bm", duration: 1.5 };
  const path = call("nd_find_sonic_path", { startSong: SONG, endSong: old, count: 9 });
  assert.deepEqual(JSON.parse(path.output), {
    matches: [
      { song: SONG, similarity: 1 },
      {
        song: { ...old, artists: [{ name: "B", mbid: "bm" }], durationMs: 1500 },
        similarity: 0.25,
      },
    ],
  });
});

Deno.test("a named schedule is told apart by its name, and knows its part of the id", () => {
  asked.length = 0;
  assert.deepEqual(call("nd_on_init", "{}"), nothing);
  assert.deepEqual(asked, [
    'scheduler_schedulerecurring {"cronExpression":"@every 41s","payload":"tick","scheduleId":"heartbeat\u200bann"}',
    'scheduler_scheduleonetime {"delaySeconds":5,"payload":"","scheduleId":"heartbeat\u200bbob"}',
    'scheduler_scheduleonetime {"delaySeconds":1,"payload":"","scheduleId":"plain"}',
  ]);
  const fire = (scheduleId: string, payload = "", isRecurring = false) =>
    call("nd_scheduler_callback", { scheduleId, payload, isRecurring });

  assert.deepEqual(fire("heartbeat\u200bann", "tick", true).log, ["heartbeat of ann, tick"]);
  asked.length = 0;
  fire("heartbeat\u200bb\u200bc", "stop");
  assert.deepEqual(asked, ['scheduler_cancelschedule {"scheduleId":"heartbeat\u200bb\u200bc"}']);
  assert.deepEqual(fire("plain").log, ["other plain once"]);
  assert.deepEqual(fire("unheard of\u200bann", "", true).log, [
    "other unheard of\u200bann again",
  ]);
  assert.deepEqual(fire("failing\u200bgood"), { ...nothing, code: -1, error: "no good" });
});

Deno.test("a task's message is a JSON text, its payload bytes, and its failure an error", () => {
  const payload = new TextEncoder().encode("é🎷").toBase64();
  const task = { queueName: "q", taskId: "1", payload };
  assert.deepEqual(call("nd_task_execute", { ...task, attempt: 1 }), {
    ...nothing,
    output: '"q 1 é🎷"',
  });
  const failed = call("nd_task_execute", { ...task, attempt: 2 });
  assert.deepEqual(failed, { ...nothing, code: -1, error: "second attempt" });
});

Deno.test("a listener hears texts, bytes, losses and closes of its connections", () => {
  const events: [string, Record<string, unknown>, string][] = [
    ["text_message", { message: "é🎷" }, "text c é🎷"],
    ["binary_message", { data: "AP8=" }, "bytes c AP8="],
    ["error", { error: "websocket: close 1006" }, "failed c websocket: close 1006"],
    ["close", { code: 4004, reason: "gone" }, "closed c 4004 gone"],
  ];
  for (const [name, fields, heard] of events) {
    assert.deepEqual(call(`nd_websocket_on_${name}`, { connectionId: "c", ...fields }), {
      ...nothing,
      log: [heard],
    });
  }
});

Deno.test("a malformed request is a fault of every capability, never a trap", () => {
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name)
    .filter((name) => name.startsWith("nd_") && name !== "nd_on_init");
  assert.equal(exports.length, 13);
  for (const name of exports) {
    const { code, error } = call(name, "{");
    assert.deepEqual([code, error], [-1, "Cannot read JSON: unexpected end"], name);
  }
});

Deno.test("what a plugin does not override is not implemented, whatever it exports", async () => {
  const names = WebAssembly.Module.exports(module).map(({ name }) => name)
    .filter((name) => name.startsWith("nd_"));
  const source = `export { ${names.join(", ")} } from "@soundproof/pdk";`;
  const empty = new WebAssembly.Module(await compiled(source, { optimize: false }));
  for (const name of names) {
    const { code, error, outputText } = callGuest(empty, name, "{}");
    const expected = name === "nd_on_init" ? 0 : -2;
    assert.deepEqual([code, error, outputText], [expected, "", ""], name);
  }
});
