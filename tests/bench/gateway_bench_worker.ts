/** The client of `gateway_bench.ts`: a worker that fetches, directly or through a gateway. */

/** What to fetch, and how. */
export interface Work {
  readonly url: string;
  readonly proxy?: { readonly port: number; readonly username: string; readonly password: string };
  readonly requests: number;
  readonly inFlight: number;
}

/** What was measured. */
export interface Measured {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

async function measure({ url, proxy, requests, inFlight }: Work): Promise<Measured> {
  const client = Deno.createHttpClient(
    proxy === undefined ? {} : {
      proxy: {
        transport: "socks5",
        url: `socks5h://127.0.0.1:${proxy.port}`,
        basicAuth: { username: proxy.username, password: proxy.password },
      },
    },
  );
  const times: number[] = [];
  const one = async () => {
    const start = performance.now();
    await (await fetch(url, { client })).arrayBuffer();
    times.push(performance.now() - start);
  };
  const many = async (count: number) => {
    let left = count;
    await Promise.all(Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await one();
    }));
  };
  await many(Math.ceil(requests / 4));
  times.length = 0;
  const start = performance.now();
  await many(requests);
  const elapsedMs = performance.now() - start;
  client.close();
  times.sort((one, other) => one - other);
  return {
    perSecond: requests / elapsedMs * 1000,
    medianMs: times[times.length >> 1] ?? 0,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

const scope = self as unknown as Worker;
scope.onmessage = async (event: MessageEvent<Work>) => scope.postMessage(await measure(event.data));
