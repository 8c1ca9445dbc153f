import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { Lyrics, LyricsProviders, parseLyrics } from "../src/capabilities/mod.ts";
import { FakeClock, settle } from "./services_cases/harness.ts";
import { fakeGuest, fault, Held } from "./support/fake_guest.ts";
import { promise } from "./support/promises.ts";

const TRACK = { id: "1", libraryId: 2, title: "T", artist: "A", path: "a/t.flac", duration: 61.5 };
const line = (startMs: number, text: string) => ({ startMs, text });

interface Text {
  readonly name: string;
  readonly text: string;
  readonly lyrics: object[];
}

const XXX = { lang: "xxx", synced: true };

const TEXTS: readonly Text[] = [
  { name: "nothing", text: "", lyrics: [] },
  { name: "blanks", text: " \n\t\r\n ", lyrics: [] },
  {
    name: "plain text, its blank lines left out",
    text: "\ufeffone\r\n\r\n  two \n",
    lyrics: [{ lang: "xxx", synced: false, lines: [{ text: "one" }, { text: "two" }] }],
  },
  {
    name: "control characters",
    text: "a\u0000b\u001b[31m\nc",
    lyrics: [{ lang: "xxx", synced: false, lines: [{ text: "a b [31m" }, { text: "c" }] }],
  },
  {
    name: "LRC with tags, fractions and hours",
    text:
      "[ar:Nina Simone]\n[ti:Sinnerman]\n[lang:eng]\n[offset:-250]\n[00:01]a\n[00:02.5]b\n[00:03.25] c \n[1:00:04.125]d",
    lyrics: [{
      lang: "eng",
      synced: true,
      displayArtist: "Nina Simone",
      displayTitle: "Sinnerman",
      offsetMs: -250,
      lines: [line(1000, "a"), line(2500, "b"), line(3250, "c"), line(3_604_125, "d")],
    }],
  },
  {
    name: "LRC: a line sung twice stands at both times, in order",
    text: "[00:01.00][00:09.00]chorus\n[00:05.00]verse",
    lyrics: [{ ...XXX, lines: [line(1000, "chorus"), line(5000, "verse"), line(9000, "chorus")] }],
  },
  {
    name: "LRC: a line without a time goes on with the one before it",
    text: "before all\n[00:01.00]one\nmore\n\n[00:02.00]\n[00:03.00]three [00:04.00] four",
    lyrics: [{
      ...XXX,
      lines: [line(1000, "one\nmore"), line(2000, ""), line(3000, "three [00:04.00] four")],
    }],
  },
  {
    name: "enhanced LRC, its words' times left out",
    text: "[00:01.00]<00:01.00>Oh <00:01.50>sinner<00:02.00>man",
    lyrics: [{ ...XXX, lines: [line(1000, "Oh sinnerman")] }],
  },
  {
    name: "LRC: a broken offset",
    text: "[offset:soon]\n[00:01]a",
    lyrics: [{ ...XXX, lines: [line(1000, "a")] }],
  },
  {
    name: "SubRip",
    text:
      "1\r\n00:00:01,000 --> 00:00:02,500\r\nOne\r\nmore\r\n\r\n2\r\n01:00:03.5 --> 01:00:04.05\r\n Two ",
    lyrics: [{
      ...XXX,
      lines: [
        { startMs: 1000, endMs: 2500, text: "One\nmore" },
        { startMs: 3_603_500, endMs: 3_604_050, text: "Two" },
      ],
    }],
  },
  {
    name: "SubRip: blocks without text or numbers",
    text: "00:00:01,000 --> 00:00:02,000\n\n\nnothing here\n\n00:00:03,000 --> 00:00:04,000\nx",
    lyrics: [{ ...XXX, lines: [{ startMs: 3000, endMs: 4000, text: "x" }] }],
  },
  {
    name: "what only looks like SubRip is plain text",
    text: "1\nsoon --> later\nx",
    lyrics: [{
      lang: "xxx",
      synced: false,
      lines: [{ text: "1" }, { text: "soon --> later" }, { text: "x" }],
    }],
  },
  {
    name: "a YAML lyrics file with lines and words",
    text: `version: "1.0"
metadata: {title: T, artist: A, language: EN, offset_ms: 120}
lines:
  - {text: one, start_ms: 1000}
  - text: ignored
    start_ms: 2000
    words: [{text: "tw", start_ms: 2000}, {text: "o", start_ms: 2100, end_ms: 2500}]
  - {text: three, start_ms: 3000}
`,
    lyrics: [{
      lang: "en",
      synced: true,
      displayArtist: "A",
      displayTitle: "T",
      offsetMs: 120,
      lines: [
        { startMs: 1000, endMs: 2000, text: "one" },
        { startMs: 2000, endMs: 2500, text: "two" },
        { startMs: 3000, text: "three" },
      ],
    }],
  },
  {
    name: "a YAML lyrics file of plain text, its version no text",
    text: "version: 1.0\nplain: |\n  one\n\n  two\n",
    lyrics: [{ lang: "xxx", synced: false, lines: [{ text: "one" }, { text: "two" }] }],
  },
  {
    name: "a YAML lyrics file in JSON, of an instrumental",
    text: `{"version": "1.0", "metadata": {"instrumental": true}}`,
    lyrics: [{ lang: "xxx", synced: false, lines: [] }],
  },
  {
    name: "YAML of another version is plain text",
    text: "version: 2.0\nplain: x",
    lyrics: [{
      lang: "xxx",
      synced: false,
      lines: [{ text: "version: 2.0" }, { text: "plain: x" }],
    }],
  },
  {
    name: "TTML: clock times, offsets, what is inherited, breaks, languages",
    text: `<?xml version="1.0" encoding="utf-16"?>
<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="EN" xmlns:ttm="http://www.w3.org/ns/ttml#metadata">
<head><metadata><ttm:agent type="person"><ttm:name>P</ttm:name></ttm:agent></metadata></head>
<body><div begin="10s" end="01:00.000">
  <p begin="00:00:11.500" end="12.25">One<br/>more &amp; <span begin="1s">more</span></p>
  <p begin="2s" dur="500ms">Two</p>
  <p>Three</p><p begin="tomorrow">never</p><p begin="3s"> </p>
  <p xml:lang="de" begin="1:02">Vier</p>
</div></body></tt>`,
    lyrics: [
      {
        lang: "en",
        synced: true,
        lines: [
          { startMs: 11_500, endMs: 12_250, text: "One\nmore & more" },
          { startMs: 12_000, endMs: 12_500, text: "Two" },
          { startMs: 10_000, endMs: 60_000, text: "Three" },
        ],
      },
      { lang: "de", synced: true, lines: [{ startMs: 62_000, endMs: 60_000, text: "Vier" }] },
    ],
  },
  {
    name: "TTML: frames, ticks, bare seconds, no times, a translation left out",
    text:
      `<t:tt xmlns:t="x" frameRate="25" tickRate="1000" frameRateMultiplier="1 2"><t:body><t:p begin="0:0:1:5">a</t:p><t:p begin="1500t">b</t:p><t:p begin="25f">c</t:p><t:p begin="0.170">d</t:p><t:p><![CDATA[e<]]></t:p><t:translation><t:p begin="1s">x</t:p></t:translation></t:body></t:tt>`,
    lyrics: [{
      ...XXX,
      lines: [line(1400, "a"), line(1500, "b"), line(2000, "c"), line(170, "d"), { text: "e<" }],
    }],
  },
  { name: "TTML without a line", text: "<tt><body/></tt>", lyrics: [] },
  { name: "TTML that breaks off", text: `<tt><body><p begin="1s">a</p>`, lyrics: [] },
  {
    name: "TTML with entities of its own, which are not resolved",
    text: `<!DOCTYPE tt [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><tt><p begin="1s">&b;</p></tt>`,
    lyrics: [],
  },
  {
    name: "another document is plain text",
    text: "<html><tt >x</tt></html>",
    lyrics: [{ lang: "xxx", synced: false, lines: [{ text: "<html><tt >x</tt></html>" }] }],
  },
  { name: "TTML a thousand deep", text: "<tt>".repeat(1000), lyrics: [] },
  { name: "a text of two million characters", text: "la\n".repeat(700_000), lyrics: [] },
];

promise("lyrics are read in every format, in upstream's order", TEXTS, ({ text, lyrics }) => {
  deepStrictEqual(parseLyrics(text, "xxx"), lyrics);
});

const A = "a".repeat(1000);
const HOSTILE: readonly { readonly name: string; readonly text: string }[] = [
  { name: "YAML aliases", text: `version: "1.0"\na: &a [x,x]\nb: &b [*a,*a]\nplain: [*b,*b]\n` },
  { name: "YAML nesting", text: `version: "1.0"\nplain: ${"[".repeat(100_000)}` },
  { name: "YAML flow maps", text: `{version: "1.0", ${"{a: ".repeat(50_000)}` },
  { name: "YAML keys", text: `version: "1.0"\n${"? a\n".repeat(50_000)}` },
  { name: "a prototype", text: `version: "1.0"\n__proto__: {x: 1}\nconstructor: x\nplain: p` },
  { name: "LRC times without end", text: "[00:01]".repeat(140_000) },
  { name: "LRC openers", text: `[00:01]${"[".repeat(900_000)}` },
  { name: "LRC word openers", text: `[00:01]${"<".repeat(900_000)}` },
  { name: "LRC tags", text: `[00:01]x\n${"[ar:".repeat(200_000)}` },
  { name: "SubRip arrows", text: "-->".repeat(300_000) },
  { name: "SubRip blocks", text: "1\n00:00:01,000 --> 00:00:02,000\nx\n\n".repeat(20_000) },
  {
    name: "XML attributes",
    text: `<tt ${Array.from({ length: 20_000 }, (_, i) => `a${i}="${i}"`).join(" ")}>`,
  },
  { name: "XML comments", text: `<!--${"-".repeat(900_000)}` },
  { name: "XML doctype", text: `<!DOCTYPE tt [${"<!ENTITY a 'b'>".repeat(50_000)}]><tt/>` },
  { name: "XML paragraphs", text: `<tt>${"<p>x</p>".repeat(100_000)}</tt>` },
  { name: "XML text", text: `<tt><p>${`${A}&lt;`.repeat(900)}</p></tt>` },
  {
    name: "TTML numbers",
    text:
      `<tt frameRate="0" tickRate="1e999" frameRateMultiplier="0 0"><p begin="9999999999999999f">x</p><p begin="1f">y</p></tt>`,
  },
  { name: "lone surrogates", text: "[00:01]\ud800\n[00:02]\udc00" },
];

promise("hostile lyrics end quickly, with bounded lines and sound numbers", HOSTILE, ({ text }) => {
  const start = performance.now();
  const all = parseLyrics(text, "xxx");
  const tookMs = performance.now() - start;
  ok(tookMs < 5_000, `took ${tookMs} ms`);
  for (const { lines } of all) {
    ok(lines.length <= 10_000);
    for (const { startMs = 0, endMs = 0 } of lines) {
      ok(Number.isSafeInteger(startMs) && Number.isSafeInteger(endMs));
    }
  }
});

Deno.test("lyrics: the plugin is sent the track, and what it gives is read; entries without words are left out", async () => {
  const plugin = fakeGuest("p", {
    nd_lyrics_get_lyrics: () => ({
      lyrics: [
        { lang: "eng", text: "[00:01]one" },
        { text: "  " },
        { lang: "deu", text: "<tt><broken" },
        { text: "two" },
        null,
      ],
    }),
  }, { users: [], libraries: [] });
  deepStrictEqual(await new Lyrics(plugin).ofTrack(TRACK), {
    kind: "found",
    value: [
      { lang: "eng", synced: true, lines: [{ startMs: 1000, text: "one" }] },
      { lang: "xxx", synced: false, lines: [{ text: "two" }] },
    ],
  });
  const track = {
    id: "1",
    title: "T",
    album: "",
    artist: "A",
    albumArtist: "",
    artists: [],
    albumArtists: [],
    duration: 61.5,
    trackNumber: 0,
    discNumber: 0,
  };
  deepStrictEqual(plugin.calls, [{ name: "nd_lyrics_get_lyrics", input: { track } }]);
});

Deno.test("lyrics: a plugin without any is passed by, one that fails is told of", async () => {
  const plugins = [
    fakeGuest("a", { nd_lyrics_get_lyrics: () => ({ lyrics: [{ text: "" }] }) }),
    fakeGuest("b", { nd_lyrics_get_lyrics: () => ({}) }),
  ];
  const all = new LyricsProviders({ plugins: () => plugins, clock: new FakeClock() });
  deepStrictEqual(await all.ofTrack(TRACK), { kind: "not_found", asked: ["a", "b"] });
  plugins.push(fakeGuest("c", {
    nd_lyrics_get_lyrics: () => {
      throw fault("guest.error", "the lyrics service is down");
    },
  }));
  const answer = await all.ofTrack(TRACK);
  equal(answer.kind === "fault" && answer.error.detail, "the lyrics service is down");
  plugins.push(fakeGuest("d", { nd_lyrics_get_lyrics: () => ({ lyrics: [{ text: "la" }] }) }));
  const found = await all.ofTrack(TRACK);
  equal(found.kind === "found" && found.plugin, "d");
});

Deno.test("lyrics: two calls of a plugin run at once, whoever makes them; who waits may give up", async () => {
  const held = new Held();
  const plugin = fakeGuest("p", { nd_lyrics_get_lyrics: held.wait });
  const other = fakeGuest("q", { nd_lyrics_get_lyrics: () => ({ lyrics: [{ text: "q" }] }) });
  const leaver = new AbortController();
  const asks = [
    new Lyrics(plugin).ofTrack(TRACK),
    new Lyrics(plugin).ofTrack(TRACK),
    new Lyrics(plugin, { signal: leaver.signal }).ofTrack(TRACK),
    new Lyrics(plugin).ofTrack(TRACK),
  ];
  await settle();
  equal(plugin.calls.length, 2);
  equal((await new Lyrics(other).ofTrack(TRACK)).kind, "found", "another plugin has its own turns");
  leaver.abort();
  const left = await asks[2];
  equal(left?.kind === "fault" && left.error.code, "call.cancelled");
  equal(plugin.calls.length, 2);
  held.answer({ lyrics: [{ text: "1" }] });
  await settle();
  equal(plugin.calls.length, 3, "the one who waited on, not the one who left");
  for (let left = held.count; left > 0; left--) held.answer({ lyrics: [{ text: "x" }] });
  for (const ask of [asks[0], asks[1], asks[3]]) equal((await ask)?.kind, "found");
  equal((await new Lyrics(plugin, { signal: AbortSignal.abort() }).ofTrack(TRACK)).kind, "fault");
});
