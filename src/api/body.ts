import { Pieces } from "../byte_stream.ts";
import { errorText, SoundproofError } from "../errors.ts";
import type { Clock } from "../services/mod.ts";
import type { Visit } from "./load.ts";

/** How long a body may take, however short it is. Milliseconds. */
const PATIENCE_MS = 30_000;
/** What has to arrive in the long run. Bytes a second. */
const MIN_RATE = 32 * 1024;

/** What holds a request's body in bounds. */
export interface BodyBounds {
  readonly limitBytes: number;
  readonly clock: Clock;
  /** Counts what is held. */
  readonly visit: Visit;
}

/**
 * The bytes of a request's body, counted while they arrive: whatever the length header says, no more than the limit is
 * ever held, and not for longer than a body of its size may take.
 *
 * @throws {SoundproofError} `api.body_too_large`, `api.body_timeout`, `api.body_incomplete`, `api.busy`
 */
export async function readBody(
  request: Request,
  { limitBytes, clock, visit }: BodyBounds,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length")) > limitBytes) throw tooLarge(limitBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const pieces = new Pieces();
  const started = clock.now();
  let late = false;
  const wait = (delayMs: number) =>
    clock.after(delayMs, () => {
      const leftMs = started + PATIENCE_MS + pieces.length / MIN_RATE * 1000 - clock.now();
      late = leftMs <= 0;
      if (late) void reader.cancel().catch(() => {});
      else cancel = wait(leftMs);
    });
  let cancel = wait(PATIENCE_MS);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      visit.hold(read.value.byteLength);
      if (pieces.length + read.value.byteLength > limitBytes) throw tooLarge(limitBytes);
      pieces.add(read.value);
    }
    if (late) {
      throw new SoundproofError(
        "api.body_timeout",
        `Cannot take the body: ${pieces.length} bytes of it came in ${clock.now() - started} ms`,
      );
    }
    return pieces.joined();
  } catch (thrown) {
    void reader.cancel().catch(() => {});
    if (thrown instanceof SoundproofError) throw thrown;
    throw new SoundproofError(
      "api.body_incomplete",
      `Cannot take the body: it broke off after ${pieces.length} bytes: ${errorText(thrown)}`,
      { cause: thrown },
    );
  } finally {
    cancel();
  }
}

function tooLarge(limitBytes: number): SoundproofError {
  return new SoundproofError(
    "api.body_too_large",
    `Cannot take the body: it is longer than ${limitBytes} bytes`,
  );
}
