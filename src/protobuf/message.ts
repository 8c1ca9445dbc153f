/**
 * Messages from bytes and to bytes, as far as a guest may make the host work for them.
 *
 * @module
 */

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Fields of one message, those of its parts included: each may become an object on the host's heap. */
const MAX_FIELDS = 65_536;

/**
 * Reads a message of a guest. Unknown fields are accepted and forgotten.
 *
 * @throws {Error} where the bytes are none, or hold more fields than any honest message.
 */
export function readMessage<D extends DescMessage>(
  schema: D,
  bytes: Uint8Array,
): MessageShape<D> {
  countFields(schema, bytes, MAX_FIELDS);
  return fromBinary(schema, bytes, { readUnknownFields: false });
}

/** Writes a message. */
export function writeMessage<D extends DescMessage>(
  schema: D,
  message: MessageInitShape<D>,
): Uint8Array<ArrayBuffer> {
  return toBinary(schema, create(schema, message));
}

/** A number as an `int32` holds it. */
export function int32(number: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(number) || 0));
}

/** Counts what a message would be made of, before anything is. Gives how many fields more there may be. */
function countFields(schema: DescMessage, bytes: Uint8Array, most: number): number {
  const reader = new BinaryReader(bytes);
  let left = most;
  while (reader.pos < reader.len) {
    if (left-- === 0) throw new RangeError(`it has more than ${MAX_FIELDS} fields`);
    const [number, type] = reader.tag();
    // Groups nest without saying how long they are, and no message of this generation has one.
    if (type === WireType.StartGroup) throw new RangeError("it holds a group");
    const content = reader.skip(type, number);
    if (type !== WireType.LengthDelimited) continue;
    const field = schema.fields.find((field) => field.number === number);
    if (field?.message === undefined) continue;
    left = countFields(field.message, new BinaryReader(content).bytes(), left);
  }
  return left;
}
