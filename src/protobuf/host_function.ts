/**
 * How a host function of this generation is written: a message in, a message out, and one way to fail.
 *
 * @module
 */

import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { errorText, SoundproofError } from "../errors.ts";
import { readMessage, writeMessage } from "./message.ts";

/** Answers a request; the bytes are messages. Whatever it throws ends the guest's call. */
export type HostFunction = (
  request: Uint8Array,
  signal: AbortSignal,
) => Uint8Array | Promise<Uint8Array>;

/** The functions that a permission brings, by import name. */
export type HostFunctions<Name extends string> = Readonly<Record<Name, HostFunction>>;

/** A host function from the two messages and what answers. */
export function answers<Req extends DescMessage, Res extends DescMessage>(
  request: Req,
  response: Res,
  answer: (
    request: MessageShape<Req>,
    signal: AbortSignal,
  ) => MessageInitShape<Res> | Promise<MessageInitShape<Res>>,
): HostFunction {
  return (bytes, signal) => {
    const answered = answer(readRequest(request, bytes), signal);
    return answered instanceof Promise
      ? answered.then((message) => writeMessage(response, message))
      : writeMessage(response, answered);
  };
}

/** What ends the guest's call, with a text that it and its caller may read (`protobuf-abi.md`, 5.13). */
export function callFailure(text: string, cause?: unknown): SoundproofError {
  return new SoundproofError("services.call_failed", text, { cause });
}

function readRequest<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return readMessage(schema, bytes);
  } catch (thrown) {
    throw callFailure(`cannot decode ${schema.typeName}: ${errorText(thrown)}`, thrown);
  }
}
