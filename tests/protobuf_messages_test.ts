import assert from "node:assert/strict";
import { create, type DescField, type DescFile, ScalarType, toBinary } from "@bufbuild/protobuf";
import { describeEnvFunctions, ENV_PERMISSIONS } from "../src/protobuf/mod.ts";
import { readMessage, writeMessage } from "../src/protobuf/message.ts";
import { EntrySchema } from "../src/protobuf/messages/entry_pb.ts";
import * as album from "../src/protobuf/messages/api/album_agent_pb.ts";
import * as artist from "../src/protobuf/messages/api/artist_agent_pb.ts";
import * as callbacks from "../src/protobuf/messages/api/callbacks_pb.ts";
import * as scrobbler from "../src/protobuf/messages/api/scrobbler_pb.ts";
import * as cache from "../src/protobuf/messages/host/cache_pb.ts";
import * as http from "../src/protobuf/messages/host/http_pb.ts";
import { bytesOf, entriesOf, mapOf, shownText, textOf } from "../src/protobuf/text.ts";
import { rfc3339 } from "../src/protobuf/time_now.ts";
import { promise } from "./support/promises.ts";
import { protoFiles, readProto } from "./support/proto_files.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const FOLDER = "schema/protobuf";

/** A field as a `.proto` file writes it. */
function written(field: DescField): string {
  const label = field.fieldKind === "list"
    ? "repeated "
    : field.proto.proto3Optional
    ? "optional "
    : "";
  const scalar = field.scalar === undefined ? "" : ScalarType[field.scalar].toLowerCase();
  const message = field.message?.typeName.replace(/^api\./, "") ?? "";
  return `${label}${scalar || message} ${field.name} = ${field.number}`;
}

Deno.test("the TypeScript of the messages says what their .proto files say", async () => {
  const files = protoFiles(FOLDER);
  assert.equal(files.size, 12);
  let messages = 0;
  for (const [path, text] of files) {
    const made = `../src/protobuf/messages/${path.replace(/\.proto$/, "_pb.ts")}`;
    const exported: Record<string, unknown> = await import(made);
    const file = Object.entries(exported).find(([name]) => name.startsWith("file_"))
      ?.[1] as DescFile;
    assert.equal(file.proto.syntax, "proto3");
    const found = new Map(
      file.messages.map((message) => [message.typeName, message.fields.map(written)]),
    );
    assert.deepEqual(found, readProto(text), path);
    messages += found.size;
  }
  // 39 of the five services a plugin exports, 37 of the seven that it imports, and the entry of a map.
  assert.equal(messages, 39 + 37 + 1);
});

Deno.test("thirty functions exist, each described with the fields of its messages", () => {
  const described = describeEnvFunctions();
  assert.equal(described.length, 30);
  assert.deepEqual(described.map(({ name }) => name), [...ENV_PERMISSIONS.keys()]);
  const all = new Map([...protoFiles(FOLDER).values()].flatMap((text) => [...readProto(text)]));
  const shapes = new Set(
    [...all.values()].map((fields) =>
      fields.map((field) => field.replace(/^(?:repeated |optional )?\S+ (\w+) = .*/, "$1")).join()
    ),
  );
  for (const { name, request, response } of described) {
    for (const shape of [request, response]) assert.ok(shapes.has(Object.keys(shape).join()), name);
  }
});

Deno.test("the worked bytes are written and read", () => {
  const { ArtistMBIDRequestSchema, ArtistMBIDResponseSchema } = artist;
  const full = { id: bytesOf("id"), name: bytesOf("Beatles") };
  assert.deepEqual(
    writeMessage(ArtistMBIDRequestSchema, full),
    hex("0a 02 69 64 12 07 42 65 61 74 6c 65 73"),
  );
  assert.deepEqual(
    writeMessage(ArtistMBIDRequestSchema, { id: bytesOf("id") }),
    hex("0a 02 69 64"),
  );
  assert.deepEqual(writeMessage(ArtistMBIDRequestSchema, {}), hex(""));
  const answer = readMessage(ArtistMBIDResponseSchema, hex("0a 0a 31 32 33 34 35 36 37 38 39 30"));
  assert.equal(textOf(answer.mbid), "1234567890");
});

Deno.test("what is zero or empty is not written; what is set is, even if it is empty", () => {
  assert.equal(writeMessage(cache.SetIntRequestSchema, { key: bytesOf(""), value: 0n }).length, 0);
  assert.equal(writeMessage(cache.SetFloatRequestSchema, { value: 0 }).length, 0);
  assert.equal(writeMessage(cache.GetStringResponseSchema, { exists: false }).length, 0);
  assert.deepEqual(writeMessage(cache.GetStringResponseSchema, { exists: true }), hex("08 01"));
  assert.deepEqual(writeMessage(album.AlbumInfoResponseSchema, { info: {} }), hex("0a 00"));
  assert.equal(readMessage(album.AlbumInfoResponseSchema, hex("")).info, undefined);
  assert.notEqual(readMessage(album.AlbumInfoResponseSchema, hex("0a 00")).info, undefined);
});

Deno.test("negative and 64-bit numbers are whole, doubles are little-endian", () => {
  const minus = "ff ff ff ff ff ff ff ff ff 01";
  assert.deepEqual(
    writeMessage(artist.ArtistSimilarRequestSchema, { limit: -1 }),
    hex(`20 ${minus}`),
  );
  assert.equal(readMessage(artist.ArtistSimilarRequestSchema, hex(`20 ${minus}`)).limit, -1);
  assert.deepEqual(writeMessage(cache.SetIntRequestSchema, { value: -1n }), hex(`10 ${minus}`));
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]) {
    const bytes = writeMessage(cache.SetIntRequestSchema, { value, ttlSeconds: value });
    const read = readMessage(cache.SetIntRequestSchema, bytes);
    assert.deepEqual([read.value, read.ttlSeconds], [value, value]);
  }
  assert.deepEqual(
    writeMessage(cache.SetFloatRequestSchema, { value: 1 }),
    hex("11 00 00 00 00 00 00 f0 3f"),
  );
  assert.equal(
    readMessage(cache.SetFloatRequestSchema, hex("11 00 00 00 00 00 00 f8 7f")).value,
    NaN,
  );
});

Deno.test("fields are written in order, and read in any; unknown ones are passed over", () => {
  const { ArtistURLRequestSchema } = artist;
  const bytes = writeMessage(ArtistURLRequestSchema, {
    mbid: bytesOf("m"),
    id: bytesOf("i"),
    name: bytesOf("n"),
  });
  assert.deepEqual(bytes, hex("0a 01 69 12 01 6e 1a 01 6d"));
  const read = readMessage(
    ArtistURLRequestSchema,
    hex("1a 01 6d 9a 06 02 ff ff 12 01 6e a0 06 05 0a 01 69 ad 06 00 00 00 00"),
  );
  assert.deepEqual([textOf(read.id), textOf(read.name), textOf(read.mbid)], ["i", "n", "m"]);
  // The last of a field counts.
  assert.equal(textOf(readMessage(ArtistURLRequestSchema, hex("0a 01 61 0a 01 62")).id), "b");
});

Deno.test("a map's entries have both their fields written, and one that lacks one has it empty", () => {
  const config = entriesOf(new Map([["", ""], ["k", "v"]]));
  assert.deepEqual(
    writeMessage(callbacks.InitRequestSchema, { config }),
    hex("0a 04 0a 00 12 00 0a 06 0a 01 6b 12 01 76"),
  );
  const read = readMessage(
    http.HttpResponseSchema,
    hex("1a 00 1a 03 0a 01 61 1a 03 12 01 62 1a 06 0a 01 61 12 01 63"),
  );
  assert.deepEqual([...mapOf(read.headers)], [["", "b"], ["a", "c"]]);
  assert.equal(toBinary(EntrySchema, create(EntrySchema)).length, 0);
});

const ODD = [
  { name: "empty", bytes: "" },
  { name: "ASCII", bytes: "61 62" },
  { name: "UTF-8 of two, three and four bytes", bytes: "c3 a9 e2 80 8b f0 9f 8e b7" },
  { name: "a byte-order mark", bytes: "ef bb bf 61" },
  { name: "NUL", bytes: "61 00 62" },
  { name: "a lone lead byte", bytes: "61 c3" },
  { name: "a lone continuation byte", bytes: "80 61 bf" },
  { name: "an overlong slash", bytes: "c0 af e0 80 af" },
  { name: "a surrogate in UTF-8", bytes: "ed a0 80 ed b2 80" },
  { name: "beyond U+10FFFF", bytes: "f4 90 80 80 f5 80 80 80" },
  { name: "cut off characters", bytes: "f0 9f 8e 61 e2 80" },
  {
    name: "all bytes",
    bytes: Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0")).join(""),
  },
];

promise("a text that is not UTF-8 comes back as it was", ODD, ({ bytes }) => {
  const text = textOf(hex(bytes));
  assert.deepEqual(bytesOf(text), hex(bytes));
  assert.deepEqual(bytesOf(JSON.parse(JSON.stringify(text))), hex(bytes));
  assert.ok(shownText(hex(bytes)).isWellFormed());
});

Deno.test("no two texts of random bytes become one, and each comes back", () => {
  const seen = new Map<string, string>();
  for (let i = 0; i < 20_000; i++) {
    const bytes = crypto.getRandomValues(new Uint8Array(1 + i % 7));
    if (i % 2 === 0) bytes[0] = 0xe0 + (i % 32);
    const text = textOf(bytes);
    assert.deepEqual(bytesOf(text), bytes);
    assert.equal(seen.get(text) ?? bytes.toHex(), bytes.toHex());
    seen.set(text, bytes.toHex());
  }
});

Deno.test("a message is read only as far as an honest one goes", () => {
  const many = (count: number, ...field: number[]) =>
    Uint8Array.from({ length: count * field.length }, (_, i) => field[i % field.length]!);
  const { ArtistSimilarResponseSchema } = artist;
  assert.equal(
    readMessage(ArtistSimilarResponseSchema, many(65_536, 0x0a, 0)).artists.length,
    65_536,
  );
  assert.throws(
    () => readMessage(ArtistSimilarResponseSchema, many(65_537, 0x0a, 0)),
    /more than 65536 fields/,
  );
  // The same within a part, and known or not.
  const inner = many(70_000, 0x0a, 0);
  const length = [0x80 | inner.length & 127, 0x80 | inner.length >> 7 & 127, inner.length >> 14];
  assert.throws(
    () => readMessage(album.AlbumInfoResponseSchema, Uint8Array.from([0x0a, ...length, ...inner])),
    /more than 65536 fields/,
  );
  assert.throws(
    () => readMessage(ArtistSimilarResponseSchema, many(70_000, 0x78, 0)),
    /more than 65536 fields/,
  );
  assert.throws(() => readMessage(ArtistSimilarResponseSchema, many(1_000, 0x0b)), /group/);
  assert.throws(() => readMessage(ArtistSimilarResponseSchema, Uint8Array.of(0x0a, 5)), RangeError);
  assert.throws(() => readMessage(ArtistSimilarResponseSchema, Uint8Array.of(0xff, 0xff)), Error);
});

Deno.test("a track goes out with all its fields, empty ones left out", () => {
  const bytes = writeMessage(scrobbler.ScrobblerScrobbleRequestSchema, {
    username: bytesOf("u"),
    track: { name: bytesOf("T"), artists: [{ name: bytesOf("A") }, {}], length: 300 },
    timestamp: 1_700_000_000n,
  });
  assert.deepEqual(
    bytes,
    hex("12 01 75 1a 0d 1a 01 54 32 03 0a 01 41 32 00 40 ac 02 20 80 e2 cf aa 06"),
  );
});

promise("an instant is written with the offset of its zone, without zeros at its end", [
  { name: "UTC", ms: Date.UTC(2024, 0, 2, 3, 4, 5), zone: "UTC", text: "2024-01-02T03:04:05Z" },
  {
    name: "a fraction",
    ms: Date.UTC(2024, 0, 2, 3, 4, 5, 120),
    zone: "UTC",
    text: "2024-01-02T03:04:05.12Z",
  },
  {
    name: "full seconds that end in zeros",
    ms: Date.UTC(2024, 0, 2, 3, 0, 0),
    zone: "UTC",
    text: "2024-01-02T03:00:00Z",
  },
  {
    name: "east",
    ms: Date.UTC(2024, 0, 2, 20),
    zone: "Asia/Kolkata",
    text: "2024-01-03T01:30:00+05:30",
  },
  {
    name: "west, in summer",
    ms: Date.UTC(2024, 6, 2, 1),
    zone: "America/New_York",
    text: "2024-07-01T21:00:00-04:00",
  },
  {
    name: "west of half an hour",
    ms: Date.UTC(2024, 0, 2, 1),
    zone: "America/St_Johns",
    text: "2024-01-01T21:30:00-03:30",
  },
], ({ ms, zone, text }) => {
  assert.equal(rfc3339(ms, zone), text);
  assert.equal(Date.parse(text), ms);
});
