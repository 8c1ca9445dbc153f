import type { Clock } from "../services/mod.ts";

/** Longest answer that is handed over at once: what waits for its reader then is small. Bytes. */
const AT_ONCE = 256 * 1024;
/** Length of the pieces of a longer one. Bytes. */
const PIECE = 64 * 1024;
/** How long a reader may take for a piece before the connection is cut. Milliseconds. */
const STALL_MS = 30_000;

/** An answer of these bytes; a reader who stops reading a long one is cut off, and holds it no longer. */
export function bytesResponse(bytes: Uint8Array, type: string, clock: Clock): Response {
  const headers = { "content-type": type, "content-length": String(bytes.byteLength) };
  return new Response(
    bytes.byteLength <= AT_ONCE ? new Uint8Array(bytes) : pieces(bytes, clock),
    { headers },
  );
}

function pieces(bytes: Uint8Array, clock: Clock): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  let left = bytes;
  let cancel = () => {};
  return new ReadableStream({
    pull(controller) {
      cancel();
      controller.enqueue(left.slice(offset, offset += PIECE));
      if (offset >= left.byteLength) return controller.close();
      cancel = clock.after(STALL_MS, () => {
        left = new Uint8Array();
        controller.error(new Error("The reader has stopped reading"));
      });
    },
    cancel: () => cancel(),
  }, { highWaterMark: 0 });
}
