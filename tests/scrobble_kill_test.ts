import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { kill } from "./support/kill.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { measured } from "./support/promises.ts";
import { randomOf } from "./support/random.ts";
import { scrobbleGuest } from "./support/scrobble_guest.ts";

/** `deno test … -- --plays=10000 --kills=25` for the long run. */
const given = (name: string, otherwise: number): number =>
  Number(new RegExp(`--${name}=(\\d+)`).exec(Deno.args.join(" "))?.[1] ?? otherwise);
const USERS = ["ann", "bob", "cai", "dee", "eve"];
const PLAYS = Math.ceil(given("plays", 600) / USERS.length);
const KILLS = given("kills", 3);
const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";

/** All that the processes told, one after another. */
class Story {
  /** By user: the plays that the plugin took, in order. */
  readonly sent = new Map<string, number[]>(USERS.map((user) => [user, []]));
  /** By user: how many plays were acknowledged. */
  readonly queued = new Map(USERS.map((user) => [user, 0]));
  /** Plays that were put aside and queued again. */
  readonly requeued = new Set<string>();
  reloads = 0;
  kills = 0;
  isDone = false;
  /** Possible duplicates, as the processes counted them. */
  repeated = 0;
  #repeatedNow = 0;

  hear(line: string): void {
    const [word, user = "", time = "", repeated = ""] = line.split(" ");
    if (word === "sent") {
      this.sent.get(user)?.push(Number(time));
      this.repeated += Number(repeated) - this.#repeatedNow;
      this.#repeatedNow = Number(repeated);
    } else if (word === "queued") this.queued.set(user, Number(time) + 1);
    else if (word === "requeued") this.requeued.add(`${user} ${time}`);
    else if (word === "reloaded") this.reloads++;
    else if (word === "done") this.isDone = true;
  }

  /** The next process counts from 0. */
  killed(): void {
    this.kills++;
    this.#repeatedNow = 0;
  }
}

/** Runs a process until it has told so many lines, then kills it; to its end where it is not to be killed. */
async function live(dataDir: string, story: Story, lines: number): Promise<void> {
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--no-check", "--v8-flags=--liftoff-only"],
      ...["--allow-read", "--allow-write=tests/.tmp", "tests/support/scrobble_child.ts"],
      ...[dataDir, String(PLAYS), JSON.stringify(Object.fromEntries(story.queued))],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let rest = "";
  let heard = 0;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    // All that it wrote counts, whether before or after it was told to die; a torn line does not.
    const [last = "", ...whole] = (rest + chunk).split("\n").reverse();
    rest = last;
    for (const line of whole.reverse()) story.hear(line);
    heard += whole.length;
    if (heard >= lines && !story.isDone) kill(child, "SIGKILL");
  }
  const { signal, code } = await child.status;
  if (signal === "SIGKILL") story.killed();
  else equal(code, 0);
}

Deno.test({
  name:
    "of plays whose plugin fails at random, is loaded anew and killed with its process, none is lost, " +
    "each user's arrive in order, and what arrives twice is counted and within the promise",
  ignore: !mayRun,
  async fn() {
    using data = new TestData();
    data.folder("p", {
      manifest: { ...PLAIN_MANIFEST, permissions: { users: {} } },
      guest: scrobbleGuest(64, 1),
    });
    const story = new Story();
    const random = randomOf(7);
    const share = Math.ceil(2 * PLAYS * USERS.length / (KILLS + 1));
    for (let run = 0; run < KILLS && !story.isDone; run++) {
      await live(data.path, story, 20 + Math.floor(share / 2) + random(share));
    }
    while (!story.isDone) await live(data.path, story, Infinity);

    const all = Array.from({ length: PLAYS }, (_, time) => time);
    let duplicates = 0;
    for (const [user, sent] of story.sent) {
      const first = [...new Set(sent)];
      deepStrictEqual([...first].sort((a, b) => a - b), all, `all plays of ${user} arrived`);
      const inTurn = first.filter((time) => !story.requeued.has(`${user} ${time}`));
      deepStrictEqual(inTurn, [...inTurn].sort((a, b) => a - b), `plays of ${user} are in order`);
      duplicates += sent.length - first.length;
    }
    const interruptions = story.kills + story.reloads;
    ok(story.kills > 0 && story.reloads > 0);
    ok(duplicates <= story.repeated, `${duplicates} arrived twice, ${story.repeated} were counted`);
    ok(story.repeated <= interruptions * USERS.length);
    measured(
      `${PLAYS * USERS.length} plays, ${story.kills} kills, ${story.reloads} reloads: 0 lost, ` +
        `${duplicates} twice, ${story.repeated} counted as possibly so, ${story.requeued.size} put aside`,
    );
  },
});
