import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { Pieces, readAll } from "../src/byte_stream.ts";

/** A stream that never ends of its own: pieces of three bytes, and whether it was cancelled. */
function endless(): { stream: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false;
  let next = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(Uint8Array.of(next++, next++, next++)),
    cancel: () => void (cancelled = true),
  });
  return { stream, cancelled: () => cancelled };
}

Deno.test("pieces are joined in the order they came, empty ones too", () => {
  const pieces = new Pieces();
  deepStrictEqual(pieces.joined(), new Uint8Array());
  for (const piece of [[1, 2], [], [3]]) pieces.add(Uint8Array.from(piece));
  strictEqual(pieces.length, 3);
  deepStrictEqual(pieces.joined(), Uint8Array.of(1, 2, 3));
});

Deno.test("a stream is read to its end, each piece shown with the number of bytes before it", async () => {
  const seen: [length: number, before: number][] = [];
  const all = await readAll(new Blob(["abc", "de"]).stream(), (piece, before) => {
    seen.push([piece.length, before]);
    return piece;
  });
  strictEqual(new TextDecoder().decode(all), "abcde");
  strictEqual(seen.reduce((sum, [length]) => sum + length, 0), 5);
  strictEqual(seen[0]?.[1], 0);
  deepStrictEqual(await readAll(null, (piece) => piece), new Uint8Array());
});

Deno.test("a piece of which less is kept is the last, and the stream is cancelled", async () => {
  const { stream, cancelled } = endless();
  const all = await readAll(stream, (piece, before) => piece.subarray(0, 7 - before));
  deepStrictEqual(all, Uint8Array.of(0, 1, 2, 3, 4, 5, 6));
  strictEqual(cancelled(), true);
});

Deno.test("a piece that is refused ends the reading with the refusal, and the stream is cancelled", async () => {
  const { stream, cancelled } = endless();
  const refusal = new Error("too much");
  await rejects(
    readAll(stream, (piece, before) => {
      if (before > 100) throw refusal;
      return piece;
    }),
    (thrown) => thrown === refusal,
  );
  strictEqual(cancelled(), true);
});
