/**
 * Callers that ask a plugin all the time, and judge every answer.
 *
 * @module
 */

import type { PluginHost } from "../../src/host/mod.ts";
import { type Answered, moment, type PluginHistory } from "./reload_history.ts";

/** What a caller asks for, in this order, again and again. */
const QUESTIONS = [
  "plain",
  "kvstore_set",
  "kvstore_get",
  "spin",
  "cache_setstring",
  "cache_getstring",
  "plain",
  "task_enqueue",
] as const;

/** What a caller leaves between two calls. Milliseconds. */
const PAUSE_MS = 20;

/** What a call may be told where its plugin is ended. */
const AWAY = new Set(["plugin.not_running", "pool.closed", "guest.lost"]);

/** Durations are counted in steps of 0.1 ms up to 10 s. */
const STEP_MS = 0.1;
const STEPS = 100_000;

/** Most tasks of a plugin. */
const TASKS = 1 << 17;

/** What became of all calls. It takes no memory for any one of them. */
export class Witness {
  readonly counts: Record<Answered | "away", number> = {
    before: 0,
    after: 0,
    either: 0,
    steady: 0,
    away: 0,
  };
  /** The first few things that were not as they have to be. */
  readonly surprises: string[] = [];
  readonly #durations = new Uint32Array(STEPS);

  get calls(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  surprise(text: string): void {
    if (this.surprises.length < 20) this.surprises.push(text);
  }

  took(ms: number): void {
    const step = Math.min(STEPS - 1, Math.floor(ms / STEP_MS));
    this.#durations[step] = (this.#durations[step] ?? 0) + 1;
  }

  /** How long the fastest calls took, so many parts of all. Milliseconds. */
  quantile(part: number): number {
    const total = this.#durations.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    const step = this.#durations.findIndex((count) => (seen += count) >= part * total);
    return Math.round((step + 1) * STEP_MS * 10) / 10;
  }
}

/** A plugin that is called while it is reloaded. */
export class CalledPlugin {
  /** Times it was told that it is loaded. */
  loads = 0;
  #tasks = 0;
  /** Whether a task was enqueued for sure, and how often it has run, by its number: memory that does not grow. */
  readonly #enqueued = new Uint8Array(TASKS);
  readonly #ran = new Uint8Array(TASKS);

  constructor(
    readonly host: PluginHost,
    readonly id: string,
    readonly history: PluginHistory,
    readonly witness: Witness,
  ) {}

  /** Takes a line that it has logged. */
  logged(line: string): void {
    if (line === "loaded") return void this.loads++;
    const { payload } = JSON.parse(line);
    const task = Number(atob(payload));
    this.#ran[task] = (this.#ran[task] ?? 0) + 1;
  }

  /** How many tasks that were enqueued for sure have run once, more often, and not at all. */
  get tasks(): { once: number; again: number; never: number } {
    const tasks = { once: 0, again: 0, never: 0 };
    for (const [task, ran] of this.#ran.subarray(0, this.#tasks).entries()) {
      if (ran > 1) tasks.again++;
      else if (ran === 1) tasks.once++;
      else if (this.#enqueued[task] === 1) tasks.never++;
    }
    return tasks;
  }

  /**
   * Calls it until it is told to stop.
   *
   * @param holds Whether to hold what the host gave of it first, or to ask the host each time.
   */
  async callOn(who: string, holds: boolean, stop: AbortSignal): Promise<void> {
    const held = this.host.plugin(this.id);
    const key = `of ${who}`;
    let [stored, cached]: (string | undefined)[] = [];
    for (let turn = 0; !stop.aborted; turn++) {
      const name = QUESTIONS[turn % QUESTIONS.length] ?? "plain";
      const text = `${who} ${turn}`;
      const task = this.#tasks;
      if (name === "task_enqueue") this.#tasks++;
      const request = {
        kvstore_set: { key, value: btoa(text) },
        cache_setstring: { key, value: text, ttlSeconds: 600 },
        task_enqueue: { queueName: "q", payload: btoa(String(task)) },
      }[name as string] ?? { key };
      const answer = await this.#ask(
        (input) => holds ? held.call(name, input) : this.host.call(this.id, name, input),
        request,
      );
      const { value, error } = answer ?? {};
      // A cache is emptied by a reload; a store is not.
      const wanted = { kvstore_get: stored && btoa(stored), cache_getstring: value && cached }[
        name as string
      ];
      const isDone = answer !== undefined && error === undefined;
      if (isDone && wanted !== undefined && value !== wanted) {
        this.#surprise(`${name} gave ${JSON.stringify(answer)}, not ${wanted}`);
      }
      if (name === "kvstore_set") stored = isDone ? text : undefined;
      if (name === "cache_setstring") cached = isDone ? text : undefined;
      if (name === "task_enqueue" && isDone) this.#enqueued[task] = 1;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  /** Makes a call and judges its answer; gives what the host function answered, nothing where the plugin was away. */
  async #ask(
    call: (input: Uint8Array) => Promise<Uint8Array>,
    request: object,
  ): Promise<{ value?: string; error?: string } | undefined> {
    const { history, witness } = this;
    const [from, latest, startedAt] = [moment(), history.latest, performance.now()];
    let text: string;
    try {
      const input = new TextEncoder().encode(JSON.stringify(request));
      text = new TextDecoder().decode(await call(input));
    } catch (thrown) {
      const { code = "", message } = thrown as Error & { code?: string };
      if (history.wasAway(from) && AWAY.has(code)) witness.counts.away++;
      else this.#surprise(`${code} ${message}`);
      return undefined;
    }
    witness.took(performance.now() - startedAt);
    const [version, set, file, hostSet, hostFile, answer = "{}"] = text.split("\n");
    const answered = history.answered(`${version}\n${set}\n${file}`, from, latest);
    if (answered === undefined) this.#surprise(`answered by none that was there: ${text}`);
    else witness.counts[answered]++;
    if (hostFile !== undefined) {
      const known = [hostSet, hostFile].map((json) => JSON.parse(json ?? "").value ?? "");
      if (known[0] !== set || known[1] !== file) this.#surprise(`a mixture: ${text}`);
    }
    const given = JSON.parse(answer || "{}");
    if (given.error !== undefined && !history.wasAway(from)) this.#surprise(text);
    return given;
  }

  #surprise(text: string): void {
    this.witness.surprise(`${this.id}, ${JSON.stringify([this.history.now, text])}`);
  }
}
