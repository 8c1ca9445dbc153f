import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { GateSocket } from "../src/egress/mod.ts";
import {
  type FixtureOptions,
  type GateFixture,
  gateFixture,
  refused,
  until,
} from "./support/gate_fixture.ts";

type Act = (socket: WebSocket) => void;

interface Echo extends GateFixture {
  /** What the server's side saw: messages and the close. */
  readonly heard: string[];
  readonly told: string[];
  open(extra?: Opening): Promise<GateSocket>;
}

interface Opening {
  readonly url?: string;
  readonly headers?: [string, string][];
  readonly timeoutMs?: number;
  readonly onMessage?: (data: string | Uint8Array) => Promise<void> | void;
}

/** A server whose socket does `act` when opened and echoes after. */
function echo(act: Act = () => {}, options: FixtureOptions = {}): Echo {
  const heard: string[] = [];
  const told: string[] = [];
  const use = gateFixture((request) => {
    const protocol = request.headers.get("sec-websocket-protocol")?.split(",")[0];
    const { socket, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
    socket.binaryType = "arraybuffer";
    socket.onopen = () => act(socket);
    socket.onmessage = ({ data }) => {
      heard.push(typeof data === "string" ? data : `bytes ${data.byteLength}`);
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    };
    socket.onclose = ({ code, reason }) => heard.push(`close ${code} ${reason}`);
    socket.onerror = () => {};
    return response;
  }, options);
  const open = (extra: Opening = {}) =>
    use.gate.connect({
      url: extra.url ?? `ws://api.example.com:${use.port}/`,
      headers: extra.headers ?? [],
      timeoutMs: extra.timeoutMs ?? 5_000,
    }, {
      onMessage: async (kind, data) => {
        await extra.onMessage?.(data);
        told.push(`${kind} ${typeof data === "string" ? data.slice(0, 20) : data.byteLength}`);
      },
      onClose: (code, reason, clean) => void told.push(`close ${code} ${reason} ${clean}`),
      onError: (text) => void told.push(`error ${text}`),
    });
  return Object.assign(use, { heard, told, open });
}

const ended = (use: Echo) => until(() => use.told.some((line) => line.startsWith("close")));

Deno.test("text and bytes go out and come back, in order", async () => {
  await using use = echo();
  const socket = await use.open();
  await socket.sendText("one");
  await socket.sendBinary(new Uint8Array(2));
  await socket.sendText("");
  await until(() => use.told.length === 3);
  deepStrictEqual(use.told, ["text one", "binary 2", "text "]);
  deepStrictEqual(use.relay.asked, [`api.example.com:${use.port}`]);
});

Deno.test("the next message waits for the handler of the one before", async () => {
  const gates: (() => void)[] = [];
  await using use = echo((socket) => ["a", "b", "c"].forEach((text) => socket.send(text)));
  await use.open({ onMessage: () => new Promise<void>((go) => gates.push(go)) });
  for (const [index, text] of ["a", "b", "c"].entries()) {
    await until(() => gates.length === index + 1);
    strictEqual(use.told.length, index);
    gates[index]?.();
    await until(() => use.told.at(-1) === `text ${text}`);
  }
});

Deno.test("messages that were there come before the close, also with a slow handler", async () => {
  await using use = echo((socket) => {
    for (let index = 0; index < 20; index++) socket.send(String(index));
    socket.close(4004, "bye");
  });
  await use.open({ onMessage: () => new Promise((go) => setTimeout(go, 2)) });
  await ended(use);
  deepStrictEqual(use.told, [
    ...Array.from({ length: 20 }, (_, index) => `text ${index}`),
    "close 4004 bye true",
  ]);
});

Deno.test("a handler that throws does not stop the socket", async () => {
  let calls = 0;
  await using use = echo((socket) => ["a", "b"].forEach((text) => socket.send(text)));
  await use.open({
    onMessage: () => {
      if (++calls === 1) throw new Error("handler");
    },
  });
  await until(() => use.told.length === 1);
  deepStrictEqual(use.told, ["text b"]);
});

for (const code of [1000, 1001, 1003, 1008, 1011, 1012, 3000, 4004, 4999]) {
  Deno.test(`a close of the far end with ${code} is told as it is`, async () => {
    await using use = echo((socket) => socket.close(code, "why"));
    await use.open();
    await ended(use);
    deepStrictEqual(use.told, [`close ${code} why true`]);
  });
}

Deno.test("a close without a code is 1005", async () => {
  await using use = echo((socket) => socket.close());
  await use.open();
  await ended(use);
  deepStrictEqual(use.told, ["close 1005  true"]);
});

const CLOSES: [number, string, string | undefined][] = [
  // the guest's code, its reason, what the server hears (undefined: refused)
  [1000, "done", "close 1000 done"],
  [3000, "x", "close 3000 x"],
  [4999, "", "close 4999 "],
  [1005, "lost", "close 1005 "],
  [1001, "away", "close 1000 away"],
  [1008, "policy", "close 4008 policy"],
  [1011, "fault", "close 4011 fault"],
  [1000, "é".repeat(100), `close 1000 ${"é".repeat(61)}`],
  [0, "", undefined],
  [999, "", undefined],
  [1004, "", undefined],
  [1006, "", undefined],
  [1015, "", undefined],
  [2000, "", undefined],
  [5000, "", undefined],
  [1.5, "", undefined],
  [NaN, "", undefined],
];

for (const [code, reason, heard] of CLOSES) {
  Deno.test(`a guest's close with ${code} and ${reason.length} characters: ${heard?.slice(0, 20) ?? "refused"}`, async () => {
    await using use = echo();
    const socket = await use.open();
    if (heard === undefined) {
      await refused((async () => await socket.close(code, reason))(), "egress.close_refused");
      await socket.sendText("still open");
      await until(() => use.told.length === 1);
      return;
    }
    socket.close(code, reason);
    await until(() => use.heard.length === 1);
    deepStrictEqual(use.heard, [heard]);
    deepStrictEqual(use.told, [`close ${code} ${reason} true`]);
    await refused(socket.sendText("x"), "egress.socket_closed");
    await until(() => use.gate.load.sockets === 0);
  });
}

Deno.test("a handler that closes its own socket hears of the close and of nothing after", async () => {
  await using use = echo((socket) => ["a", "b", "c"].forEach((text) => socket.send(text)));
  const socket: GateSocket = await use.open({ onMessage: () => socket.close(1000, "enough") });
  await until(() => use.gate.load.sockets === 0);
  deepStrictEqual(use.told, ["text a", "close 1000 enough true"]);
});

Deno.test("a connection that breaks is an error and then a close with 1006", async () => {
  await using use = echo();
  const socket = await use.open();
  use.relay.close();
  await ended(use);
  strictEqual(use.told.length, 2);
  ok(use.told[0]?.startsWith("error "));
  strictEqual(use.told[1], "close 1006  false");
  await refused(socket.sendText("x"), "egress.socket_closed");
});

Deno.test("a message over the limit is an error and a close with 1009", async () => {
  await using use = echo((socket) => {
    socket.send("x".repeat(1000));
    socket.send("x".repeat(1001));
    socket.send("never");
  }, { limits: { messageBytes: 1000 } });
  const socket = await use.open();
  await ended(use);
  deepStrictEqual(use.told, [
    `text ${"x".repeat(20)}`,
    "error a message is larger than 1000 bytes",
    "close 1009  false",
  ]);
  await until(() => use.heard.length === 1);
  deepStrictEqual(use.heard, ["close 4009 a message is larger than 1000 bytes"]);
  await refused(socket.sendText("x"), "egress.socket_closed");
});

Deno.test("a flood is an error and a close with 1008 after what was kept", async () => {
  await using use = echo((socket) => {
    for (let index = 0; index < 5_000; index++) socket.send(String(index));
  }, { limits: { waitingMessages: 10 } });
  const hold = Promise.withResolvers<void>();
  await use.open({ onMessage: () => hold.promise });
  await until(() => use.heard.length === 1);
  hold.resolve();
  await ended(use);
  strictEqual(use.told.length, 13); // one in hand, ten waiting, error, close
  strictEqual(use.told.at(-2), "error messages come faster than they are handled");
  strictEqual(use.told.at(-1), "close 1008  false");
});

Deno.test("a guest's own messages are bounded", async () => {
  await using use = echo(() => {}, { limits: { messageBytes: 1000, queuedBytes: 1500 } });
  const socket = await use.open();
  await refused(socket.sendText("x".repeat(1001)), "egress.message_too_large");
  const first = socket.sendBinary(new Uint8Array(1000));
  await refused(socket.sendBinary(new Uint8Array(1000)), "egress.busy");
  await first;
});

const HANDSHAKES: [string, string, RegExp][] = [
  ["Upgrade", "h2c", /^websocket: duplicate header not allowed: Upgrade$/],
  ["connection", "x", /^websocket: duplicate header not allowed: Connection$/],
  ["Sec-Websocket-Key", "x", /^websocket: duplicate header not allowed: Sec-WebSocket-Key$/],
  [
    "SEC-WEBSOCKET-VERSION",
    "8",
    /^websocket: duplicate header not allowed: Sec-WebSocket-Version$/,
  ],
  ["Sec-WebSocket-Extensions", "x", /duplicate header not allowed: Sec-WebSocket-Extensions$/],
  ["X", "a\r\nHost: b", /line break/],
  ["Sec-WebSocket-Protocol", "a, a", /tokens/],
];

Deno.test("headers of the handshake are refused by name", async () => {
  await using use = echo();
  for (const [name, value, text] of HANDSHAKES) {
    await refused(use.open({ headers: [[name, value]] }), "egress.header_refused", text);
  }
  strictEqual(use.relay.asked.length, 0);
});

Deno.test("other headers and the protocol arrive, Host does not", async () => {
  await using use = echo();
  await use.open({
    headers: [["X-A", "1"], ["Sec-WebSocket-Protocol", "chat, v2"], ["Host", "evil"], [
      "Origin",
      "http://o",
    ]],
  });
  const [seen] = use.seen;
  strictEqual(seen?.headers.get("x-a"), "1");
  strictEqual(seen?.headers.get("origin"), "http://o");
  strictEqual(seen?.headers.get("sec-websocket-protocol")?.replaceAll(" ", ""), "chat,v2");
  strictEqual(seen?.host, `api.example.com:${use.port}`);
});

Deno.test("a WebSocket obeys the URL rules", async () => {
  await using use = echo();
  const cases: [string, string][] = [
    ["ws://other.example.com/", "egress.url_not_allowed"],
    ["ws://127.0.0.1/", "egress.url_not_allowed"],
    ["ws://user:pass@api.example.com/", "egress.url_not_allowed"],
    ["", "egress.url_not_allowed"],
    ["http://api.example.com/", "egress.scheme_not_allowed"],
    ["file:///x", "egress.scheme_not_allowed"],
  ];
  for (const [url, code] of cases) await refused(use.open({ url }), code);
  strictEqual(use.relay.asked.length, 0);
  deepStrictEqual(use.gate.load.sockets, 0);
});

Deno.test("a redirect or a refusal instead of a handshake fails it", async () => {
  for (const status of [302, 403, 200]) {
    await using use = gateFixture(() =>
      new Response(null, { status, headers: { location: "http://api.example.com/" } })
    );
    const request = { url: `ws://api.example.com:${use.port}/`, headers: [], timeoutMs: 5_000 };
    const handlers = { onMessage() {}, onClose() {}, onError() {} };
    const text = new RegExp(`status code: ${status}`);
    await refused(use.gate.connect(request, handlers), "egress.transport", text);
    strictEqual(use.seen.length, 1);
  }
});

Deno.test("a handshake that takes too long is given up", async () => {
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture(() => never.promise);
  const request = { url: `ws://api.example.com:${use.port}/`, headers: [], timeoutMs: 50 };
  const handlers = { onMessage() {}, onClose() {}, onError() {} };
  await refused(use.gate.connect(request, handlers), "egress.timeout");
  await until(() => use.gate.load.sockets === 0);
  never.resolve(new Response());
});

Deno.test("sockets are counted, and a slot is free again when the socket is gone", async () => {
  await using use = echo(() => {}, { limits: { sockets: 1 } });
  const socket = await use.open();
  await refused(use.open(), "egress.busy");
  socket.close(1000, "");
  await until(() => use.gate.load.sockets === 0);
  await use.open();
});

Deno.test("the end of the gate closes its sockets with 1001 and says why on the wire", async () => {
  await using use = echo();
  await use.open();
  await use.gate.close();
  await until(() => use.heard.length === 1 && use.told.length === 1);
  deepStrictEqual(use.told, ["close 1001 plugin unloaded true"]);
  deepStrictEqual(use.heard, ["close 1000 plugin unloaded"]);
});

Deno.test("a far end that does not answer a close keeps its slot, and the plugin is not held up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const far = (async () => {
    const conn = await listener.accept();
    const buffer = new Uint8Array(4096);
    const head = new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
    const key = /sec-websocket-key: (.*)\r/i.exec(head)?.[1] ?? "";
    const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    const accept = new Uint8Array(await crypto.subtle.digest("SHA-1", text)).toBase64();
    const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    await conn.write(new TextEncoder().encode(answer));
    return conn;
  })();
  await using use = echo(() => {}, { limits: { sockets: 1 } });
  const socket = await use.open({ url: `ws://api.example.com:${listener.addr.port}/` });
  socket.close(1000, "bye");
  await until(() => use.told.length === 1);
  await refused(use.open(), "egress.busy");
  (await far).close();
  await until(() => use.gate.load.sockets === 0);
  deepStrictEqual(use.told, ["close 1000 bye true"]);
  listener.close();
});
