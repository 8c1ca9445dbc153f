import { ServiceError, type Services } from "../services/mod.ts";
import type { EnvFunction } from "./functions.ts";
import { answers, type HostFunctions } from "./host_function.ts";
import * as wire from "./messages/host/cache_pb.ts";
import { bytesOf, textOf } from "./text.ts";

/** The functions of the `cache` permission (`protobuf-abi.md`, 5.9). None of them fails. */
export function cacheFunctions(cache: Services["cache"]): HostFunctions<EnvFunction<"cache">> {
  /** Stores a value; one that is too large for the cache is no success. */
  const stored = (set: () => unknown): { success: boolean } => {
    try {
      set();
      return { success: true };
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown;
      return { success: false };
    }
  };
  /** Reads a value. Upstream renews an entry's time to live even where its type is another. */
  const read = <V>(
    bytes: Uint8Array,
    get: (key: { key: string }) => { readonly exists: boolean; readonly value?: V },
  ): { exists: boolean; value?: V } => {
    const key = { key: textOf(bytes) };
    const found = get(key);
    if (!found.exists) cache.has(key);
    return found;
  };
  return {
    set_string: answers(
      wire.SetStringRequestSchema,
      wire.SetResponseSchema,
      (request) =>
        stored(() =>
          cache.setString({ ...request, key: textOf(request.key), value: textOf(request.value) })
        ),
    ),
    get_string: answers(wire.GetRequestSchema, wire.GetStringResponseSchema, ({ key }) => {
      const { exists, value = "" } = read(key, (key) => cache.getString(key));
      return { exists, value: bytesOf(value) };
    }),
    set_int: answers(
      wire.SetIntRequestSchema,
      wire.SetResponseSchema,
      (request) => stored(() => cache.setInt({ ...request, key: textOf(request.key) })),
    ),
    get_int: answers(
      wire.GetRequestSchema,
      wire.GetIntResponseSchema,
      ({ key }) => read(key, (key) => cache.getInt(key)),
    ),
    set_float: answers(
      wire.SetFloatRequestSchema,
      wire.SetResponseSchema,
      (request) => stored(() => cache.setFloat({ ...request, key: textOf(request.key) })),
    ),
    get_float: answers(wire.GetRequestSchema, wire.GetFloatResponseSchema, ({ key }) => {
      const { exists, value = 0 } = read(key, (key) => cache.getFloat(key));
      // A minus zero counts as zero, which is not written (1.9); the sum of the two is a zero.
      return { exists, value: value + 0 };
    }),
    // A copy, for the request it came in with is larger, and would be kept with it.
    set_bytes: answers(
      wire.SetBytesRequestSchema,
      wire.SetResponseSchema,
      (request) =>
        stored(() =>
          cache.setBytes({ ...request, key: textOf(request.key), value: request.value.slice() })
        ),
    ),
    get_bytes: answers(
      wire.GetRequestSchema,
      wire.GetBytesResponseSchema,
      ({ key }) => read(key, (key) => cache.getBytes(key)),
    ),
    remove: answers(wire.RemoveRequestSchema, wire.RemoveResponseSchema, ({ key }) => {
      cache.remove({ key: textOf(key) });
      return { success: true };
    }),
    has: answers(
      wire.HasRequestSchema,
      wire.HasResponseSchema,
      ({ key }) => cache.has({ key: textOf(key) }),
    ),
  };
}
