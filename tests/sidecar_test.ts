import { deepStrictEqual, equal, ok, rejects } from "node:assert/strict";
import { SubsonicClient } from "../src/services/mod.ts";
import { type PlaybackSink, Sidecar } from "../src/sidecar/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { OpenSubsonic } from "./support/open_subsonic.ts";
import { type TempDir, tempDir } from "./support/temp_dir.ts";

const SONGS = [
  {
    id: "s1",
    title: "Sinnerman",
    album: "Pastel Blues",
    artist: "Nina Simone",
    duration: 180,
    artists: [{ id: "a1", name: "Nina Simone" }],
    musicBrainzId: "rec",
    path: "ns/sinnerman.flac",
  },
  { id: "s2", title: "Feeling Good", artist: "Nina Simone", duration: 120 },
];

/** A sidecar beside a server of the tests, and all that it told. */
class Place implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly folder: TempDir = tempDir();
  readonly told: string[] = [];
  readonly log: string[] = [];
  readonly server: OpenSubsonic;
  isWanted = true;
  /** Lets telling a play fail, as if the process died just then. */
  dies = false;
  sidecar: Sidecar;

  constructor(readonly watches = true) {
    this.server = new OpenSubsonic({
      clock: this.clock,
      accounts: {
        service: { password: "sesame" },
        ann: { password: "a" },
        bob: { password: "b" },
      },
      songs: SONGS,
    });
    this.sidecar = this.#open();
  }

  #open(): Sidecar {
    const { server: { url: baseUrl }, clock } = this;
    const say = (text: string) => {
      this.told.push(text);
      return Promise.resolve([]);
    };
    const since = (seconds: number) => seconds - Date.UTC(2026, 0, 1) / 1000;
    const sink: PlaybackSink = {
      nowPlaying: ({ username, track, position }) =>
        say(`now ${username} ${track.id} @${Math.round(position)}`),
      scrobble: ({ username, track, timestamp }) => {
        if (this.dies) throw new Error("died");
        return say(
          `play ${username} ${track.id} ${since(timestamp)} ${track.libraryId} ${track.path}`,
        );
      },
      playbackReport: ({ username, track, state, positionMs, playerName }) =>
        say(`${state} ${username} ${track.id} @${Math.round(positionMs / 1000)} ${playerName}`),
    };
    return new Sidecar({
      client: new SubsonicClient({
        baseUrl,
        username: "service",
        credentials: { password: "sesame" },
      }),
      sink,
      isWanted: () => this.isWanted,
      clock,
      folder: this.folder.path,
      watches: this.watches,
      log: (level, text) => void this.log.push(`${level} ${text}`),
    });
  }

  /** Lets time pass, look by look: a look is a request over the loopback. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 1) {
      await this.clock.advance(1_000);
      // Either a look has been made and the next one waits, or none was due.
      for (let turn = 0; this.clock.waiting === 0 && this.watches && turn < 2_000; turn++) {
        await new Promise((done) => setTimeout(done, 1));
      }
    }
  }

  /** What was told since the last time. */
  news(word = ""): string[] {
    return this.told.splice(0).filter((line) => line.startsWith(word));
  }

  async restart(): Promise<void> {
    await this.sidecar.close();
    this.sidecar = this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sidecar.close();
    await this.server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("the sidecar tells what a server says is playing, as an account that is no administrator", async () => {
  await using place = new Place();
  await place.pass(1);
  await place.server.play("ann", "s1");
  await place.pass(10);
  deepStrictEqual(place.news(), ["now ann s1 @0", "playing ann s1 @0 phone"]);
  await place.pass(80);
  deepStrictEqual(place.news(), []);
  await place.pass(20);
  const [play = "", ...more] = place.news();
  ok(/^play ann s1 \d+ 1 ns\/sinnerman.flac$/.test(play), play);
  deepStrictEqual(more, []);
  await place.server.play("ann", "s2");
  await place.pass(10);
  deepStrictEqual(place.news(), [
    "expired ann s1 @110 phone",
    "now ann s2 @0",
    "playing ann s2 @0 phone",
  ]);
  place.server.stop("ann");
  await place.pass(10);
  deepStrictEqual(place.news(), ["expired ann s2 @10 phone"]);
  const asked = new Set(place.server.asked.map(({ endpoint }) => endpoint));
  deepStrictEqual([...asked].sort(), ["getMusicFolders", "getNowPlaying", "scrobble"]);
});

Deno.test("the sidecar keeps the players of a user apart, and users too", async () => {
  await using place = new Place();
  await place.pass(1);
  await place.server.play("ann", "s1", "phone");
  await place.server.play("ann", "s1", "desk");
  await place.server.play("bob", "s2", "phone");
  await place.pass(130);
  deepStrictEqual(place.news("play ").map((line) => line.split(" ").slice(0, 3).join(" ")).sort(), [
    "play ann s1",
    "play ann s1",
    "play bob s2",
  ]);
});

for (const numbersPlayers of [false, true]) {
  Deno.test(`what one listens to is told once, whoever else begins and ends${numbersPlayers ? ", though the ids of players are places in the list" : ""}`, async () => {
    await using place = new Place();
    place.server.numbersPlayers = numbersPlayers;
    await place.pass(1);
    await place.server.play("ann", "s1", "phone");
    for (let turn = 0; turn < 8; turn++) {
      await place.pass(20);
      await place.server.play("bob", "s2", `tab ${turn}`);
      if (turn > 0) place.server.stop("bob", `tab ${turn - 1}`);
    }
    await place.pass(10);
    const news = place.news().filter((line) => line.includes("ann s1"));
    deepStrictEqual(news.map((line) => line.split(" ")[0]), ["now", "playing", "play"]);
  });
}

Deno.test("two players of one user and name, on a server that numbers them anew, are told one play each", async () => {
  await using place = new Place();
  place.server.numbersPlayers = true;
  place.server.shownName = "Chrome";
  await place.pass(1);
  await place.server.play("ann", "s1", "desk");
  await place.pass(20);
  await place.server.play("ann", "s2", "phone");
  await place.pass(20);
  await place.server.play("bob", "s1", "tab");
  await place.pass(150);
  deepStrictEqual(
    place.news().filter((line) => /^(now|play) ann/.test(line))
      .map((line) => line.split(" ").slice(0, 3).join(" ")),
    ["now ann s1", "now ann s2", "play ann s2", "play ann s1"],
  );
});

Deno.test("the sidecar tells the second play of a track that is on repeat", async () => {
  await using place = new Place();
  await place.pass(1);
  await place.server.play("ann", "s1");
  await place.pass(180);
  await place.server.play("ann", "s1");
  await place.pass(180);
  const plays = place.news("play ").map((line) => Number(line.split(" ")[3]));
  equal(plays.length, 2);
  ok((plays[1] ?? 0) - (plays[0] ?? 0) >= 170, String(plays));
});

Deno.test("a restart of the watcher neither tells a play twice nor forgets what was heard", async () => {
  await using place = new Place();
  await place.pass(1);
  await place.server.play("ann", "s1");
  await place.pass(60);
  await place.restart();
  await place.pass(50);
  const [play = "", ...more] = place.news("play ");
  ok(play.startsWith("play ann s1"), "60 s before and 40 s after are enough");
  deepStrictEqual(more, []);
  await place.restart();
  await place.pass(60);
  deepStrictEqual(place.news("play "), []);
});

Deno.test("a play that could not be told is told again, with the same time", async () => {
  await using place = new Place();
  await place.pass(1);
  await place.server.play("ann", "s1");
  await place.pass(20);
  place.dies = true;
  await place.pass(100);
  place.dies = false;
  await place.restart();
  await place.pass(20);
  const [play = ""] = place.news("play ");
  const began = Number(play.split(" ")[3]);
  ok(began <= 12, `it began at ${began}`);
});

Deno.test("a server that fails is asked less and less often, and told of once", async () => {
  await using place = new Place();
  await place.pass(1);
  place.server.isDown = true;
  place.server.asked.length = 0;
  await place.pass(700);
  ok(place.server.asked.length <= 8, `asked ${place.server.asked.length} times in 700 s`);
  equal(place.log.length, 1);
  ok(place.log[0]?.startsWith("warn Cannot ask the music server what is playing"));
  place.server.isDown = false;
  await place.pass(301);
  equal(place.log.length, 2);
});

Deno.test("a server is not asked while nobody would be told", async () => {
  await using place = new Place();
  place.isWanted = false;
  await place.pass(60);
  deepStrictEqual(place.server.asked, []);
  place.isWanted = true;
  await place.pass(11);
  ok(place.server.asked.length > 0);
});

Deno.test("a server that pushes is believed, and its users are not watched meanwhile", async () => {
  await using place = new Place();
  await place.pass(1);
  const push = (state: "playing" | "paused" | "stopped", seconds: number) =>
    place.sidecar.push({
      username: "ann",
      trackId: "s1",
      state,
      positionMs: seconds * 1_000,
      playerId: "7",
      playerName: "web",
    });
  await push("playing", 0);
  await place.server.play("ann", "s1");
  await place.pass(50);
  await push("paused", 50);
  await place.pass(100);
  await push("playing", 50);
  await place.pass(50);
  await push("stopped", 100);
  deepStrictEqual(place.news(), [
    "now ann s1 @0",
    "playing ann s1 @0 web",
    "paused ann s1 @50 web",
    "now ann s1 @50",
    "playing ann s1 @50 web",
    "play ann s1 1 1 ns/sinnerman.flac",
    "stopped ann s1 @100 web",
  ]);
  await rejects(
    place.sidecar.push({
      username: "ann",
      trackId: "nowhere",
      state: "playing",
      positionMs: 0,
    }),
    { code: "sidecar.track_unknown" },
  );
});

Deno.test("a player that stops while it is paused is not told to play once more", async () => {
  await using place = new Place(false);
  const player = { username: "ann", trackId: "s1", playerName: "web" };
  for (const state of ["starting", "paused", "stopped"] as const) {
    await place.sidecar.push({ ...player, state, positionMs: 1_000 });
  }
  deepStrictEqual(place.news(), [
    "now ann s1 @1",
    "starting ann s1 @1 web",
    "paused ann s1 @1 web",
    "stopped ann s1 @1 web",
  ]);
});

Deno.test("what a hostile server says is playing does no harm", async () => {
  const entries: unknown[] = [
    null,
    7,
    {},
    { id: "x" },
    { username: "ann" },
    { id: "s1", username: "ann", isVideo: true },
    {
      id: "s1",
      username: "ann",
      duration: "long",
      minutesAgo: "soon",
      positionMs: -5,
      state: "dancing",
    },
    { id: "s1", username: "ann", duration: 1e300, minutesAgo: 1e300, playerName: "\u0000" },
    { id: "s1", username: "__proto__", duration: -5, playerId: "constructor" },
  ];
  using folder = tempDir();
  const clock = new FakeClock();
  const told: string[] = [];
  const tell = (text: string) => {
    told.push(text);
    return Promise.resolve([]);
  };
  const answers: Record<string, unknown>[] = [
    { nowPlaying: { entry: entries } },
    { nowPlaying: entries },
    { nowPlaying: { entry: { id: "s1", username: "eve", duration: 60 } } },
    {},
  ];
  const sidecar = new Sidecar({
    client: { ask: () => Promise.resolve(answers.shift() ?? {}) },
    sink: {
      nowPlaying: ({ username }) => tell(username),
      scrobble: () => tell("play"),
      playbackReport: () => tell("report"),
    },
    isWanted: () => true,
    clock,
    folder: folder.path,
  });
  answers.unshift({}); // the music folders
  for (let look = 0; look < 6; look++) await clock.advance(10_000);
  await sidecar.close();
  ok(told.includes("eve"));
});
