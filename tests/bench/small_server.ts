/** A server in a thread of its own that answers a small body. */
const body = new Uint8Array(256);
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  () => new Response(body),
);
(self as unknown as { postMessage(message: unknown): void }).postMessage(server.addr.port);
