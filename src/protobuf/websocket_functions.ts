import { errorText } from "../errors.ts";
import { readUrl, ServiceError, type Services, UnknownConnection } from "../services/mod.ts";
import type { EnvFunction } from "./functions.ts";
import { answers, callFailure, type HostFunctions } from "./host_function.ts";
import * as wire from "./messages/host/websocket_pb.ts";
import { randomName } from "./random_name.ts";
import { refusalText } from "./refusal_text.ts";
import { bytesOf, mapOf, textOf } from "./text.ts";

/**
 * The functions of the `websocket` permission (`protobuf-abi.md`, 5.7): a refusal is in the answer, a dial that
 * fails ends the call, and a connection takes the place of one that has its id, which is closed.
 */
export function websocketFunctions(
  sockets: Services["websocket"],
): HostFunctions<EnvFunction<"websocket">> {
  const send = async (
    id: Uint8Array,
    message: string | Uint8Array,
  ): Promise<{ error?: Uint8Array<ArrayBuffer> }> => {
    try {
      await sockets.post(textOf(id), message);
      return {};
    } catch (thrown) {
      return thrown instanceof UnknownConnection
        ? NOT_FOUND
        : { error: bytesOf(`failed to send message: ${errorText(thrown)}`) };
    }
  };
  return {
    connect: answers(
      wire.ConnectRequestSchema,
      wire.ConnectResponseSchema,
      async ({ url, headers, connectionId: id }, signal) => {
        const connectionId = id.byteLength === 0 ? randomName() : textOf(id);
        const text = textOf(url);
        try {
          readUrl(text, ["ws", "wss"], () => `URL ${text} does not match any allowed URL patterns`);
        } catch (thrown) {
          if (!(thrown instanceof ServiceError)) throw thrown;
          return blocked(thrown.message);
        }
        try {
          await sockets.replace({ url: text, headers: mapOf(headers), connectionId }, signal);
          return { connectionId: bytesOf(connectionId) };
        } catch (thrown) {
          const refusal = refusalText(thrown, text, "GET");
          if (refusal !== undefined) return blocked(refusal);
          const cause = errorText(thrown).replace(/^failed to connect: /, "");
          throw callFailure(`failed to connect to WebSocket server: ${cause}`, thrown);
        }
      },
    ),
    send_text: answers(
      wire.SendTextRequestSchema,
      wire.SendTextResponseSchema,
      ({ connectionId, message }) => send(connectionId, textOf(message).toWellFormed()),
    ),
    send_binary: answers(
      wire.SendBinaryRequestSchema,
      wire.SendBinaryResponseSchema,
      ({ connectionId, data }) => send(connectionId, data),
    ),
    close: answers(
      wire.CloseRequestSchema,
      wire.CloseResponseSchema,
      async ({ connectionId, code, reason }) => {
        try {
          await sockets.end(textOf(connectionId), code, textOf(reason).toWellFormed());
          return {};
        } catch (thrown) {
          if (!(thrown instanceof UnknownConnection)) throw thrown;
          return NOT_FOUND;
        }
      },
    ),
  };
}

const NOT_FOUND = { error: bytesOf("connection not found") };

function blocked(text: string): { error: Uint8Array<ArrayBuffer> } {
  return { error: bytesOf(`Connection blocked by plugin permissions: ${text}`) };
}
