/**
 * A SOCKS5 relay for tests of the gate: every name is 127.0.0.1, nothing is checked but the password.
 * It records where it was asked to go and the bytes that went up.
 */
export interface SocksRelay {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly asked: string[];
  /** What gates sent through, as ISO 8859-1. */
  readonly sent: () => string;
  close(): void;
}

/** @param reply Field REP for a target; 0 connects. @param username The one that may pass. */
export function socksRelay(
  reply: (target: string) => number = () => 0,
  username = "gate-1",
): SocksRelay {
  const password = crypto.randomUUID();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked: string[] = [];
  const sent: string[] = [];
  const open = new Set<Deno.Conn>();
  const serve = async (up: Deno.Conn) => {
    open.add(up);
    const buffer = new Uint8Array(600);
    const read = async () => buffer.subarray(0, await up.read(buffer) ?? 0);
    await read();
    await up.write(Uint8Array.of(5, 2));
    const auth = new TextDecoder().decode(await read());
    const good = auth.slice(2, 2 + username.length) === username && auth.endsWith(password);
    await up.write(Uint8Array.of(1, good ? 0 : 1));
    if (!good) return up.close();
    const request = await read();
    const end = 5 + (request[4] ?? 0);
    const port = (request[end] ?? 0) * 256 + (request[end + 1] ?? 0);
    const target = `${new TextDecoder().decode(request.subarray(5, end))}:${port}`;
    asked.push(target);
    const rep = reply(target);
    await up.write(Uint8Array.of(5, rep, 0, 1, 0, 0, 0, 0, 0, 0));
    if (rep !== 0) return up.close();
    const down = await Deno.connect({ hostname: "127.0.0.1", port });
    open.add(down);
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sent.push(Array.from(chunk, (byte) => String.fromCharCode(byte)).join(""));
        controller.enqueue(chunk);
      },
    });
    const both = [
      up.readable.pipeThrough(tap).pipeTo(down.writable),
      down.readable.pipeTo(up.writable),
    ];
    await Promise.all(both);
  };
  (async () => {
    for await (const conn of listener) serve(conn).catch(() => {});
  })().catch(() => {});
  return {
    port: listener.addr.port,
    username,
    password,
    asked,
    sent: () => sent.join(""),
    close() {
      for (const conn of [listener, ...open]) {
        try {
          conn.close();
        } catch { /* already closed */ }
      }
    },
  };
}
