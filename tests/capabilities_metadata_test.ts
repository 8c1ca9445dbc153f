import assert from "node:assert/strict";
import { type Answer, detectCapabilities, MetadataAgent } from "../src/capabilities/mod.ts";
import { agentGuest, kernelGuest } from "./support/kernel_guest.ts";
import { TestData } from "./support/plugins_folder.ts";

interface Question {
  readonly export: string;
  readonly ask: (agent: MetadataAgent, name: string) => Promise<Answer<unknown>>;
  /** What the guest is sent, with `name` among it, in the order of its keys. */
  readonly sent: (name: string) => object;
  /** What it answers, and what comes of that. */
  readonly found: readonly (readonly [answer: object, value: unknown])[];
  /** Answers that hold nothing. */
  readonly nothing: readonly object[];
  /** Answers of the wrong shape. */
  readonly wrong: readonly object[];
}

const artist = (name: string) => ({ id: "7", name, mbid: "m-7" });
const noMbid = (name: string) => ({ id: "7", name });
const EMPTY_SONG = { id: "", name: "", mbid: "", isrc: "", artists: [], album: "", albumMbid: "" };

const IMAGES: Pick<Question, "found" | "nothing" | "wrong"> = {
  found: [
    [{ images: [{ url: "u", size: 300 }, { url: "v" }] }, [
      { url: "u", size: 300 },
      { url: "v", size: 0 },
    ]],
    [{ images: [null] }, [{ url: "", size: 0 }]],
  ],
  nothing: [{}, { images: null }, { images: [] }],
  wrong: [{ images: {} }, { images: ["u"] }, { images: [{ url: 1 }] }, {
    images: [{ size: "3" }],
  }],
};

const SONGS: Pick<Question, "found" | "nothing" | "wrong"> = {
  found: [
    [{ songs: [{ name: "s" }] }, [{ ...EMPTY_SONG, name: "s", durationMs: 0 }]],
    [
      {
        songs: [{
          id: "1",
          name: "s",
          mbid: "m",
          isrc: "i",
          artist: "old",
          artists: [{ id: "2", name: "a", mbid: "am" }],
          album: "al",
          albumMbid: "alm",
          duration: 2,
          durationMs: 1500,
        }],
      },
      [{
        id: "1",
        name: "s",
        mbid: "m",
        isrc: "i",
        artists: [{ id: "2", name: "a", mbid: "am" }],
        album: "al",
        albumMbid: "alm",
        durationMs: 1500,
      }],
    ],
    [{ songs: [{ name: "s", artist: "a", artistMbid: "am", duration: 2.5 }] }, [{
      ...EMPTY_SONG,
      name: "s",
      artists: [{ id: "", name: "a", mbid: "am" }],
      durationMs: 2500,
    }]],
    [{ songs: [{ name: "s", durationMs: -5 }] }, [{ ...EMPTY_SONG, name: "s", durationMs: 0 }]],
  ],
  nothing: [{}, { songs: [] }, { songs: null }],
  wrong: [{ songs: "s" }, { songs: [1] }, { songs: [{ artists: {} }] }, {
    songs: [{ durationMs: "1" }],
  }],
};

function textField(field: string): Pick<Question, "found" | "nothing" | "wrong"> {
  return {
    found: [[{ [field]: "ünï 🎷", more: 1 }, "ünï 🎷"]],
    nothing: [{}, { [field]: "" }, { [field]: null }, { [field.toUpperCase()]: "x" }],
    wrong: [{ [field]: 3 }, { [field]: ["x"] }, { [field]: {} }],
  };
}

const QUESTIONS: readonly Question[] = [
  {
    export: "nd_get_artist_mbid",
    ask: (agent, name) => agent.artistMbid(noMbid(name)),
    sent: noMbid,
    ...textField("mbid"),
  },
  {
    export: "nd_get_artist_url",
    ask: (agent, name) => agent.artistUrl(artist(name)),
    sent: artist,
    ...textField("url"),
  },
  {
    export: "nd_get_artist_biography",
    ask: (agent, name) => agent.artistBiography({ ...noMbid(name), mbid: "" }),
    sent: noMbid,
    ...textField("biography"),
  },
  {
    export: "nd_get_similar_artists",
    ask: (agent, name) => agent.similarArtists(artist(name), 5),
    sent: (name) => ({ ...artist(name), limit: 5 }),
    found: [[{ artists: [{ id: "1", name: "a", mbid: "m" }, { name: "b" }] }, [
      { id: "1", name: "a", mbid: "m" },
      { id: "", name: "b", mbid: "" },
    ]]],
    nothing: [{}, { artists: [] }],
    wrong: [{ artists: "a" }, { artists: [[]] }, { artists: [{ name: false }] }],
  },
  {
    export: "nd_get_artist_images",
    ask: (agent, name) => agent.artistImages(noMbid(name)),
    sent: noMbid,
    ...IMAGES,
  },
  {
    export: "nd_get_artist_top_songs",
    ask: (agent, name) => agent.artistTopSongs(artist(name), 3),
    sent: (name) => ({ ...artist(name), count: 3 }),
    ...SONGS,
  },
  {
    export: "nd_get_album_info",
    ask: (agent, name) => agent.albumInfo({ name, artist: "a" }),
    sent: (name) => ({ name, artist: "a" }),
    found: [
      [{ name: "n", mbid: "m", description: "d", url: "u" }, {
        name: "n",
        mbid: "m",
        description: "d",
        url: "u",
      }],
      [{}, { name: "", mbid: "", description: "", url: "" }],
    ],
    nothing: [],
    wrong: [{ name: 3 }, { url: {} }],
  },
  {
    export: "nd_get_album_images",
    ask: (agent, name) => agent.albumImages({ name, artist: "a", mbid: "m" }),
    sent: (name) => ({ name, artist: "a", mbid: "m" }),
    ...IMAGES,
  },
  {
    export: "nd_get_similar_songs_by_track",
    ask: (agent, name) => agent.similarSongsByTrack({ id: "1", name, artist: "a" }, 2),
    sent: (name) => ({ id: "1", name, artist: "a", count: 2 }),
    ...SONGS,
  },
  {
    export: "nd_get_similar_songs_by_album",
    ask: (agent, name) => agent.similarSongsByAlbum({ id: "1", name, artist: "a", mbid: "m" }, 2),
    sent: (name) => ({ id: "1", name, mbid: "m", artist: "a", count: 2 }),
    ...SONGS,
  },
  {
    export: "nd_get_similar_songs_by_artist",
    ask: (agent, name) => agent.similarSongsByArtist(artist(name), 2),
    sent: (name) => ({ ...artist(name), count: 2 }),
    ...SONGS,
  },
];

/** Answers with the setting that is named like its input, and logs the input. */
const SCRIPTED = (name: string) =>
  kernelGuest(`(func (export "${name}") (result i32) (local $answer i64)
    (local.set $answer (call $config_get (call $input_offset)))
    (call $output_set (local.get $answer) (call $length (local.get $answer)))
    (call $log_info (call $input_offset))
    (i32.const 0))`);

for (const { export: name, ask, sent, found, nothing, wrong } of QUESTIONS) {
  Deno.test(`capabilities: ${name} is sent what upstream sends, and its answers are read`, async () => {
    using data = new TestData();
    const cases = [
      ...found.map(([answer, value]) => ({ answer, kind: "found", value })),
      ...nothing.map((answer) => ({ answer, kind: "not_found", value: undefined })),
      ...wrong.map((answer) => ({ answer, kind: "fault", value: "guest.output_invalid" })),
    ].map((entry, index) => ({ ...entry, about: `ünï "${index}"` }));
    const inputs = cases.map(({ about }) => JSON.stringify(sent(about)));
    const script = Object.fromEntries(
      cases.map(({ answer }, index) => [inputs[index], JSON.stringify(answer)]),
    );
    data.folder("p", { guest: SCRIPTED(name) });
    await using host = await data.open({ config: { p: script } });
    await host.enable("p");
    const agent = new MetadataAgent(host.plugin("p"));
    for (const { answer, kind, value, about } of cases) {
      const told = await ask(agent, about);
      assert.equal(told.kind, kind, JSON.stringify(answer));
      if (told.kind === "found") assert.deepEqual(told.value, value);
      if (told.kind === "fault") assert.equal(told.error.code, value);
    }
    assert.deepEqual(data.messages("p"), inputs);
  });
}

Deno.test("capabilities: a failure, silence and a missing export are told apart, for each question", async () => {
  using data = new TestData();
  const exports = QUESTIONS.map((question) => question.export);
  data.folder("failing", { guest: agentGuest({ exports, error: "no luck", code: -1 }) });
  data.folder("silent", { guest: agentGuest({ exports, code: -2 }) });
  data.folder("without", { guest: agentGuest({ exports: ["other"] }) });
  await using host = await data.open();
  const agentOf = async (id: string) => {
    await host.enable(id);
    return new MetadataAgent(host.plugin(id));
  };
  const [failing, silent, without] = [
    await agentOf("failing"),
    await agentOf("silent"),
    await agentOf("without"),
  ];
  for (const { ask } of QUESTIONS) {
    const answer = await ask(failing, "n");
    assert.equal(answer.kind === "fault" && answer.error.code, "guest.error");
    assert.equal((await ask(silent, "n")).kind, "not_found");
    assert.equal((await ask(without, "n")).kind, "not_found");
  }
});

Deno.test("capabilities: one export is enough to have one", () => {
  const has = (...names: string[]) => detectCapabilities(new Set(names));
  for (const { export: name } of QUESTIONS) assert.deepEqual(has(name), ["MetadataAgent"]);
  for (
    const [name, capability] of [
      ["nd_scrobbler_playback_report", "Scrobbler"],
      ["nd_lyrics_get_lyrics", "Lyrics"],
      ["nd_find_sonic_path", "SonicSimilarity"],
      ["nd_task_execute", "TaskWorker"],
      ["nd_on_init", "Lifecycle"],
      ["nd_scheduler_callback", "Scheduler"],
      ["nd_websocket_on_close", "WebSocket"],
    ] as const
  ) {
    assert.deepEqual(has(name), [capability]);
  }
  assert.deepEqual(has("memory", "_initialize", "nd_unknown"), []);
  assert.deepEqual(has("nd_on_init", "nd_get_artist_url"), ["MetadataAgent", "Lifecycle"]);
});
