/** A gate with a relay and a server behind it, for one test. */
import { rejects } from "node:assert/strict";
import { Gate, type GateOptions, type GateRequest, type GateRules } from "../../src/egress/mod.ts";
import { type SocksRelay, socksRelay } from "./socks_relay.ts";

export interface GateFixture extends AsyncDisposable {
  readonly gate: Gate;
  readonly relay: SocksRelay;
  /** Port of the server. */
  readonly port: number;
  /** `http://api.example.com:PORT` */
  readonly origin: string;
  /** What the server saw: method, path, headers, body. */
  readonly seen: Seen[];
  get(path: string, request?: Partial<GateRequest>): ReturnType<Gate["send"]>;
}

export interface Seen {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

const HOSTS = ["api.example.com", "*.example.net"];
export const RULES = { http: { hosts: HOSTS }, websocket: { hosts: HOSTS } };
export const NEVER = new AbortController().signal;

export interface FixtureOptions extends Partial<Omit<GateOptions, "rules">> {
  readonly rules?: (port: number) => GateRules;
  /** The relay's answer for a target; 0 connects. */
  readonly reply?: (target: string) => number;
}

export function gateFixture(
  handler: (request: Request, port: number) => Response | Promise<Response>,
  options: FixtureOptions = {},
): GateFixture {
  const seen: Seen[] = [];
  let port = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: (address) => port = address.port,
    onError: () => new Response(null, { status: 500 }),
  }, async (request) => {
    const { pathname, search, host } = new URL(request.url);
    const { method, headers } = request;
    const body = headers.has("upgrade") ? "" : await request.clone().text();
    seen.push({ method, host, path: pathname + search, headers, body });
    return await handler(request, port);
  });
  const { reply, rules = () => RULES, ...gateOptions } = options;
  const relay = socksRelay(reply);
  const gate = new Gate({ rules: rules(port), gateway: relay, ...gateOptions });
  const origin = `http://api.example.com:${port}`;
  return {
    gate,
    relay,
    port,
    origin,
    seen,
    get: (path, request = {}) =>
      gate.send(gateRequest(path.startsWith("/") ? origin + path : path, request), NEVER),
    async [Symbol.asyncDispose]() {
      await gate.close();
      relay.close();
      await server.shutdown();
    },
  };
}

export function gateRequest(url: string, request: Partial<GateRequest> = {}): GateRequest {
  return {
    url,
    method: "GET",
    headers: [],
    followRedirects: true,
    timeoutMs: 5_000,
    maxBodyBytes: 1_000_000,
    overflow: "error",
    ...request,
  };
}

export async function refused(promise: Promise<unknown>, code: string, text = /./): Promise<void> {
  await rejects(promise, (error: Error & { code: string }) => {
    if (error.code !== code || !text.test(error.message)) {
      throw new Error(`wanted ${code} ${text}, got ${error.code}: ${error.message}`);
    }
    return true;
  });
}

/** Waits until something holds, for at most two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 400; turns++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`did not come true: ${holds}`);
}
