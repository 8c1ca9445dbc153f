/**
 * A host with all examples and with guests that misbehave, and one round of everything that can be asked of it.
 *
 * @module
 */

import { MetadataAgent } from "../../src/capabilities/mod.ts";
import type { LogEntry, PluginHost } from "../../src/host/mod.ts";
import { memoryMusicServer } from "../../src/services/mod.ts";
import { TestData } from "./plugins_folder.ts";
import { becomesTrue } from "./promises.ts";
import type { PublicSites } from "./public_sites.ts";
import { helloOf, layOut } from "./soak_guests.ts";
import { INSIDE, MOVED, type SiteCounters, soakSites } from "./soak_sites.ts";
import { mbid } from "./wikimedia.ts";

/** Where the clock of plays begins. Seconds since the Unix epoch. */
const EPOCH = 1_700_000_000;

/** A call that never ends by itself is ended after this. Milliseconds. */
const LOOP_MS = 100;

/** What is kept of a host that has nothing to do. Milliseconds. */
const IDLE_MS = 800;

/** How long a host may take to come to rest. Milliseconds. */
const REST_MS = 20_000;

/** Log entries after which the host's record of them is full. */
const FULL_LOG = 20_000;

const USERS = ["ann", "bob"] as const;

const CONFIG = {
  "discord-rich-presence": {
    clientid: "1234",
    users: USERS.map((username) => ({ username, token: `discord of ${username}` })),
  },
  listenbrainz: { users: USERS.map((username) => ({ username, token: `token of ${username}` })) },
  webhook: { url: "https://hook.soak.example/plays", nowPlaying: true },
};

const NONE = new Uint8Array();

/** What came of the questions of one kind. */
export interface Outcomes {
  /** Answered as they have to be. */
  expected: number;
  /** Asked of a plugin that was being loaded anew. */
  away: number;
  /** Answered in any other way. */
  unexpected: number;
}

/** What a call of a plugin that is disabled, or was while the call ran, may be told. */
const AWAY = ["plugin.not_running", "pool.closed", "guest.lost", "context canceled"];

/** The host, and what was asked of it. */
export class Soak implements AsyncDisposable {
  readonly data = new TestData();
  readonly outcomes = new Map<string, Outcomes>();
  /** The first few answers that were not expected. */
  readonly surprises: string[] = [];
  readonly sites: SiteCounters = { listens: 0, hooks: 0, frames: 0 };
  /** Log entries so far; none is kept. */
  logged = 0;
  /** Times a schedule or a task called back. */
  callbacks = 0;
  /** Rounds so far. */
  rounds = 0;
  /** Reloads so far. */
  reloads = 0;
  /** Plays that were queued, over all plugins. */
  queued = 0;
  #ids: readonly string[] = [];
  /** Two versions of the same plugin, each in turn put in the other's place. */
  #versions: readonly Uint8Array<ArrayBuffer>[] = [];
  /** Whether a plugin is disabled in this round. */
  #disables = false;
  #host: PluginHost | undefined;
  #sites: PublicSites | undefined;

  /** Opens the host, with every plugin enabled. */
  static async open(): Promise<Soak> {
    const soak = new Soak();
    await layOut(soak.data);
    soak.#versions = await Promise.all(["1.0.1", "1.0.2"].map((version) => helloOf(version)));
    soak.#sites = await soakSites(soak.sites);
    soak.#host = await soak.data.open({
      config: JSON.parse(JSON.stringify(CONFIG)),
      network: {
        ...soak.#network(),
        gateLimits: { idleMs: IDLE_MS, requestsPerMinute: 1e6 },
        gatewayLimits: { connectsPerMinute: 1e6 },
      },
      limits: { pool: { cells: 2, idleMs: IDLE_MS } },
      pluginLimits: { memoryBytes: 16 * 1024 * 1024 },
      musicServer: memoryMusicServer({
        baseUrl: "https://music.example.com",
        users: USERS.map((userName) => ({ userName, name: userName, isAdmin: false })),
        libraries: [{ id: 1, name: "Music", totalSongs: 100 }],
      }),
      log: (entry) => soak.#hear(entry),
    });
    soak.#ids = soak.host.list().map(({ id }) => id);
    for (const id of soak.#ids) await soak.#enable(id);
    await soak.#ask("services", "task_createqueue", { name: "q", config: {} });
    // What is kept in memory of the log is bounded: once it is full, nothing of it hides what is not.
    while (soak.logged < FULL_LOG) await soak.#ask("wild", "flood");
    return soak;
  }

  get host(): PluginHost {
    if (this.#host === undefined) throw new Error("the host is not open");
    return this.#host;
  }

  /** Asks for everything at once, while a plugin is loaded anew in every fourth round. */
  async round(): Promise<void> {
    const turn = this.rounds++;
    const reloads = turn % 4 === 3;
    this.#disables = reloads && this.reloads % 4 === 3;
    const { metadata, lyrics } = this.host;
    const artist = { id: "1", name: "Björk", mbid: mbid("1") };
    const user = USERS[turn % USERS.length] ?? "ann";
    await Promise.all([
      ...reloads ? [this.#reload()] : [],
      this.#found("biography", metadata.artistBiography(artist)),
      this.#found("address", metadata.artistUrl(artist)),
      this.#found("pictures", metadata.artistImages(artist)),
      this.#found("id", metadata.artistMbid({ id: "2", name: "Nina Simone" })),
      this.#found("older id", this.#older()),
      this.#found("lyrics", lyrics.ofTrack(trackOf(turn))),
      this.#answers("statistics", this.#ask("library-stats", "library_stats")),
      ...this.#plays(turn, user),
      ...this.#services(turn),
      ...this.#misbehaviour(),
      ...turn % 4 === 1 ? [this.#answers("flood", this.#ask("wild", "flood"))] : [],
    ]);
    if (this.#sites !== undefined) this.#sites.asked.length = 0;
  }

  /** Waits until nothing runs: no cell, no gate, no presence, no play that waits. */
  async rest(): Promise<void> {
    await becomesTrue(() => this.waiting === 0, REST_MS);
    await this.host.disable("discord-rich-presence");
    await becomesTrue(() => this.cells === 0, REST_MS);
    await new Promise((done) => setTimeout(done, 2 * IDLE_MS)); // gates, and sockets that say goodbye
  }

  /** Goes on after {@link Soak.rest}. */
  async wake(): Promise<void> {
    await this.#enable("discord-rich-presence");
  }

  /** Plays that wait, over all plugins. */
  get waiting(): number {
    return [...this.host.scrobblers.counters.values()]
      .reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Cells alive, of all plugins. */
  get cells(): number {
    return this.host.list().reduce((sum, { cells }) => sum + cells, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.close();
    await this.#sites?.[Symbol.asyncDispose]();
    this.data[Symbol.dispose]();
  }

  #plays(turn: number, username: string): Promise<void>[] {
    const { scrobblers } = this.host;
    const track = trackOf(turn);
    const queued = async () => {
      const reports = await scrobblers.scrobble({ username, track, timestamp: EPOCH + turn });
      for (const { kind } of reports) if (kind === "queued") this.queued++;
      return reports.filter(({ kind }) => kind !== "queued");
    };
    const told = async () => {
      const reports = await scrobblers.nowPlaying({ username, track, position: 0 });
      return reports.filter(({ kind }) => kind !== "done" && kind !== "skipped");
    };
    return [this.#none("scrobble", queued()), this.#none("now playing", told())];
  }

  #services(turn: number): Promise<void>[] {
    const key = `k${turn % 50}`;
    const value = btoa("x".repeat(1_000));
    return [
      this.#answers("store", this.#ask("services", "kvstore_set", { key, value })),
      this.#answers("store", this.#ask("services", "kvstore_get", { key })),
      this.#answers(
        "cache",
        this.#ask("services", "cache_setstring", { key, value, ttlSeconds: 60 }),
      ),
      this.#answers(
        "schedule",
        this.#ask("services", "scheduler_scheduleonetime", {
          scheduleId: key,
          payload: "p",
          delaySeconds: 0,
        }),
      ),
      this.#answers(
        "task",
        this.#ask("services", "task_enqueue", { queueName: "q", payload: "AA==" }),
      ),
    ];
  }

  #misbehaviour(): Promise<void>[] {
    const reach = (url: string) => this.#ask("reach", "get", { url });
    return [
      // One whose cell does not come back from the deadline in time, on a busy machine, is lost with it.
      this.#refused("loop", this.#ask("wild", "loop", {}, LOOP_MS), "guest.deadline", "guest.lost"),
      this.#refused("grow", this.#ask("wild", "grow"), "guest.trap"),
      this.#refused("trap", this.#ask("wild", "trap"), "guest.trap"),
      this.#refused("fail", this.#ask("wild", "fail"), "guest.error"),
      this.#refused("undeclared host", reach("https://elsewhere.example/"), "guest.trap"),
      this.#refused("private address", reach(`https://${INSIDE}/`), "guest.trap"),
      this.#refused("redirect", reach(`https://${MOVED}/`), "guest.trap"),
    ];
  }

  /** Loads a plugin anew, each time another one in another way. Only one that is disabled may be away meanwhile. */
  async #reload(): Promise<void> {
    const turn = this.reloads++;
    const id = this.#ids[turn % this.#ids.length] ?? "";
    const way = turn % 4;
    if (way === 0) await this.host.refresh(id);
    else if (way === 1) await this.host.setConfig("wikimedia", { contact: `turn ${turn}` });
    else if (way === 2) await this.host.update("hello", this.#versions[turn % 8 >> 2] ?? NONE);
    else {
      await this.host.disable(id);
      await this.#enable(id);
    }
    if (id === "services") await this.#ask(id, "task_createqueue", { name: "q", config: {} });
  }

  async #older() {
    return await new MetadataAgent(this.host.plugin("older")).artistMbid({ id: "1", name: "n" });
  }

  async #enable(id: string): Promise<void> {
    const { permissions = {} } = this.host.info(id).manifest ?? {};
    await this.host.enable(id, {
      ...(permissions.users && { users: "all" as const }),
      ...(permissions.library && { libraries: "all" as const }),
    });
  }

  async #ask(id: string, name: string, request: unknown = {}, timeoutMs = 10_000): Promise<string> {
    const input = new TextEncoder().encode(JSON.stringify(request));
    return new TextDecoder().decode(await this.host.plugin(id).call(name, input, { timeoutMs }));
  }

  #found(what: string, answer: Promise<{ readonly kind: string }>): Promise<void> {
    return this.#judge(what, answer, ({ kind }) => kind === "found");
  }

  #none(what: string, faults: Promise<readonly unknown[]>): Promise<void> {
    return this.#judge(what, faults, ({ length }) => length === 0);
  }

  #answers(what: string, answer: Promise<string>): Promise<void> {
    return this.#judge(what, answer, (text) => !text.startsWith('{"error"'));
  }

  #refused(what: string, answer: Promise<string>, ...codes: string[]): Promise<void> {
    const told = answer.then(
      (text) => `answered with ${text}`,
      ({ code, message }) => codes.includes(code) ? "" : `${code}: ${message}`,
    );
    return this.#judge(what, told, (text) => text === "");
  }

  async #judge<T>(what: string, answer: Promise<T>, isExpected: (answer: T) => boolean) {
    const count = this.outcomes.get(what) ?? { expected: 0, away: 0, unexpected: 0 };
    this.outcomes.set(what, count);
    let told: string;
    try {
      const given = await answer;
      if (isExpected(given)) return void count.expected++;
      told = JSON.stringify(given);
    } catch (thrown) {
      const { code = "", message } = thrown as Error & { code?: string };
      told = `${code} ${message}`;
    }
    if (this.#disables && AWAY.some((code) => told.includes(code))) count.away++;
    else this.#surprise(what, count, told.slice(0, 300));
  }

  #surprise(what: string, count: Outcomes, text: string): void {
    count.unexpected++;
    if (this.surprises.length < 20) this.surprises.push(`${what}: ${text}`);
  }

  #hear({ plugin, message }: LogEntry): void {
    this.logged++;
    if (plugin === "services" && message.startsWith("{")) this.callbacks++;
  }

  #network() {
    const { network } = this.#sites ?? {};
    return {
      ...network,
      resolver: {
        resolve: async (name: string, signal: AbortSignal) =>
          name === INSIDE ? ["10.0.0.1"] : await network?.resolver?.resolve(name, signal) ?? [],
      },
    };
  }
}

function trackOf(turn: number) {
  const participants = ["artist", "albumartist"].map((role) => ({ role, id: "a", name: "Björk" }));
  return {
    id: `t${turn % 20}`,
    libraryId: 1,
    title: `Hyperballad ${turn % 20}`,
    album: "Post",
    artist: "Björk",
    albumArtist: "Björk",
    participants,
    duration: 600,
  };
}
