import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readCredentials, readGreeting, readRequest } from "../src/egress/socks5.ts";

const bytes = (...parts: (number | string)[]) =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => Buffer.from(typeof part === "number" ? [part] : part))),
  );

const WHOLE = [
  { name: "greeting", read: readGreeting, frame: bytes(5, 3, 0, 1, 2) },
  { name: "credentials", read: readCredentials, frame: bytes(1, 4, "name", 8, "password") },
  { name: "request by IPv4", read: readRequest, frame: bytes(5, 1, 0, 1, 10, 0, 0, 1, 1, 187) },
  {
    name: "request by IPv6",
    read: readRequest,
    frame: bytes(5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 1, 0, 80),
  },
  { name: "request by name", read: readRequest, frame: bytes(5, 1, 0, 3, 9, "a.example", 31, 144) },
];

for (const { name, read, frame } of WHOLE) {
  Deno.test(`socks5: a ${name} is read whole, and is short at every cut (${frame.length} cases)`, () => {
    for (let cut = 0; cut < frame.length; cut++) {
      strictEqual(read(frame.subarray(0, cut)).state, "short", `${cut} bytes`);
    }
    const behind = bytes(...frame, 1, 2, 3);
    const got = read(behind);
    ok(got.state === "read" && got.used === frame.length);
    // The value does not change with the buffer it was read from.
    const before = structuredClone(got.value);
    behind.fill(0);
    deepStrictEqual(got.value, before);
  });
}

Deno.test("socks5: values are as sent", () => {
  const [, credentials, four, six, name] = WHOLE.map(({ read, frame }) => {
    const got = read(frame);
    return got.state === "read" ? got.value : undefined;
  });
  deepStrictEqual(credentials, { username: bytes("name"), password: bytes("password") });
  deepStrictEqual(four, { command: 1, host: "10.0.0.1", isName: false, port: 443 });
  deepStrictEqual(six, { command: 1, host: "2001:db8:0:0:0:0:0:1", isName: false, port: 80 });
  deepStrictEqual(name, { command: 1, host: "a.example", isName: true, port: 8080 });
});

const ROUNDS = 20_000;
Deno.test(`socks5: random and damaged bytes never throw nor read too far (${ROUNDS} cases)`, () => {
  let state = 11;
  const below = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const { read, frame } = WHOLE[below(WHOLE.length)]!;
    const damaged = round % 2 === 0
      ? Uint8Array.from({ length: below(40) }, () => below(256))
      : frame.map((byte) => below(6) === 0 ? below(256) : byte);
    const got = read(damaged);
    if (got.state !== "read") continue;
    ok(got.used <= damaged.length);
    if (read === readRequest) {
      ok(/^[a-z0-9_.:[\]-]+$/i.test((got.value as { host: string }).host));
    }
  }
});
