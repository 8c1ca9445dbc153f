import { Type } from "@sinclair/typebox";
import { parseJson } from "../check.ts";
import { queryOf } from "../query.ts";
import { bytesBody, defineRoute, type Route } from "../route.ts";

/** Longest input of a call. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024;
/** Longest output looked at to see whether it is JSON, since parsing holds up other requests. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** Longest deadline a caller can ask for; the plugin's own limit may be shorter. */
const MAX_TIMEOUT_MS = 600_000;

/** The raw way in: any export, bytes for bytes. */
export const CALL_ROUTES: readonly Route[] = [
  defineRoute({
    method: "post",
    path: "/api/v1/plugins/{id}/call/{export}",
    id: "callExport",
    summary: "Call an export of a plugin with bytes",
    access: "admin",
    params: { id: "The plugin's id", export: "The export's name" },
    query: queryOf(Type.Object({
      timeoutMs: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_TIMEOUT_MS,
          description: "Shortens the plugin's deadline",
        }),
      ),
    })),
    body: bytesBody("The input, as it is", MAX_INPUT_BYTES),
    answers: {
      200: {
        description: "The output, as it is; marked as JSON where it is JSON",
        content: {
          "application/json": Type.Unknown(),
          "application/octet-stream": Type.Unsafe({ type: "string", format: "binary" }),
        },
      },
      204: { description: "There is no output" },
    },
    errors: [404, 409, 502, 503, 504, 501],
    handle: async ({ host, params, query, body, signal, send }) => {
      const { timeoutMs } = query;
      const output = await host.call(params.id, params.export, body, {
        signal,
        ...(timeoutMs !== undefined && { timeoutMs }),
      });
      if (output.byteLength === 0) return new Response(null, { status: 204 });
      return send(output, isJson(output) ? "application/json" : "application/octet-stream");
    },
  }),
];

function isJson(bytes: Uint8Array): boolean {
  return bytes.byteLength <= MAX_JSON_BYTES && parseJson(bytes) !== undefined;
}
