/**
 * The measurements of the benchmarks, each through the whole path from {@link PluginHost} on.
 *
 * @module
 */

import { type PluginHost, PluginHost as Host, type SomeLimits } from "../../src/host/mod.ts";
import { type BenchPlugin, dataFolder, unseen } from "./bench_data.ts";

/** What a benchmark asks of every guest. */
export const REQUEST = new TextEncoder().encode(`{"id":"1","name":"Nina Simone"}`);
/** The export that is called. */
export const EXPORT = "nd_get_artist_biography";
/** Times in milliseconds, in ascending order. */
export type Times = readonly number[];

/** The time that a share of all times does not pass. */
export function percentile(times: Times, share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
}

async function timed(
  times: number,
  run: () => Promise<unknown>,
  pause = async () => {},
): Promise<Times> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    await pause();
    const start = performance.now();
    await run();
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b);
}

const sleep = (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms));

/** Opens a host on one plugin, hands it over and closes it. */
export async function withHost<T>(
  plugin: BenchPlugin,
  limits: SomeLimits,
  use: (host: PluginHost) => Promise<T>,
): Promise<T> {
  using data = await dataFolder([plugin]);
  await using host = await Host.open({ dataDir: data.path, limits });
  return await use(host);
}

/** From a file nobody has read to the first answer: host opened, module admitted, compiled, cell started. */
export async function coldLoad(plugin: BenchPlugin, times: number): Promise<Times> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    using data = await dataFolder([{ ...plugin, wasm: unseen(plugin.wasm) }]);
    const start = performance.now();
    await using host = await Host.open({ dataDir: data.path });
    await host.plugin(plugin.id).call(EXPORT, REQUEST);
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b);
}

/** Calls one after the other, with time to think between them or without. */
export async function calls(
  host: PluginHost,
  id: string,
  times: number,
  thinkMs = 0,
): Promise<Times> {
  const call = () => host.plugin(id).call(EXPORT, REQUEST);
  const pause = thinkMs === 0 ? async () => {} : () => sleep(thinkMs);
  await timed(20, call, pause);
  return await timed(times, call, pause);
}

/** Host calls that the host answers from memory, the guest's own part included. Milliseconds each. */
export async function hostCalls(
  host: PluginHost,
  { id, older = false }: BenchPlugin,
  times: number,
): Promise<Times> {
  const perCall = 200;
  if (!older) return await eachHostCall(host, id, times, perCall, String(perCall));
  // Of that generation nothing but capabilities can be called.
  const request = `{"id":"1","name":"Nina Simone","limit":${perCall}}`;
  return await eachHostCall(host, id, times, perCall, request, "nd_get_similar_artists");
}

/** The same of a guest that makes so many with its input as the request. */
export async function eachHostCall(
  host: PluginHost,
  id: string,
  times: number,
  perCall: number,
  text: string,
  name = "host_calls",
): Promise<Times> {
  const input = new TextEncoder().encode(text);
  const taken = await timed(times, () => host.plugin(id).call(name, input));
  return taken.map((ms) => ms / perCall);
}

/** How long after its deadline a call that loops was ended. */
export async function overruns(
  host: PluginHost,
  { id, older = false }: BenchPlugin,
  times: number,
): Promise<Times> {
  const timeoutMs = 100;
  const name = older ? "nd_get_artist_mbid" : "loop_forever";
  const input = new TextEncoder().encode(older ? `{"id":"1","name":"!loop"}` : "");
  const taken = await timed(times, async () => {
    const ended = await host.plugin(id).call(name, input, { timeoutMs })
      .then(() => "answer", (error) => error.code);
    if (ended !== "guest.deadline") throw new Error(`A loop ended with ${ended}`);
  });
  return taken.map((ms) => ms - timeoutMs);
}
