import { SoundproofError } from "../errors.ts";

/**
 * The bytes of a request's body, counted while they arrive: whatever the length header says, no more than the limit is
 * ever held.
 *
 * @throws {SoundproofError} `api.body_too_large`
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > limitBytes) throw tooLarge(limitBytes);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

function tooLarge(limitBytes: number): SoundproofError {
  return new SoundproofError(
    "api.body_too_large",
    `Cannot take the body: it is longer than ${limitBytes} bytes`,
  );
}
