import { type GuestMethod, method } from "./guest_method.ts";
import * as wire from "./messages/api/callbacks_pb.ts";
import { entriesOf } from "./text.ts";

/** The method of `LifecycleManagement` (`protobuf-abi.md`, 5.14), by today's export. */
export const LIFECYCLE_METHODS: Readonly<Record<string, GuestMethod>> = {
  nd_on_init: method(
    "lifecycle_management_on_init",
    wire.InitRequestSchema,
    wire.InitResponseSchema,
    (_, { config }) => ({ config: entriesOf(config) }),
  ),
};

/** The method of `SchedulerCallback`. */
export const SCHEDULER_METHODS: Readonly<Record<string, GuestMethod>> = {
  nd_scheduler_callback: method(
    "scheduler_callback_on_scheduler_callback",
    wire.SchedulerCallbackRequestSchema,
    wire.SchedulerCallbackResponseSchema,
    (input) => ({
      scheduleId: input.text("scheduleId"),
      payload: input.text("payload"),
      isRecurring: input.bool("isRecurring"),
    }),
  ),
};

/** The methods of `WebSocketCallback`. */
export const WEBSOCKET_METHODS: Readonly<Record<string, GuestMethod>> = {
  nd_websocket_on_text_message: method(
    "web_socket_callback_on_text_message",
    wire.OnTextMessageRequestSchema,
    wire.OnTextMessageResponseSchema,
    (input) => ({ connectionId: input.text("connectionId"), message: input.text("message") }),
  ),
  nd_websocket_on_binary_message: method(
    "web_socket_callback_on_binary_message",
    wire.OnBinaryMessageRequestSchema,
    wire.OnBinaryMessageResponseSchema,
    (input) => ({
      connectionId: input.text("connectionId"),
      data: Uint8Array.fromBase64(input.string("data")),
    }),
  ),
  nd_websocket_on_error: method(
    "web_socket_callback_on_error",
    wire.OnErrorRequestSchema,
    wire.OnErrorResponseSchema,
    (input) => ({ connectionId: input.text("connectionId"), error: input.text("error") }),
  ),
  nd_websocket_on_close: method(
    "web_socket_callback_on_close",
    wire.OnCloseRequestSchema,
    wire.OnCloseResponseSchema,
    (input) => ({
      connectionId: input.text("connectionId"),
      code: input.int32("code"),
      reason: input.text("reason"),
    }),
  ),
};
