/**
 * Requests through the gateway beside direct ones, from one worker in one run.
 *
 * `deno run --allow-read=. --allow-run=deno --allow-net=127.0.0.1 tests/bench/gateway_bench.ts`
 *
 * Prints a table and a line of JSON. Rounds alternate between the two ways; the median round counts.
 */

// deno-lint-ignore-file no-console -- a benchmark prints

import { Gateway } from "../../src/egress/mod.ts";
import type { Measured, Work } from "./gateway_bench_worker.ts";

const ROUNDS = 5;
const MEBIBYTE = 1024 * 1024;

const server = new Deno.Command("deno", {
  args: [
    "run",
    "--allow-net=127.0.0.1",
    `data:application/typescript,${
      encodeURIComponent(`
        const large = new Uint8Array(${MEBIBYTE});
        Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) },
          (request) => new Response(request.url.endsWith("/large") ? large : "hello world"));
      `)
    }`,
  ],
  stdout: "piped",
}).spawn();
const [first = ""] = await Array.fromAsync(firstLine(server.stdout));
const url = `http://127.0.0.1:${Number(first)}`;

async function* firstLine(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    yield text;
    return;
  }
}

const gateway = await Gateway.listen();
const pass = gateway.admit({
  pluginId: "bench",
  allowsHostPort: () => true,
  addresses: { localNetwork: true, named: [] },
  limits: {
    connections: 100,
    bytesUp: Infinity,
    bytesDown: Infinity,
    connectsPerMinute: Infinity,
    idleMs: 60_000,
    totalMs: Infinity,
    handshakeMs: 10_000,
  },
});
const proxy = { port: gateway.port, username: pass.username, password: pass.password };
const worker = new Worker(new URL("./gateway_bench_worker.ts", import.meta.url), {
  type: "module",
  deno: { permissions: { net: ["127.0.0.1"] } },
});
const run = (work: Work) =>
  new Promise<Measured>((done) => {
    worker.onmessage = ({ data }) => done(data);
    worker.postMessage(work);
  });

const CASES = [
  { name: "small, one at a time", path: "/", requests: 2_000, inFlight: 1 },
  { name: "small, 32 in flight", path: "/", requests: 8_000, inFlight: 32 },
  { name: "1 MiB, 8 in flight", path: "/large", requests: 400, inFlight: 8 },
];
const median = (rounds: Measured[], of: keyof Measured) =>
  rounds.map((each) => each[of]).sort((one, other) => one - other)[rounds.length >> 1] ?? 0;

const rows = [];
for (const { name, path, ...work } of CASES) {
  const direct: Measured[] = [];
  const through: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    direct.push(await run({ ...work, url: url + path }));
    through.push(await run({ ...work, url: url + path, proxy }));
  }
  const extraMs = median(through, "medianMs") - median(direct, "medianMs");
  const share = median(through, "perSecond") / median(direct, "perSecond");
  rows.push({
    name,
    directPerSecond: Math.round(median(direct, "perSecond")),
    gatewayPerSecond: Math.round(median(through, "perSecond")),
    share: Number(share.toFixed(2)),
    directMedianMs: Number(median(direct, "medianMs").toFixed(3)),
    extraMedianMs: Number(extraMs.toFixed(3)),
    gatewayP99Ms: Number(median(through, "p99Ms").toFixed(3)),
  });
}
console.table(rows);
console.log(JSON.stringify({ benchmark: "gateway", deno: Deno.version.deno, rows }));
worker.terminate();
await gateway.close();
server.kill();
await server.status;
