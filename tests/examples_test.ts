import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { JukeBox } from "./examples/music_server.ts";
import { settle } from "./services_cases/harness.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { becomesTrue } from "./support/promises.ts";

const answers = (exports: string[], answer: unknown, logsInput = false) =>
  agentGuest({ exports, output: JSON.stringify(answer), logsInput });

Deno.test("a music server of a hundred lines has metadata, lyrics, similar songs and scrobbling from plugins", async () => {
  using data = new TestData();
  data.folder("bios", {
    guest: answers(["nd_get_artist_biography"], { biography: "A singer." }),
  });
  data.folder("lyrics", {
    guest: answers(["nd_lyrics_get_lyrics"], { lyrics: [{ lang: "eng", text: "[00:10]Oh" }] }),
  });
  data.folder("sonic", {
    guest: answers(["nd_get_sonic_similar_tracks"], {
      matches: [{ song: { name: "Feeling Good" }, similarity: 0.5 }],
    }),
  });
  const scrobbler = [
    "nd_scrobbler_is_authorized",
    "nd_scrobbler_now_playing",
    "nd_scrobbler_scrobble",
  ];
  data.folder("scrobbler", {
    manifest: { ...PLAIN_MANIFEST, permissions: { users: {} } },
    guest: answers(scrobbler, true, true),
  });
  await using box = await JukeBox.open({
    dataDir: data.path,
    log: (entry) => void data.log.push(entry),
  });
  for (const id of ["bios", "lyrics", "sonic"]) await box.host.enable(id);
  await box.host.enable("scrobbler", { users: "all" });
  const ask = async (path: string) =>
    await (await box.fetch(new Request(`http://127.0.0.1${path}`))).json();

  deepStrictEqual(await ask("/artists/Nina%20Simone"), {
    name: "Nina Simone",
    biography: "A singer.",
    by: "bios",
    images: [],
    complete: true,
  });
  deepStrictEqual(await ask("/tracks/t1/lyrics"), [
    { lang: "eng", synced: true, lines: [{ startMs: 10_000, text: "Oh" }] },
  ]);
  deepStrictEqual(await ask("/tracks/t1/similar"), [{ title: "Feeling Good", similarity: 0.5 }]);
  deepStrictEqual(await ask("/tracks/t1/play"), [{ kind: "done", plugin: "scrobbler" }]);
  deepStrictEqual(await ask("/tracks/t1/stop"), [{ plugin: "scrobbler", kind: "queued" }]);
  ok(
    await becomesTrue(() => box.host.scrobblers.counters.get("scrobbler")?.delivered === 1, 5_000),
  );
  await settle();
  const told = data.messages("scrobbler").map((line) => JSON.parse(line));
  deepStrictEqual(told.filter(({ track }) => track).map(({ track }) => track.title), [
    "Sinnerman",
    "Sinnerman",
  ]);
  equal((await box.fetch(new Request("http://127.0.0.1/tracks/none"))).status, 404);
});

/** The examples in the documentation comments, each with where it stands. */
function* examples(): Iterable<{ readonly at: string; readonly code: string }> {
  const files = ["mod.ts", ...sources("src")];
  for (const file of files) {
    const text = Deno.readTextFileSync(file);
    for (const [, block = ""] of text.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```/gm)) {
      yield { at: file, code: block.replaceAll(/^ *\* ?/gm, "") };
    }
  }
}

function* sources(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

Deno.test({
  name: "every example in the documentation is sound TypeScript, and runs",
  ignore: Deno.permissions.querySync({ name: "run", command: "deno" }).state !== "granted",
  async fn() {
    using data = new TestData();
    const folder = data.beside("examples");
    Deno.mkdirSync(folder);
    const all = [...examples()];
    ok(all.length >= 6);
    const paths = all.map(({ at, code }, index) => {
      const path = `${folder}/${index}_${at.replaceAll(/\W/g, "_")}.ts`;
      Deno.writeTextFileSync(path, code);
      return path;
    });
    const run = async (...args: string[]) => {
      const { success, stderr } = await new Deno.Command("deno", {
        args,
        env: { TMPDIR: folder, NO_COLOR: "1" },
        stdin: "null",
      }).output();
      ok(success, new TextDecoder().decode(stderr));
    };
    // `deno test --doc` imports all that a file exports into its examples, which the compiler minds: it runs
    // them, and what they are written in is checked here.
    await run("check", "--quiet", ...paths);
    await run(
      ...["test", "--doc", "--no-check", "--no-prompt", "--v8-flags=--liftoff-only"],
      ...["--allow-read=.", `--allow-write=${folder}`, "mod.ts", "src"],
    );
  },
});
