/**
 * A process with nothing but a host in it, whose memory the benchmarks want to know: opens the data folder
 * that is its first argument, calls each running plugin as often as its second says, and prints JSON.
 *
 * @module
 */

import { collectGarbage } from "../../src/cell/mod.ts";
import { PluginHost } from "../../src/host/mod.ts";
import { EXPORT, REQUEST } from "./measure.ts";

const [dataDir = "", times = "0"] = Deno.args;
await using host = await PluginHost.open({ dataDir });
collectGarbage(); // as the service does
const running = host.list().filter(({ state }) => state === "running");
let highest = 0;
for (let i = 0; i < Number(times); i++) {
  for (const { id } of running) await host.plugin(id).call(EXPORT, REQUEST);
  if (i % 20 === 0) highest = Math.max(highest, Deno.memoryUsage().rss);
}
await new Promise((wake) => setTimeout(wake, 500));
const { rss } = Deno.memoryUsage();
const report = { plugins: running.length, rss, highest: Math.max(highest, rss) };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
