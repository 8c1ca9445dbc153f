/**
 * How an export of today's is answered by a method of this generation.
 *
 * @module
 */

import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GuestMethod as MethodName } from "../cell/mod.ts";
import type { Input } from "./input.ts";
import { readMessage, writeMessage } from "./message.ts";
import { shownText } from "./text.ts";

/** What the host knows and a request of today's does not say. */
export interface Known {
  /** The plugin's settings. */
  readonly config: ReadonlyMap<string, string>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What a method's response says: a JSON value, nothing (`undefined`), or an error of its own. */
export type Told = { readonly value: unknown } | { readonly error: string };

/** The method behind one export of today's. */
export interface GuestMethod {
  /** The export to call. */
  readonly method: MethodName;
  /** Whether `plugin:not_found` is an answer and no fault. */
  readonly mayFindNothing: boolean;
  /** Writes the request. */
  request(input: Input, known: Known): Uint8Array<ArrayBuffer>;
  /** Reads the response. */
  response(bytes: Uint8Array): Told;
}

/** A method from its two messages, what its request says and what its response tells. */
export function method<Req extends DescMessage, Res extends DescMessage>(
  name: MethodName,
  request: Req,
  response: Res,
  say: (input: Input, known: Known) => MessageInitShape<Req>,
  tell: (message: MessageShape<Res>) => unknown = () => undefined,
): GuestMethod {
  return {
    method: name,
    mayFindNothing: name.startsWith("metadata_agent_"),
    request: (input, known) => writeMessage(request, say(input, known)),
    response(bytes) {
      const message = readMessage(response, bytes);
      const error: unknown = Reflect.get(message, "error");
      return error instanceof Uint8Array && error.byteLength > 0
        ? { error: shownText(error) }
        : { value: tell(message) };
    },
  };
}
