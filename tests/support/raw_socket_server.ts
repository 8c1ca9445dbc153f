/**
 * A WebSocket server that can send what the standard one cannot: any close code, and a connection that is cut.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";

/** How a connection ends: a close frame with a code and a reason, without either, or no frame at all. */
export type Ending = readonly [code: number, reason: string] | "no code" | "cut";

/** RFC 6455, 1.3. */
const ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function closeFrame(ending: Exclude<Ending, "cut">): Uint8Array {
  if (ending === "no code") return new Uint8Array([0x88, 0]);
  const [code, reason] = ending;
  const text = new TextEncoder().encode(reason);
  return new Uint8Array([0x88, 2 + text.length, code >> 8, code & 0xff, ...text]);
}

/** Takes the next connection's handshake, and ends it when told to. */
export async function endingServer(ending: Ending): Promise<
  { readonly port: number; end(): Promise<void> } & AsyncDisposable
> {
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const key = /sec-websocket-key: (\S+)/i.exec(String(head))?.[1] ?? "";
      const accept = createHash("sha1").update(key + ACCEPT).digest("base64");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      connected.resolve(socket);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async end() {
      const socket = await connected.promise;
      if (ending === "cut") socket.destroy();
      else socket.end(closeFrame(ending));
    },
    [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())),
  };
}
