/**
 * Small HTTP requests through gate and gateway, beside a direct `fetch` from the same kind of worker, in turn in one run.
 *
 *     deno run --allow-read --allow-net=127.0.0.1,localhost tests/bench/gate_bench.ts
 *
 * Prints a table and one line of JSON.
 */
// deno-lint-ignore-file no-console
import { Gate } from "../../src/egress/mod.ts";
import { gateRequest, NEVER } from "../support/gate_fixture.ts";
import { benchGateway } from "./gateway_for_bench.ts";

const WARM_UP = 500;
const REQUESTS = 2_000;
const ROUNDS = 3;

const server = new Worker(new URL("./small_server.ts", import.meta.url), { type: "module" });
const port = await new Promise<number>((resolve) => server.onmessage = ({ data }) => resolve(data));
const url = `http://localhost:${port}/`;

const direct = new Worker(new URL("../support/gate_workers/direct.ts", import.meta.url), {
  type: "module",
  deno: { permissions: { net: [`localhost:${port}`] } },
});
const waiting = new Map<number, () => void>();
direct.onmessage = ({ data }) => waiting.get(data.id)?.();
let lastId = 0;
const sendDirect = () =>
  new Promise<void>((resolve) => {
    const id = ++lastId;
    waiting.set(id, () => {
      waiting.delete(id);
      resolve();
    });
    direct.postMessage({ id, url });
  });

const gateway = await benchGateway();
const limits = { requestsPerMinute: 1e9 };
const rules = { http: { hosts: ["localhost"] } };
const gate = new Gate({ rules, gateway, limits });
const request = gateRequest(url);
const sendThroughGate = async () => void await gate.send(request, NEVER);

interface Row {
  path: string;
  inFlight: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

async function measure(send: () => Promise<void>, inFlight: number, count: number) {
  const times: number[] = [];
  let left = count;
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left-- > 0) {
      const begin = performance.now();
      await send();
      times.push(performance.now() - begin);
    }
  }));
  return { times, ms: performance.now() - start };
}

const rows: Row[] = [];
for (const inFlight of [1, 32]) {
  const paths = { direct: sendDirect, "gate + gateway": sendThroughGate };
  const results = Object.entries(paths).map(([path, send]) => ({
    path,
    send,
    times: [] as number[],
    ms: 0,
  }));
  for (const { send } of results) await measure(send, inFlight, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    for (const result of results) {
      const { times, ms } = await measure(result.send, inFlight, REQUESTS);
      result.times.push(...times);
      result.ms += ms;
    }
  }
  for (const { path, times, ms } of results) {
    times.sort((a, b) => a - b);
    const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(3));
    const perSecond = Math.round(times.length / ms * 1000);
    rows.push({ path, inFlight, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) });
  }
}
console.table(rows);
console.log(JSON.stringify(rows));
await gate.close();
Deno.exit(0);
