import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import { type ScopedGuest, type ScrobbleLimits, Scrobblers } from "../src/capabilities/mod.ts";
import { DEFAULT_SCROBBLE_LIMITS } from "../src/capabilities/mod.ts";
import { FakeClock, settle } from "./services_cases/harness.ts";
import { type FakeExport, type FakeGuest, fakeGuest, fault, Held } from "./support/fake_guest.ts";
import { type TempDir, tempDir } from "./support/temp_dir.ts";

const track = (id: string) => ({ id, libraryId: 1, title: `T ${id}`, artist: "A", path: "p" });
const play = (username: string, time: number) => ({
  username,
  track: track(`t${time}`),
  timestamp: 1_700_000_000 + time,
});
const fails = (words: string): FakeExport => () => {
  throw fault("guest.error", words);
};

/** Scrobblers over plugins that come and go, on one file that stays. */
class Place implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly plugins: ScopedGuest[] = [];
  readonly absent: string[] = [];
  readonly folder: TempDir = tempDir();
  readonly log: string[] = [];
  scrobblers: Scrobblers;

  constructor(...plugins: ScopedGuest[]) {
    this.plugins.push(...plugins);
    this.scrobblers = this.#open();
  }

  #open(limits: Partial<ScrobbleLimits> = {}): Scrobblers {
    return new Scrobblers({
      plugins: () => this.plugins,
      absent: () => this.absent,
      clock: this.clock,
      folder: `${this.folder.path}/scrobbles`,
      limits: { ...DEFAULT_SCROBBLE_LIMITS, ...limits },
      log: (_level, text, plugin) => void this.log.push(`${plugin}: ${text}`),
    });
  }

  /** Closes the file and opens it again, as a start of the process would. */
  async restart(limits: Partial<ScrobbleLimits> = {}): Promise<void> {
    await this.scrobblers.close();
    this.scrobblers = this.#open(limits);
    for (const { id } of this.plugins) this.scrobblers.wake(id);
    await settle();
  }

  counters(plugin = "p") {
    return this.scrobblers.counters.get(plugin);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scrobblers.close();
    this.folder[Symbol.dispose]();
  }
}

/** A scrobbler that authorises everyone. */
function scrobbler(id: string, scrobble: FakeExport, more: Record<string, FakeExport> = {}) {
  return fakeGuest(id, {
    nd_scrobbler_is_authorized: () => true,
    nd_scrobbler_scrobble: scrobble,
    ...more,
  });
}

/** The times of the plays that a plugin was sent, of all users or one. */
function sent({ calls }: FakeGuest, username?: string): number[] {
  return calls
    .filter(({ name, input }) =>
      name === "nd_scrobbler_scrobble" && (username === undefined || input.username === username)
    )
    .map(({ input }) => input.timestamp - 1_700_000_000);
}

Deno.test("a play goes to every scrobbler whose gate opens, and everyone is told what became of it", async () => {
  const plugins = [
    scrobbler("a", () => undefined),
    scrobbler("b", () => undefined, { nd_scrobbler_is_authorized: () => false }),
    fakeGuest("c", { nd_scrobbler_is_authorized: () => true }),
    fakeGuest("d", { nd_get_artist_url: () => ({}) }),
    fakeGuest("e", { nd_scrobbler_scrobble: () => undefined }, { users: [], libraries: [] }),
  ];
  await using place = new Place(...plugins);
  const reports = await place.scrobblers.scrobble(play("ann", 1));
  deepStrictEqual(reports.map(({ plugin, kind }) => [plugin, kind]), [
    ["a", "queued"],
    ["b", "skipped"],
    ["c", "skipped"],
    ["e", "skipped"],
  ]);
  await settle();
  deepStrictEqual(plugins.map((plugin) => sent(plugin)), [[1], [], [], [], []]);
  equal(plugins[4]?.calls.length, 0);
  equal(place.counters("a")?.delivered, 1);
  deepStrictEqual(
    await place.scrobblers.scrobble({ ...play("ann", 2), track: { id: "x", libraryId: 1 } }),
    [],
  );
});

Deno.test("the gate is asked when a play is queued, and not again when it is sent", async () => {
  const held = new Held();
  const plugin = scrobbler("p", held.wait);
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await place.scrobblers.scrobble(play("ann", 2));
  await settle();
  deepStrictEqual(plugin.calls.map(({ name }) => name.replace("nd_scrobbler_", "")), [
    "is_authorized",
    "scrobble",
    "is_authorized",
  ]);
  held.answer("");
  await settle();
  held.answer("");
  await settle();
  equal(plugin.calls.length, 4);
});

Deno.test("retry_later keeps a play and all later ones of its user, and is tried again after 5 s, doubling to 4 min", async () => {
  let isDown = true;
  const plugin = scrobbler("p", (input) => {
    const { username } = input as { username: string };
    if (isDown && username === "ann") throw fault("guest.error", "busy: scrobbler(retry_later)");
  });
  await using place = new Place(plugin);
  for (const time of [1, 2, 3]) await place.scrobblers.scrobble(play("ann", time));
  await place.scrobblers.scrobble(play("bob", 9));
  await settle();
  deepStrictEqual(sent(plugin, "bob"), [9], "another user does not wait");
  for (const [index, seconds] of [5, 10, 20, 40, 80, 160, 240, 240].entries()) {
    deepStrictEqual(sent(plugin, "ann"), Array.from({ length: index + 1 }, () => 1));
    await place.clock.advance(seconds * 1000 - 1);
    equal(sent(plugin, "ann").length, index + 1, `not before ${seconds} s`);
    await place.clock.advance(1);
  }
  isDown = false;
  await place.clock.advance(240_000);
  deepStrictEqual(sent(plugin, "ann").slice(-3), [1, 2, 3]);
  equal(place.counters()?.waiting, 0);
  equal(place.counters()?.repeated, 0, "a play that was refused is no duplicate");

  isDown = true;
  await place.scrobblers.scrobble(play("ann", 4));
  await settle();
  isDown = false;
  await place.clock.advance(5_000);
  equal(sent(plugin, "ann").at(-1), 4, "after a delivery the waits begin anew");
});

Deno.test("what a plugin refuses for good is put aside with its reason, and the next play is sent", async () => {
  let words = "scrobbler(unrecoverable): bad track";
  const plugin = scrobbler("p", (input) => {
    if ((input as { timestamp: number }).timestamp === 1_700_000_001 && words !== "") {
      throw fault("guest.error", words);
    }
  });
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await place.scrobblers.scrobble(play("ann", 2));
  await settle();
  deepStrictEqual(sent(plugin), [1, 2]);
  const [failed, ...more] = place.scrobblers.failed();
  ok(failed);
  equal(more.length, 0);
  deepStrictEqual(
    [failed.plugin, failed.username, failed.timestamp, failed.code, failed.reason, failed.attempts],
    ["p", "ann", 1_700_000_001, "guest.error", words, 1],
  );
  equal(failed.failedAt, place.clock.now());
  ok(place.log.some((line) => line.startsWith("p:") && line.includes("bad track")));

  await place.restart();
  equal(place.scrobblers.failed({ plugin: "p" }).length, 1, "the list survives");
  equal(place.scrobblers.failed({ plugin: "q" }).length, 0);
  equal(place.scrobblers.failed({ after: failed.id }).length, 0);
  words = "";
  place.scrobblers.requeue(failed.id);
  await settle();
  deepStrictEqual(sent(plugin), [1, 2, 1]);
  deepStrictEqual(place.scrobblers.failed(), []);
  throws(() => place.scrobblers.requeue(failed.id), { code: "scrobbles.unknown" });
  throws(() => place.scrobblers.discard(failed.id), { code: "scrobbles.unknown" });
});

Deno.test("a play that failed can be forgotten; the list is bounded, and what had to make room is counted", async () => {
  const plugin = scrobbler("p", fails("no"));
  await using place = new Place(plugin);
  await place.restart({ failed: 3 });
  for (const time of [1, 2, 3, 4, 5]) await place.scrobblers.scrobble(play("ann", time));
  await settle();
  const times = () => place.scrobblers.failed().map(({ timestamp }) => timestamp - 1_700_000_000);
  deepStrictEqual(times(), [3, 4, 5]);
  equal(place.counters()?.failed, 5);
  equal(place.counters()?.dropped, 2);
  deepStrictEqual(place.scrobblers.failed({ limit: 1 }).map(({ track }) => track.id), ["t3"]);
  place.scrobblers.discard(place.scrobblers.failed()[0]?.id ?? 0);
  deepStrictEqual(times(), [4, 5]);
});

Deno.test("a requeued play of a user comes before that user's later ones", async () => {
  let words = "no";
  const plugin = scrobbler("p", () => {
    if (words !== "") throw fault("guest.error", words);
  });
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  words = "scrobbler(retry_later)";
  for (const time of [2, 3]) await place.scrobblers.scrobble(play("ann", time));
  await settle();
  words = "";
  place.scrobblers.requeue(place.scrobblers.failed()[0]?.id ?? 0);
  await place.clock.advance(5_000);
  deepStrictEqual(sent(plugin).slice(-3), [1, 2, 3]);
});

Deno.test("what waits survives a restart, in order, and for a plugin that is not there it waits on", async () => {
  const plugin = scrobbler("p", fails("scrobbler(retry_later)"));
  await using place = new Place(plugin);
  for (const time of [1, 2, 3]) await place.scrobblers.scrobble(play("ann", time));
  place.plugins.length = 0;
  await place.restart();
  await place.clock.advance(3_600_000);
  equal(place.counters()?.waiting, 3);
  const anew = scrobbler("p", () => undefined);
  place.plugins.push(anew);
  place.scrobblers.wake("p");
  await settle();
  deepStrictEqual(sent(anew), [1, 2, 3]);
  equal(anew.calls.length, 3, "their gates had been opened before");
});

Deno.test("plays are kept for a scrobbler that is being loaded anew, and for nobody who never was one", async () => {
  const plugin = scrobbler("p", () => undefined);
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  place.plugins.length = 0;
  place.absent.push("p", "q");
  deepStrictEqual(await place.scrobblers.scrobble(play("ann", 2)), [{
    plugin: "p",
    kind: "queued",
  }]);
  await place.scrobblers.scrobble(play("eve", 3));
  place.absent.length = 0;
  deepStrictEqual(await place.scrobblers.scrobble(play("ann", 4)), [], "a disabled one gets none");
  const anew = scrobbler("p", () => undefined, {
    nd_scrobbler_is_authorized: (input) => (input as { username: string }).username === "ann",
  });
  place.plugins.push(anew);
  place.scrobblers.wake("p");
  await settle();
  deepStrictEqual(sent(anew), [2], "the gate is asked before the first of them is sent");
  equal(place.counters()?.waiting, 0);
  equal(place.counters()?.unwanted, 1);
});

Deno.test("a play on its way when its plugin is unloaded is sent again, and counted as a possible duplicate", async () => {
  const held = new Held();
  const plugin = scrobbler("p", async () => {
    await held.wait();
    throw fault("guest.error", "context canceled");
  });
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  const anew = scrobbler("p", () => undefined);
  place.plugins.splice(0, 1, anew);
  place.scrobblers.wake("p");
  held.answer("");
  await settle();
  deepStrictEqual([sent(plugin), sent(anew)], [[1], [1]]);
  deepStrictEqual(place.scrobblers.failed(), []);
  equal(place.counters()?.repeated, 1);
});

Deno.test("a lost cell is no answer: the play is sent again and counted; a full pool was no call", async () => {
  const codes = ["guest.lost", "pool.queue_full"] as const;
  let count = 0;
  const plugin = scrobbler("p", () => {
    const code = codes[count++];
    if (code !== undefined) throw fault(code, "");
  });
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  await place.clock.advance(5_000);
  equal(place.counters()?.repeated, 1);
  await place.clock.advance(10_000);
  equal(place.counters()?.delivered, 1);
  equal(place.counters()?.repeated, 1);
});

Deno.test("a gate that cannot be asked is asked again later, and nothing is sent before it opens", async () => {
  let isFull = true;
  const plugin = scrobbler("p", () => undefined, {
    nd_scrobbler_is_authorized: () => {
      if (isFull) throw fault("pool.queue_full");
      return true;
    },
  });
  await using place = new Place(plugin);
  deepStrictEqual(await place.scrobblers.scrobble(play("ann", 1)), [{
    plugin: "p",
    kind: "queued",
  }]);
  await place.clock.advance(4_999);
  deepStrictEqual(sent(plugin), []);
  isFull = false;
  await place.clock.advance(10_000);
  deepStrictEqual(sent(plugin), [1]);
});

Deno.test("plays that wait are put aside when their user is taken from the plugin", async () => {
  const plugin = scrobbler("p", fails("scrobbler(retry_later)"));
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  const anew = { ...scrobbler("p", () => undefined), scope: { users: ["bob"], libraries: [] } };
  place.plugins.splice(0, 1, anew);
  place.scrobblers.wake("p");
  await settle();
  deepStrictEqual(sent(anew), []);
  equal(place.scrobblers.failed()[0]?.code, "not_assigned");
});

Deno.test("a plugin that does not implement scrobbling is no list of failures", async () => {
  const plugin = scrobbler("p", () => {
    throw fault("guest.not_implemented");
  });
  await using place = new Place(plugin);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  deepStrictEqual(place.scrobblers.failed(), []);
  equal(place.counters()?.unwanted, 1);
  equal(place.counters()?.waiting, 0);
});

Deno.test("the same play again is known, waiting, delivered or failed, whatever the letter case of its user", async () => {
  let words = "scrobbler(retry_later)";
  const plugin = scrobbler("p", () => {
    if (words !== "") throw fault("guest.error", words);
  });
  await using place = new Place(plugin);
  const kinds = async (username = "ann") =>
    (await place.scrobblers.scrobble(play(username, 1))).map(({ kind }) => kind);
  deepStrictEqual(await kinds(), ["queued"]);
  deepStrictEqual(await kinds("ANN"), ["known"]);
  words = "no";
  await place.clock.advance(5_000);
  deepStrictEqual(await kinds(), ["known"]);
  words = "";
  place.scrobblers.requeue(place.scrobblers.failed()[0]?.id ?? 0);
  await settle();
  deepStrictEqual(await kinds(), ["known"]);
  await place.restart();
  deepStrictEqual(await kinds(), ["known"]);
  equal(sent(plugin).length, 3);
  deepStrictEqual(await kinds("bob"), ["queued"]);
});

Deno.test("a queue that is full refuses clearly, one user's full queue no other user's plays", async () => {
  const plugin = scrobbler("p", fails("scrobbler(retry_later)"));
  await using place = new Place(plugin);
  await place.restart({ waitingPerUser: 2, waiting: 3 });
  const report = async (username: string, time: number) => {
    const [first] = await place.scrobblers.scrobble(play(username, time));
    return first?.error === undefined ? first?.kind : `${first.error.code}: ${first.error.message}`;
  };
  deepStrictEqual(
    [await report("ann", 1), await report("ann", 2), await report("ann", 3)],
    [
      "queued",
      "queued",
      `scrobbles.queue_full: Cannot queue play of user "ann" for plugin "p": 2 wait already`,
    ],
  );
  equal(await report("bob", 1), "queued");
  equal(
    await report("eve", 1),
    `scrobbles.queue_full: Cannot queue play for plugin "p": 3 wait already`,
  );
  await place.restart({ waitingPerUser: 2 });
  ok((await report("ann", 4))?.startsWith("scrobbles.queue_full"), "it knows after a restart, too");
});

Deno.test("plays that nothing could be done with are refused", async () => {
  await using place = new Place(scrobbler("p", () => undefined));
  const plays = [
    { ...play("", 1) },
    { ...play("a\u0000b", 1) },
    { ...play("a".repeat(256), 1) },
    { ...play("ann", 0.5) },
    { ...play("ann", NaN) },
    { ...play("ann", -2e9) },
    { ...play("ann", 1), track: { ...track(""), id: "" } },
    { ...play("ann", 1), track: { ...track("1"), title: "x".repeat(70_000) } },
  ];
  for (const one of plays) {
    const [report] = await place.scrobblers.scrobble(one);
    equal(report?.error?.code, "scrobbles.invalid", JSON.stringify(one).slice(0, 100));
  }
});

Deno.test("a removed plugin's plays are dropped when they are to be forgotten, and no others", async () => {
  const plugins = ["p", "q"].map((id) => scrobbler(id, fails("scrobbler(retry_later)")));
  await using place = new Place(...plugins);
  await place.scrobblers.scrobble(play("ann", 1));
  await settle();
  place.plugins.shift();
  place.scrobblers.forget("p");
  equal(place.counters("p")?.waiting, 0);
  equal(place.counters("q")?.waiting, 1);
  place.absent.push("p");
  deepStrictEqual((await place.scrobblers.scrobble(play("ann", 2))).map(({ plugin }) => plugin), [
    "q",
  ]);
});

Deno.test("four users' plays are sent at once, and every user gets a turn", async () => {
  const held = new Held();
  const plugin = scrobbler("p", held.wait);
  await using place = new Place(plugin);
  const users = ["a", "b", "c", "d", "e", "f"];
  for (const user of users) {
    for (const time of [1, 2]) await place.scrobblers.scrobble(play(user, time));
  }
  await settle();
  equal(held.count, 4);
  for (let calls = 0; calls < 12; calls++) {
    held.answer("");
    await settle();
    ok(held.count <= 4);
  }
  for (const user of users) deepStrictEqual(sent(plugin, user), [1, 2], user);
});

Deno.test("all scrobblers are told what plays now and what players do, and say what came of it", async () => {
  const plugins = [
    scrobbler("a", () => undefined, {
      nd_scrobbler_now_playing: fails("scrobbler(retry_later)"),
      nd_scrobbler_playback_report: () => undefined,
    }),
    scrobbler("b", () => undefined, { nd_scrobbler_now_playing: () => undefined }),
  ];
  await using place = new Place(...plugins);
  const playing = await place.scrobblers.nowPlaying({ ...play("ann", 1), position: 3 });
  deepStrictEqual(playing.map(({ plugin, kind }) => [plugin, kind]), [
    ["a", "retry_later"],
    ["b", "done"],
  ]);
  const reports = await place.scrobblers.playbackReport({
    ...play("ann", 1),
    state: "stopped",
    positionMs: 1,
    playbackRate: 1,
    playerId: "x",
    playerName: "X",
  });
  deepStrictEqual(reports.map(({ kind }) => kind), ["done", "done"]);
});
