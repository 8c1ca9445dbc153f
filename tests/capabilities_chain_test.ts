import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { type ChainOptions, MetadataAgents, SimilarityProviders } from "../src/capabilities/mod.ts";
import { FakeClock, settle } from "./services_cases/harness.ts";
import { type FakeGuest, fakeGuest, fault, Held } from "./support/fake_guest.ts";

const ARTIST = { id: "7", name: "Nina Simone" };
const found = (url: string) => ({ nd_get_artist_url: () => ({ url }) });
const nothing = { nd_get_artist_url: () => ({}) };
const failing = {
  nd_get_artist_url: () => {
    throw fault("guest.error");
  },
};

function agents(
  plugins: FakeGuest[],
  options: Partial<ChainOptions> & { clock?: FakeClock } = {},
): MetadataAgents {
  return new MetadataAgents({ plugins: () => plugins, clock: new FakeClock(), ...options });
}

Deno.test("several agents: the first that has something answers, and the answer says who", async () => {
  const plugins = [
    fakeGuest("d", found("http://d")),
    fakeGuest("c", found("http://c")),
    fakeGuest("b", failing),
    fakeGuest("a", nothing),
    fakeGuest("0", { nd_lyrics_get_lyrics: () => ({}) }),
  ];
  deepStrictEqual(await agents(plugins).artistUrl(ARTIST), {
    kind: "found",
    value: "http://c",
    plugin: "c",
  });
  deepStrictEqual(plugins.map(({ calls }) => calls.length), [0, 1, 1, 1, 0]);
});

Deno.test("several agents: the configured order holds, and who is not listed is not asked", async () => {
  const plugins = ["a", "b", "c"].map((id) => fakeGuest(id, found(`http://${id}`)));
  const ordered = agents(plugins, { order: ["gone", "c", "c", "a"] });
  deepStrictEqual(ordered.plugins, ["c", "a"]);
  const answer = await ordered.artistUrl(ARTIST);
  equal(answer.kind === "found" && answer.plugin, "c");
  deepStrictEqual(agents(plugins, { order: [] }).plugins, []);
});

Deno.test("several agents: that nobody has anything is definitive only if nobody failed", async () => {
  const silent = [fakeGuest("a", nothing), fakeGuest("b", nothing)];
  deepStrictEqual(await agents(silent).artistUrl(ARTIST), { kind: "not_found", asked: ["a", "b"] });
  deepStrictEqual(await agents([]).artistUrl(ARTIST), { kind: "not_found", asked: [] });
  const answer = await agents([fakeGuest("x", failing), ...silent]).artistUrl(ARTIST);
  ok(answer.kind === "fault");
  equal(answer.error.code, "guest.error");
  deepStrictEqual(answer.faults.map(({ plugin }) => plugin), ["x"]);
});

Deno.test("several agents: nobody is asked about what a library does not know itself", async () => {
  const plugins = [fakeGuest("a", found("u"))];
  for (const name of ["[Unknown Artist]", "Various Artists", "[Unknown Album]", ""]) {
    const answer = await agents(plugins).artistUrl({ id: "1", name });
    deepStrictEqual(answer, { kind: "not_found", asked: [] });
  }
  equal(plugins[0]?.calls.length, 0);
});

Deno.test("several agents: every question reaches its export", async () => {
  const asked: string[] = [];
  const names = [
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
  ];
  const plugin = fakeGuest(
    "p",
    Object.fromEntries(names.map((name) => [name, () => void asked.push(name)])),
  );
  const all = agents([plugin]);
  const song = { ...ARTIST, artist: "x" };
  const answers = [
    await all.artistMbid(ARTIST),
    await all.artistUrl(ARTIST),
    await all.artistBiography(ARTIST),
    await all.similarArtists(ARTIST, 1),
    await all.artistImages(ARTIST),
    await all.artistTopSongs(ARTIST, 1),
    await all.albumInfo({ name: "al", artist: "x" }),
    await all.albumImages({ name: "al", artist: "x" }),
    await all.similarSongsByTrack(song, 1),
    await all.similarSongsByAlbum(song, 1),
    await all.similarSongsByArtist(ARTIST, 1),
  ];
  deepStrictEqual(asked, names);
  for (const answer of answers) equal(answer.kind, "not_found");
});

Deno.test("several agents: a plugin that keeps failing is left alone, tried again with one call, and taken back", async () => {
  const clock = new FakeClock();
  let broken = true;
  const sick = fakeGuest("a", {
    nd_get_artist_url: () => {
      if (broken) throw fault("guest.trap");
      return { url: "a" };
    },
  });
  const well = fakeGuest("b", found("b"));
  const all = agents([sick, well], { clock });
  const ask = async (times: number) => {
    for (let time = 0; time < times; time++) await all.artistUrl(ARTIST);
    return sick.calls.length;
  };
  equal(await ask(4), 4);
  equal(all.counters.plugins.get("a"), undefined);
  equal(await ask(20), 5, "after five faults it is left alone");
  deepStrictEqual(all.counters.plugins.get("a"), { opened: 1, skipped: 19, state: "open" });

  await clock.advance(29_999);
  equal(await ask(3), 5);
  await clock.advance(1);
  equal(all.counters.plugins.get("a")?.state, "half_open");
  equal(await ask(3), 6, "one probe, which fails");
  await clock.advance(59_999);
  equal(await ask(1), 6, "the pause has doubled");
  await clock.advance(1);
  broken = false;
  equal(await ask(3), 9, "the probe has an answer: it is asked as before");
  equal(all.counters.plugins.get("a")?.state, "closed");
  broken = true;
  equal(await ask(20), 14, "and has five faults again");
});

Deno.test("several agents: while a probe is under way the plugin is asked nothing else", async () => {
  const clock = new FakeClock();
  const held = new Held();
  let isHeld = false;
  const sick = fakeGuest("a", {
    nd_get_artist_url: () => {
      if (isHeld) return held.wait();
      throw fault("guest.deadline");
    },
  });
  const all = agents([sick, fakeGuest("b", found("b"))], { clock });
  for (let time = 0; time < 5; time++) await all.artistUrl(ARTIST);
  await clock.advance(30_000);
  isHeld = true;
  const probe = all.artistUrl({ id: "1", name: "probe" });
  await settle();
  const other = await all.artistUrl({ id: "2", name: "other" });
  equal(other.kind === "found" && other.plugin, "b");
  held.answer({ url: "a" });
  const answer = await probe;
  equal(answer.kind === "found" && answer.plugin, "a");
});

Deno.test("several agents: what is no fault of the plugin does not count against it, and loaded anew it begins afresh", async () => {
  const clock = new FakeClock();
  const code = { value: "pool.queue_full" as "pool.queue_full" | "guest.error" };
  const make = () =>
    fakeGuest("a", {
      nd_get_artist_url: () => {
        throw fault(code.value);
      },
    });
  const plugins = [make()];
  const all = agents(plugins, { clock });
  for (let time = 0; time < 10; time++) await all.artistUrl(ARTIST);
  equal(plugins[0]?.calls.length, 10);
  code.value = "guest.error";
  for (let time = 0; time < 10; time++) await all.artistUrl(ARTIST);
  equal(plugins[0]?.calls.length, 15);
  const left = await all.artistUrl(ARTIST);
  equal(left.kind === "fault" && left.error.code, "plugin.left_alone");
  plugins[0] = make();
  await all.artistUrl(ARTIST);
  equal(plugins[0].calls.length, 1);
});

Deno.test("several agents: a clock that is set back does not keep a plugin out", async () => {
  const clock = new FakeClock();
  const sick = fakeGuest("a", failing);
  const all = agents([sick], { clock });
  for (let time = 0; time < 5; time++) await all.artistUrl(ARTIST);
  clock.set(Date.UTC(2020, 0, 1));
  await all.artistUrl(ARTIST);
  equal(sick.calls.length, 6);
});

Deno.test("several agents: identical questions at one time are one call, others are their own", async () => {
  const held = new Held();
  const plugin = fakeGuest("a", { nd_get_artist_url: held.wait });
  const all = agents([plugin]);
  const same = Array.from({ length: 5 }, () => all.artistUrl(ARTIST));
  const other = all.artistUrl({ id: "8", name: "Other" });
  await settle();
  equal(plugin.calls.length, 2);
  equal(all.counters.coalesced, 4);
  held.answer({ url: "one" });
  held.answer({ url: "two" });
  for (const answer of await Promise.all(same)) {
    equal(answer.kind === "found" && answer.value, "one");
  }
  const told = await other;
  equal(told.kind === "found" && told.value, "two");
  const later = all.artistUrl(ARTIST);
  await settle();
  equal(plugin.calls.length, 3, "what is asked afterwards is asked anew");
  held.answer({ url: "three" });
  await later;
});

Deno.test("several agents: who gives up leaves the others their answer; the call ends when all have", async () => {
  const held = new Held();
  const signals: AbortSignal[] = [];
  const plugin = fakeGuest("a", {
    nd_get_artist_url: (_input, { signal }) => {
      if (signal) signals.push(signal);
      return held.wait();
    },
  });
  const all = agents([plugin]);
  const leaver = new AbortController();
  const stayer = new AbortController();
  const left = all.artistUrl(ARTIST, { signal: leaver.signal });
  const stayed = all.artistUrl(ARTIST, { signal: stayer.signal });
  await settle();
  leaver.abort();
  const answer = await left;
  equal(answer.kind === "fault" && answer.error.code, "call.cancelled");
  equal(signals[0]?.aborted, false);
  held.answer({ url: "u" });
  equal((await stayed).kind, "found");

  const alone = new AbortController();
  const given = all.artistUrl(ARTIST, { signal: alone.signal });
  await settle();
  alone.abort();
  equal((await given).kind, "fault");
  await settle();
  equal(signals[1]?.aborted, true);
  const anew = all.artistUrl(ARTIST);
  await settle();
  equal(plugin.calls.length, 3, "a question that was given up by all does not answer later ones");
  held.answer({ url: "late" });
  held.answer({ url: "new" });
  const told = await anew;
  equal(told.kind === "found" && told.value, "new");
  const early = AbortSignal.abort();
  equal((await all.artistUrl(ARTIST, { signal: early })).kind, "fault");
  equal(plugin.calls.length, 3);
});

Deno.test("sonic similarity: the song that is sent, and the matches that come back", async () => {
  const match = { song: { name: "s", artists: [{ name: "a" }] }, similarity: 0.75 };
  const plugin = fakeGuest("p", {
    nd_get_sonic_similar_tracks: () => ({ matches: [match, {}] }),
    nd_find_sonic_path: () => ({ matches: [] }),
  });
  const all = new SimilarityProviders({ plugins: () => [plugin], clock: new FakeClock() });
  const track = {
    id: "1",
    libraryId: 1,
    title: "Sinnerman",
    artist: "Nina Simone",
    album: "Pastel Blues",
    duration: 622.5,
    mbzRecordingId: "rec",
    mbzAlbumId: "rel",
    tags: new Map([["isrc", ["I1", "I2"]]]),
    participants: [
      { role: "composer", name: "C" },
      { role: "artist", name: "Nina Simone", id: "a1", mbid: "am", sortName: "Simone, Nina" },
    ],
  };
  const answer = await all.similarTracks(track, 5);
  ok(answer.kind === "found");
  deepStrictEqual(answer.value.map(({ song, similarity }) => [song.name, similarity]), [
    ["s", 0.75],
    ["", 0],
  ]);
  equal((await all.path(track, { id: "2", libraryId: 1, duration: -3 }, 5)).kind, "not_found");
  const song = {
    id: "1",
    name: "Sinnerman",
    mbid: "rec",
    isrc: "I1",
    artist: "Nina Simone",
    artistMbid: "am",
    album: "Pastel Blues",
    albumMbid: "rel",
    artists: [{
      name: "Nina Simone",
      id: "a1",
      mbid: "am",
      sortName: "Simone, Nina",
      role: "artist",
    }],
    duration: 622.5,
    durationMs: 622_500,
  };
  deepStrictEqual(plugin.calls, [
    { name: "nd_get_sonic_similar_tracks", input: { song, count: 5 } },
    {
      name: "nd_find_sonic_path",
      input: { startSong: song, endSong: { id: "2", name: "", duration: -3 }, count: 5 },
    },
  ]);
});
