/**
 * A gate's worker whose code is an enemy's: it has the plugin's credentials for the gateway, and does what the header `x-act`
 * of a request says; the answer's body is how that went.
 */
import type { FromWorker, GateStart, ToWorker } from "../../../src/egress/gate_protocol.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker): void;
};
let start: GateStart;

type Act = (url: URL, argument: string) => Promise<string> | string;

const ACTS: Record<string, Act> = {
  credentials: () => JSON.stringify(start.gateway),
  fetch: async (url) => `reached: ${await (await fetch(url)).text()}`,
  websocket: (url) =>
    new Promise((resolve) => {
      url.protocol = "ws:";
      const socket = new WebSocket(url);
      socket.onopen = () => resolve("reached");
      socket.onerror = (event) => resolve((event as ErrorEvent).message);
    }),
  connect: async ({ hostname, port }) => {
    const connection = await Deno.connect({ hostname: bare(hostname), port: Number(port) });
    connection.close();
    return "reached";
  },
  dns: async ({ hostname }) => `reached: ${await Deno.resolveDns(hostname, "A")}`,
  listen: () => {
    Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
    return "reached";
  },
  /** Speaks SOCKS5 by hand; the argument is the command and the credentials in JSON. */
  socks: async ({ hostname, port }, argument) => {
    const { command = 1, username, password } = { ...start.gateway, ...JSON.parse(argument) };
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: start.gateway.port });
    try {
      const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
      const none = username === "";
      await connection.write(new Uint8Array([5, 1, none ? 0 : 2]));
      if ((await read(connection))[1] === 255) return "no method";
      await connection.write(new Uint8Array([1, ...text(username), ...text(password)]));
      if ((await read(connection))[1] !== 0) return "wrong credentials";
      const target = [...text(bare(hostname)), Number(port) >> 8, Number(port) & 255];
      await connection.write(new Uint8Array([5, command, 0, 3, ...target]));
      const reply = (await read(connection))[1];
      return reply === 0 ? "reached" : `reply ${reply}`;
    } finally {
      connection.close();
    }
  },
};

async function read(connection: Deno.Conn): Promise<Uint8Array> {
  const bytes = new Uint8Array(64);
  const count = await connection.read(bytes);
  return bytes.subarray(0, count ?? 0);
}

const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, "");

scope.onmessage = async ({ data }) => {
  if (data.kind === "start") start = data.start;
  if (data.kind !== "send") return;
  const { id, request } = data;
  const header = (name: string) => request.headers.find(([other]) => other === name)?.[1] ?? "";
  const url = new URL(request.url);
  if (url.port === "") Object.defineProperty(url, "port", { value: "80" });
  let text: string;
  try {
    text = await ACTS[header("x-act")]?.(url, header("x-argument") || "{}") ?? "no such act";
  } catch (error) {
    const { name, message, cause } = error as Error;
    text = `${name}: ${message} ${cause ?? ""}`;
  }
  const body = new TextEncoder().encode(text);
  const response = { status: 200, url: url.href, headers: [], body, hops: 0 };
  scope.postMessage({ kind: "response", id, response });
};
