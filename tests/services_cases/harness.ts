/** A fake clock, services with everything faked, and the player of cases. @module */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { HostServices, type HostServicesOptions } from "../../src/services/mod.ts";
import type { Clock } from "../../src/services/mod.ts";
import type { Case } from "./case.ts";

/** Time that moves only when told to. Begins on 2026-01-01T00:00:00Z. */
export class FakeClock implements Clock {
  #now = 0;
  /** The wall clock: what `set` moves, and timers do not see. */
  #wall = Date.UTC(2026, 0, 1);
  #timers = new Set<{ due: number; callback: () => void }>();

  now(): number {
    return this.#wall + this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves on, firing what falls due in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (true) {
      let next: { due: number; callback: () => void } | undefined;
      for (const timer of this.#timers) if (!next || timer.due < next.due) next = timer;
      if (next === undefined || next.due > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  /** Sets the wall clock, which timers do not see: as after a sleep, or by hand. */
  set(ms: number): void {
    this.#wall = ms - this.#now;
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** What a bench can be given; the rest is faked. */
export type BenchOptions = Partial<Omit<HostServicesOptions, "clock">> & { clock?: FakeClock };

/** Services of one plugin with a fake clock and a folder of their own, removed at the end. */
export class Bench implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly services: HostServices;
  readonly logs: string[] = [];
  /** What the plugin was called with: export name and decoded input. */
  readonly calls: { readonly name: string; readonly input: unknown }[] = [];
  /** Answers the plugin's exports; the output is JSON text. */
  guest: (name: string, input: unknown, signal?: AbortSignal) => unknown = () => "";
  readonly #folder: string;
  readonly #ownsFolder: boolean;

  constructor(options: BenchOptions = {}) {
    Deno.mkdirSync("tests/.tmp", { recursive: true });
    this.clock = options.clock ?? new FakeClock();
    this.#ownsFolder = options.dataFolder === undefined;
    this.#folder = options.dataFolder ?? Deno.makeTempDirSync({ dir: "tests/.tmp" });
    try {
      this.services = HostServices.open({
        pluginId: "plugin",
        permissions: {},
        config: new Map(),
        exports: new Set(["nd_scheduler_callback", "nd_task_execute"]),
        log: (level, text) => this.logs.push(`${level} ${text}`),
        callGuest: async (name, input, signal) => {
          const decoded = JSON.parse(new TextDecoder().decode(input));
          this.calls.push({ name, input: decoded });
          const output = await Promise.race([this.guest(name, decoded, signal), cutOff(signal)]);
          return new TextEncoder().encode(typeof output === "string" ? output : "");
        },
        ...options,
        dataFolder: this.#folder + "/data",
        clock: this.clock,
      });
    } catch (error) {
      this.#removeFolder();
      throw error;
    }
  }

  /** Calls a host function and gives the answer's text. */
  async text(name: string, request: unknown, signal?: AbortSignal): Promise<string> {
    const body = typeof request === "string" ? request : JSON.stringify(request);
    const answer = await this.services.call(
      name,
      new TextEncoder().encode(body),
      signal ?? new AbortController().signal,
    );
    return new TextDecoder().decode(answer);
  }

  /** Calls a host function and gives the answer's value. */
  async call(
    name: string,
    request: unknown,
    signal?: AbortSignal,
    // deno-lint-ignore no-explicit-any
  ): Promise<any> {
    return JSON.parse(await this.text(name, request, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.services.close();
    this.#removeFolder();
  }

  #removeFolder(): void {
    if (this.#ownsFolder) Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Rejects when the signal ends: a cell cuts its guest off. */
function cutOff(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) =>
    signal?.addEventListener("abort", () => reject(new Error("context canceled")))
  );
}

/** Plays the steps of a case. */
export async function play(bench: Bench, steps: Case["steps"]): Promise<void> {
  for (const step of steps) {
    if ("advanceMs" in step) {
      await bench.clock.advance(step.advanceMs);
      continue;
    }
    const text = await bench.text(step.call, step.request);
    if ("errorContains" in step) {
      const answer = JSON.parse(text);
      deepStrictEqual(Object.keys(answer), ["error"], `${step.call} answers an error: ${text}`);
      ok(
        answer.error.includes(step.errorContains),
        `${step.call}: "${answer.error}" contains "${step.errorContains}"`,
      );
    } else if (typeof step.response === "string") strictEqual(text, step.response);
    else deepStrictEqual(JSON.parse(text), step.response, `${step.call}: ${text}`);
  }
}

/** Makes one test of each case. */
export function testCases(cases: readonly Case[], options?: BenchOptions): void {
  for (const { name, permissions, config, users, libraries, steps } of cases) {
    Deno.test(name, async () => {
      await using bench = new Bench({
        ...options,
        permissions,
        config: new Map(Object.entries(config ?? {})),
        ...(users && { users }),
        ...(libraries && { libraries }),
      });
      await play(bench, steps);
    });
  }
}
