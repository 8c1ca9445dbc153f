/** A gate's worker that is an enemy: what it does is the path of the URL that it is asked for. */
import type { ToWorker } from "../../../src/egress/gate_protocol.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: unknown): void;
};

const answer = (text: string) => ({
  status: 200,
  url: "http://x/",
  headers: [] as unknown,
  body: new TextEncoder().encode(text) as unknown,
  hops: 0,
});

async function permissions(): Promise<string> {
  const names = ["env", "ffi", "import", "net", "read", "run", "sys", "write"] as const;
  const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
  return names.map((name, index) => `${name}=${states[index]?.state}`).join(" ");
}

async function attempts(): Promise<string> {
  const tries: Record<string, () => unknown> = {
    env: () => Deno.env.get("HOME"),
    read: () => Deno.readTextFileSync("/etc/hostname"),
    write: () => Deno.writeTextFileSync("tests/.tmp/x", "x"),
    run: () => new Deno.Command("true").outputSync(),
    ffi: () => Deno.dlopen("/lib/libc.so.6", {}),
    sys: () => Deno.hostname(),
    import: () => import("https://example.org/x.ts".toString()),
    listen: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    undeclared: () => fetch("http://example.org/"),
    loopback: () => Deno.connect({ hostname: "127.0.0.1", port: 1 }),
    worker: () => new Worker("data:,", { type: "module", deno: { permissions: { read: true } } }),
  };
  const done: string[] = [];
  for (const [name, attempt] of Object.entries(tries)) {
    try {
      await attempt();
      done.push(name);
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind !== "NotCapable" && !/Requires \w+ access|Can't escalate/.test(message)) {
        done.push(`${name} (${kind}: ${message})`);
      }
    }
  }
  return done.join(" ");
}

const ACTS: Record<string, (id: number) => unknown> = {
  permissions: async (id) => ({ kind: "response", id, response: answer(await permissions()) }),
  attempts: async (id) => ({ kind: "response", id, response: answer(await attempts()) }),
  silent: () => undefined,
  garbage: () => "garbage",
  null: () => null,
  unknown_kind: (id) => ({ kind: "boom", id }),
  other_id: (id) => ({ kind: "response", id: id + 1, response: answer("x") }),
  no_body: (id) => ({ kind: "response", id, response: { ...answer(""), body: "x" } }),
  shared_body: (id) => ({
    kind: "response",
    id,
    response: { ...answer(""), body: new Uint8Array(new SharedArrayBuffer(4)) },
  }),
  big_body: (id) => ({ kind: "response", id, response: answer("x".repeat(1_000_001)) }),
  bad_status: (id) => ({ kind: "response", id, response: { ...answer(""), status: "200" } }),
  bad_headers: (id) => ({ kind: "response", id, response: { ...answer(""), headers: [[1, 2]] } }),
  many_headers: (id) => ({
    kind: "response",
    id,
    response: { ...answer(""), headers: Array.from({ length: 2_000 }, () => ["a", "b"]) },
  }),
  foreign_code: (id) => ({ kind: "failure", id, code: "manifest.invalid", message: "x" }),
  long_text: (id) => ({ kind: "failure", id, code: "egress.timeout", message: "x".repeat(1e6) }),
  socket_message: (id) => ({ kind: "message", id, data: "x" }),
  crash: () => {
    setTimeout(() => {
      throw new Error("crashed");
    });
  },
  close: () => self.close(),
};

scope.onmessage = async ({ data }) => {
  if (data.kind !== "send") return;
  const message = await ACTS[new URL(data.request.url).pathname.slice(1)]?.(data.id);
  if (message !== undefined) scope.postMessage(message);
};
