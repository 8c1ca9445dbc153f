import assert from "node:assert/strict";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { DescMessage } from "@bufbuild/protobuf";
import type { GuestOutcome } from "../src/cell/mod.ts";
import type { Manifest } from "../src/manifest/mod.ts";
import { protobufPlugin } from "../src/protobuf/mod.ts";
import { writeMessage } from "../src/protobuf/message.ts";
import * as album from "../src/protobuf/messages/api/album_agent_pb.ts";
import * as artist from "../src/protobuf/messages/api/artist_agent_pb.ts";
import * as callbacks from "../src/protobuf/messages/api/callbacks_pb.ts";
import * as scrobbler from "../src/protobuf/messages/api/scrobbler_pb.ts";
import { bytesOf } from "../src/protobuf/text.ts";
import { promise } from "./support/promises.ts";

const NOW = Date.UTC(2024, 0, 2);
const ALL = [
  "MetadataAgent",
  "Scrobbler",
  "SchedulerCallback",
  "WebSocketCallback",
  "LifecycleManagement",
];

async function guestOf(capabilities: readonly string[], settings = {}) {
  const { guest } = await protobufPlugin({ capabilities } as Manifest, settings, () => NOW);
  return guest;
}
const GUEST = await guestOf(ALL, { Key: "é" });
const text = (value: string) => new TextEncoder().encode(value);
const base64 = (value: string) => bytesOf(value).toBase64();

/** Texts of a message's JSON, where protobuf has bytes. */
function readable(value: unknown, bytes: ReadonlySet<string>, name = ""): unknown {
  if (typeof value === "string" && !bytes.has(name) && !/^-?\d+$/.test(value)) {
    return new TextDecoder().decode(Uint8Array.fromBase64(value));
  }
  if (Array.isArray(value)) return value.map((item) => readable(item, bytes, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, readable(item, bytes, key)]),
  );
}

const ASKED: readonly {
  readonly name: string;
  readonly input: object;
  readonly method: string;
  readonly schema: DescMessage;
  readonly message: object;
}[] = [
  {
    name: "nd_get_artist_mbid",
    input: { id: "1", name: "Björk" },
    method: "metadata_agent_get_artist_mbid",
    schema: artist.ArtistMBIDRequestSchema,
    message: { id: "MQ==", name: base64("Björk") },
  },
  {
    name: "nd_get_artist_url",
    input: { id: "a", name: "b", mbid: "c" },
    method: "metadata_agent_get_artist_url",
    schema: artist.ArtistURLRequestSchema,
    message: { id: "a", name: "b", mbid: "c" },
  },
  {
    name: "nd_get_artist_biography",
    input: { id: "a", name: "b" },
    method: "metadata_agent_get_artist_biography",
    schema: artist.ArtistBiographyRequestSchema,
    message: { id: "a", name: "b" },
  },
  {
    name: "nd_get_similar_artists",
    input: { id: "a", name: "b", limit: 1e12 },
    method: "metadata_agent_get_similar_artists",
    schema: artist.ArtistSimilarRequestSchema,
    message: { id: "a", name: "b", limit: 2 ** 31 - 1 },
  },
  {
    name: "nd_get_artist_images",
    input: { name: "b" },
    method: "metadata_agent_get_artist_images",
    schema: artist.ArtistImageRequestSchema,
    message: { name: "b" },
  },
  {
    name: "nd_get_artist_top_songs",
    input: { id: "a", name: "b", count: 5 },
    method: "metadata_agent_get_artist_top_songs",
    schema: artist.ArtistTopSongsRequestSchema,
    message: { id: "a", artistName: "b", count: 5 },
  },
  {
    name: "nd_get_album_info",
    input: { name: "b", artist: "c", mbid: "d" },
    method: "metadata_agent_get_album_info",
    schema: album.AlbumInfoRequestSchema,
    message: { name: "b", artist: "c", mbid: "d" },
  },
  {
    name: "nd_get_album_images",
    input: { name: "b", artist: "c" },
    method: "metadata_agent_get_album_images",
    schema: album.AlbumImagesRequestSchema,
    message: { name: "b", artist: "c" },
  },
  {
    name: "nd_scrobbler_is_authorized",
    input: { username: "ann" },
    method: "scrobbler_is_authorized",
    schema: scrobbler.ScrobblerIsAuthorizedRequestSchema,
    message: { userId: "ann", username: "ann" },
  },
  {
    name: "nd_scrobbler_now_playing",
    input: {
      username: "ann",
      position: 12,
      track: {
        ...{
          id: "t",
          title: "T",
          album: "A",
          artist: "x",
          duration: 61.9,
          mbzRecordingId: "r",
          mbzAlbumId: "m",
        },
        artists: [{ id: "i", name: "n", mbid: "b" }, { name: "o" }],
        albumArtists: [{ name: "p" }],
      },
    },
    method: "scrobbler_now_playing",
    schema: scrobbler.ScrobblerNowPlayingRequestSchema,
    message: {
      ...{ userId: "ann", username: "ann", timestamp: String(NOW / 1000) },
      track: {
        ...{ id: "t", mbid: "r", name: "T", album: "A", albumMbid: "m", length: 61, position: 12 },
        artists: [{ name: "n", mbid: "b" }, { name: "o" }],
        albumArtists: [{ name: "p" }],
      },
    },
  },
  {
    name: "nd_scrobbler_scrobble",
    input: { username: "ann", timestamp: 17, track: { id: "t", title: "T" } },
    method: "scrobbler_scrobble",
    schema: scrobbler.ScrobblerScrobbleRequestSchema,
    message: { userId: "ann", username: "ann", timestamp: "17", track: { id: "t", name: "T" } },
  },
  {
    name: "nd_scheduler_callback",
    input: { scheduleId: "s", payload: "p", isRecurring: true },
    method: "scheduler_callback_on_scheduler_callback",
    schema: callbacks.SchedulerCallbackRequestSchema,
    message: { scheduleId: "s", payload: "p", isRecurring: true },
  },
  {
    name: "nd_on_init",
    input: {},
    method: "lifecycle_management_on_init",
    schema: callbacks.InitRequestSchema,
    message: { config: [{ key: "key", value: "é" }, { key: "Key", value: "é" }] },
  },
  {
    name: "nd_websocket_on_text_message",
    input: { connectionId: "c", message: "m" },
    method: "web_socket_callback_on_text_message",
    schema: callbacks.OnTextMessageRequestSchema,
    message: { connectionId: "c", message: "m" },
  },
  {
    name: "nd_websocket_on_binary_message",
    input: { connectionId: "c", data: "YWI=" },
    method: "web_socket_callback_on_binary_message",
    schema: callbacks.OnBinaryMessageRequestSchema,
    message: { connectionId: "c", data: "ab" },
  },
  {
    name: "nd_websocket_on_error",
    input: { connectionId: "c", error: "e" },
    method: "web_socket_callback_on_error",
    schema: callbacks.OnErrorRequestSchema,
    message: { connectionId: "c", error: "e" },
  },
  {
    name: "nd_websocket_on_close",
    input: { connectionId: "c", code: 4004, reason: "r" },
    method: "web_socket_callback_on_close",
    schema: callbacks.OnCloseRequestSchema,
    message: { connectionId: "c", code: 4004, reason: "r" },
  },
];

promise(
  "Each of the seventeen methods is asked by today's name and JSON",
  ASKED,
  ({ name, input, method, schema, message }) => {
    const question = GUEST.question(name, text(JSON.stringify(input)));
    assert.equal(question.export, method);
    const json = toJson(schema, fromBinary(schema, question.input));
    const wanted = name === "nd_get_artist_mbid" ? json : readable(json, new Set());
    assert.deepEqual(wanted, message);
  },
);

const returned = (output: Uint8Array): GuestOutcome => ({ kind: "returned", code: 0, output });
const failed = (
  error: string,
): GuestOutcome => ({ ...returned(new Uint8Array()) as object, error } as GuestOutcome);

/** The JSON of an answer; "" where it is empty. */
function answered(name: string, output: Uint8Array): string {
  const outcome = GUEST.answer(name, returned(output));
  assert.ok(outcome.kind === "returned" && outcome.code === 0 && outcome.error === undefined);
  return new TextDecoder().decode(outcome.output);
}
const b = bytesOf;

promise("Each answer is today's JSON", [
  {
    name: "nd_get_artist_mbid",
    output: writeMessage(artist.ArtistMBIDResponseSchema, { mbid: b("m") }),
    json: { mbid: "m" },
  },
  { name: "nd_get_artist_mbid", output: b(""), json: { mbid: "" } },
  {
    name: "nd_get_artist_url",
    output: writeMessage(artist.ArtistURLResponseSchema, { url: b("u") }),
    json: { url: "u" },
  },
  {
    name: "nd_get_artist_biography",
    output: Uint8Array.of(0x0a, 3, 0x61, 0xff, 0x62),
    json: { biography: "a\ufffdb" },
  },
  {
    name: "nd_get_similar_artists",
    output: writeMessage(artist.ArtistSimilarResponseSchema, {
      artists: [{ name: b("é"), mbid: b("m") }, {}],
    }),
    json: { artists: [{ name: "é", mbid: "m" }, { name: "", mbid: "" }] },
  },
  {
    name: "nd_get_artist_images",
    output: writeMessage(artist.ArtistImageResponseSchema, {
      images: [{ url: b("u"), size: 300 }, { url: b("v") }],
    }),
    json: { images: [{ url: "u", size: 300 }, { url: "v", size: 0 }] },
  },
  { name: "nd_get_artist_images", output: b(""), json: { images: [] } },
  {
    name: "nd_get_artist_top_songs",
    output: writeMessage(artist.ArtistTopSongsResponseSchema, {
      songs: [{ name: b("s"), mbid: b("m") }],
    }),
    json: { songs: [{ name: "s", mbid: "m" }] },
  },
  {
    name: "nd_get_album_info",
    output: writeMessage(album.AlbumInfoResponseSchema, { info: { name: b("n"), url: b("u") } }),
    json: { name: "n", mbid: "", description: "", url: "u" },
  },
  {
    name: "nd_get_album_info",
    output: writeMessage(album.AlbumInfoResponseSchema, { info: {} }),
    json: { name: "", mbid: "", description: "", url: "" },
  },
  { name: "nd_get_album_info", output: b(""), json: undefined },
  {
    name: "nd_get_album_images",
    output: writeMessage(album.AlbumImagesResponseSchema, { images: [{ url: b("u"), size: -1 }] }),
    json: { images: [{ url: "u", size: -1 }] },
  },
  { name: "nd_scrobbler_is_authorized", output: Uint8Array.of(8, 1), json: true },
  { name: "nd_scrobbler_is_authorized", output: b(""), json: false },
  { name: "nd_scrobbler_now_playing", output: b(""), json: undefined },
  { name: "nd_scheduler_callback", output: b(""), json: undefined },
  { name: "nd_on_init", output: b(""), json: undefined },
  { name: "nd_websocket_on_close", output: b(""), json: undefined },
], ({ name, output, json }) => {
  const found = answered(name, output);
  assert.deepEqual(found === "" ? undefined : JSON.parse(found), json);
});

const METADATA = "nd_get_artist_mbid";
const NOT_FOUND = "plugin:not_found";
const NOT_IMPLEMENTED = "plugin:not_implemented";
/** What a response with an error field of this text is. */
const inside = (error: string) =>
  returned(writeMessage(callbacks.InitResponseSchema, { error: b(error) }));
const nothing = { kind: "returned", code: 0, output: new Uint8Array() };

promise("Two texts of errors mean something, and others are errors", [
  { name: "not found, of metadata", export: METADATA, outcome: failed(NOT_FOUND), is: nothing },
  {
    name: "not implemented, of metadata",
    export: METADATA,
    outcome: failed(NOT_IMPLEMENTED),
    is: { ...nothing, code: -2 },
  },
  {
    name: "not implemented, of a scrobbler",
    export: "nd_scrobbler_scrobble",
    outcome: failed(NOT_IMPLEMENTED),
    is: { ...nothing, code: -2 },
  },
  {
    name: "not found, of a scrobbler",
    export: "nd_scrobbler_scrobble",
    outcome: failed(NOT_FOUND),
    is: { ...nothing, error: NOT_FOUND },
  },
  {
    name: "not found, of OnInit",
    export: "nd_on_init",
    outcome: failed(NOT_FOUND),
    is: { ...nothing, error: NOT_FOUND },
  },
  {
    name: "another text",
    export: METADATA,
    outcome: failed("plugin:not_found "),
    is: { ...nothing, error: "plugin:not_found " },
  },
  {
    name: "an error without a text",
    export: METADATA,
    outcome: failed(""),
    is: { ...nothing, error: "" },
  },
  {
    name: "an error in the response of OnInit",
    export: "nd_on_init",
    outcome: inside("no"),
    is: { ...nothing, error: "no" },
  },
  {
    name: "an error in the response of a callback",
    export: "nd_scheduler_callback",
    outcome: inside("no"),
    is: { ...nothing, error: "no" },
  },
  {
    name: "an error in the response of a scrobble",
    export: "nd_scrobbler_scrobble",
    outcome: inside("no"),
    is: { ...nothing, error: "no" },
  },
  {
    name: "not implemented in a response",
    export: "nd_scheduler_callback",
    outcome: inside(NOT_IMPLEMENTED),
    is: { ...nothing, code: -2 },
  },
  { name: "an empty error in a response", export: "nd_on_init", outcome: inside(""), is: nothing },
  {
    name: "an error beside a yes",
    export: "nd_scrobbler_is_authorized",
    outcome: returned(Uint8Array.of(8, 1, 0x12, 1, 0x78)),
    is: { ...nothing, error: "x" },
  },
  {
    name: "a trap",
    export: METADATA,
    outcome: { kind: "trapped", text: "t" } as GuestOutcome,
    is: { kind: "trapped", text: "t" },
  },
  {
    name: "a deadline",
    export: METADATA,
    outcome: { kind: "deadline" } as GuestOutcome,
    is: { kind: "deadline" },
  },
  {
    name: "an exit",
    export: METADATA,
    outcome: { kind: "exited", code: 0 } as GuestOutcome,
    is: { kind: "exited", code: 0 },
  },
], ({ export: name, outcome, is }) => {
  assert.deepEqual({ ...GUEST.answer(name, outcome) }, is);
});

Deno.test("An answer that is no message is a fault of the plugin", () => {
  for (const output of ["0a05", "ff", "0801", "0b0c"]) {
    assert.throws(() => GUEST.answer(METADATA, returned(Uint8Array.fromHex(output))), {
      code: "guest.output_invalid",
    });
  }
});

promise("Input that is not what an export takes is refused before the guest is called", [
  { name: "no JSON", input: "{" },
  { name: "no object", input: "[]" },
  { name: "a text", input: '"x"' },
  { name: "a name that is no text", input: '{"name":5}' },
  { name: "a limit that is no number", input: '{"limit":"5"}', export: "nd_get_similar_artists" },
  {
    name: "a list that is none",
    input: '{"track":{"artists":{}}}',
    export: "nd_scrobbler_scrobble",
  },
  { name: "a track that is none", input: '{"track":[]}', export: "nd_scrobbler_scrobble" },
  {
    name: "data that is no base64",
    input: '{"data":"*"}',
    export: "nd_websocket_on_binary_message",
  },
], ({ input, export: name = METADATA }: { input: string; export?: string }) => {
  assert.throws(() => GUEST.question(name, text(input)), { code: "guest.input_invalid" });
});

promise("What is missing or null in the input is empty", [
  { name: "nothing at all", input: "" },
  { name: "null", input: "null" },
  { name: "an empty object", input: "{}" },
  { name: "null fields", input: '{"id":null,"name":null,"toString":1,"__proto__":{"id":"x"}}' },
], ({ input }) => {
  assert.equal(GUEST.question(METADATA, text(input)).input.length, 0);
});

Deno.test("What the manifest does not list cannot be asked, whatever the module exports", async () => {
  const guest = await guestOf(["Scrobbler", "constructor", "Nonsense"]);
  assert.deepEqual([...guest.exports], [
    "nd_scrobbler_is_authorized",
    "nd_scrobbler_now_playing",
    "nd_scrobbler_scrobble",
  ]);
  for (const name of [METADATA, "nd_on_init", "scrobbler_scrobble", "malloc", "__proto__"]) {
    assert.throws(() => guest.question(name, text("{}")), { code: "guest.export_unknown" }, name);
  }
});
