/**
 * A music server that hands plays to a host, loads its plugin anew now and then, and tells each step on a
 * line of its own, until it is done or killed. Started by `scrobble_kill_test.ts`: arguments are the data
 * folder, the number of plays of each user, and the plays of each user that were acknowledged before.
 *
 * @module
 */

import { PluginHost } from "../../src/host/mod.ts";
import { type Clock, memoryMusicServer } from "../../src/services/mod.ts";

const [dataDir = "", plays = "0", acknowledged = "{}"] = Deno.args;
/** Plays between two reloads of the plugin. */
const RELOAD_EVERY = 97;

/** Time that leaps over every wait. */
class LeapingClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  now = (): number => this.#now;
  after(delayMs: number, callback: () => void): () => void {
    const due = this.#now + delayMs;
    const timer = setTimeout(() => {
      this.#now = Math.max(this.#now, due);
      callback();
    });
    return () => clearTimeout(timer);
  }
}

const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const host = await PluginHost.open({
  dataDir,
  clock: new LeapingClock(),
  musicServer: memoryMusicServer(),
  log({ plugin, message }) {
    if (plugin !== "p" || !message.startsWith("{")) return;
    const { username, timestamp } = JSON.parse(message);
    say(`sent ${username} ${timestamp} ${host?.scrobblers.counters.get("p")?.repeated ?? 0}`);
  },
});
if (host.info("p").state !== "running") await host.enable("p", { users: "all" });

let count = 0;
let reloading = Promise.resolve();
async function reload(): Promise<void> {
  await host.disable("p");
  say("reloaded");
  await host.enable("p");
}

async function listen(username: string, from: number): Promise<void> {
  for (let time = from; time < Number(plays); time++) {
    const track = { id: `t${time}`, libraryId: 1, title: `Track ${time}`, artist: "Artist" };
    // While the plugin is loaded anew it is disabled for a moment, and then gets no plays: ask again.
    for (let kind = ""; kind !== "queued" && kind !== "known";) {
      const [report] = await host.scrobblers.scrobble({ username, track, timestamp: time });
      kind = report?.kind ?? "";
      if (kind === "") await new Promise((done) => setTimeout(done, 1));
      if (kind === "skipped" || kind === "refused") throw new Error(`${kind}: ${report?.error}`);
    }
    say(`queued ${username} ${time}`);
    if (++count % RELOAD_EVERY === 0) reloading = reloading.then(reload);
  }
}

const progress: Readonly<Record<string, number>> = JSON.parse(acknowledged);
await Promise.all(Object.entries(progress).map(([username, from]) => listen(username, from)));
await reloading;

for (;;) {
  const { waiting = 0 } = host.scrobblers.counters.get("p") ?? {};
  const failed = host.scrobblers.failed({ limit: 1_000 });
  if (waiting === 0 && failed.length === 0) break;
  if (waiting === 0) {
    for (const { id, username, timestamp } of failed) {
      say(`requeued ${username} ${timestamp}`);
      host.scrobblers.requeue(id);
    }
  }
  await new Promise((done) => setTimeout(done, 5));
}
say("done");
await host.close();
