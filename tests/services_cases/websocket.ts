/** Cases of the WebSocket service that need no remote side; `extism-abi.md` 2.8 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { websocket: { allowLocalNetwork: false, allowRedirects: false } };
const REFUSED: readonly [request: object, error: string][] = [
  [{ url: "http://x" }, "invalid URL scheme: must be ws:// or wss://"],
  [{ url: "" }, "invalid URL scheme: must be ws:// or wss://"],
  [{ url: "://x" }, "invalid URL: "],
  [{ url: "ws://[bad" }, "invalid URL: "],
  [{ url: "ws://u:p@x/" }, "failed to connect: malformed ws or wss URL"],
  ...[
    "upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "sec-websocket-version",
    "Sec-Websocket-Extensions",
  ]
    .map((name): [object, string] => [
      { url: "ws://x/", headers: { [name]: "x" } },
      "failed to connect: websocket: duplicate header not allowed: ",
    ]),
  [{ url: "ws://x/", headers: { A: "b\r\nc" } }, "failed to connect: net/http: invalid header"],
];

export const WEBSOCKET_CASES: readonly Case[] = [
  ...REFUSED.map(([request, errorContains]): Case => ({
    name: `websocket_connect: ${JSON.stringify(request)} is refused`,
    permissions,
    steps: [{ call: "websocket_connect", request, errorContains }],
  })),
  {
    name: "websocket: a given ID is kept, a taken one refused, an unknown one not found",
    permissions,
    steps: [
      {
        call: "websocket_connect",
        request: { url: "ws://x/", headers: null, connectionId: "c" },
        response: { newConnectionId: "c" },
      },
      {
        call: "websocket_connect",
        request: { url: "ws://x/", connectionId: "c" },
        errorContains: 'connection ID "c" already exists',
      },
      {
        call: "websocket_sendtext",
        request: { connectionId: "d", message: "x" },
        errorContains: 'connection ID "d" not found',
      },
      {
        call: "websocket_sendbinary",
        request: { connectionId: "d", data: "AA==" },
        errorContains: 'connection ID "d" not found',
      },
      { call: "websocket_sendtext", request: { connectionId: "c", message: "x" }, response: "{}" },
      {
        call: "websocket_closeconnection",
        request: { connectionId: "c", code: 1000, reason: "bye" },
        response: "{}",
      },
      {
        call: "websocket_closeconnection",
        request: { connectionId: "c", code: 1000, reason: "bye" },
        errorContains: 'connection ID "c" not found',
      },
    ],
  },
];
