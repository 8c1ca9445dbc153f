import { deepStrictEqual, equal, ok } from "node:assert/strict";
import type { PluginHost } from "../src/host/mod.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

const TRACK = { id: "1", libraryId: 1, title: "T", artist: "A", path: "a/t.flac" };

const mbid = (value: string) =>
  agentGuest({ exports: ["nd_get_artist_mbid"], output: JSON.stringify({ mbid: value }) });

async function asked(host: PluginHost): Promise<unknown> {
  const answer = await host.metadata.artistMbid({ id: "1", name: "Nina Simone" });
  return answer.kind === "found" ? `${answer.plugin}: ${answer.value}` : answer.kind;
}

Deno.test("a host asks its running plugins by id, or in the order that is configured", async () => {
  using data = new TestData();
  for (const id of ["a", "b", "c"]) data.folder(id, { guest: mbid(`m-${id}`) });
  {
    await using host = await data.open();
    equal(await asked(host), "not_found");
    await host.enable("c");
    equal(await asked(host), "c: m-c");
    await host.enable("b");
    equal(await asked(host), "b: m-b");
    await host.disable("b");
    equal(await asked(host), "c: m-c");
    await host.enable("a");
    await host.enable("b");
    deepStrictEqual(host.metadata.plugins, ["a", "b", "c"]);
    deepStrictEqual(host.lyrics.plugins, []);
  }
  await using host = await data.open({ order: { agents: ["c", "a"] } });
  deepStrictEqual(host.metadata.plugins, ["c", "a"]);
  equal(await asked(host), "c: m-c");
});

Deno.test("a plugin is told where a track's file is only with the files of that library, granted and assigned", async () => {
  using data = new TestData();
  const guest = agentGuest({
    exports: ["nd_lyrics_get_lyrics"],
    output: JSON.stringify({ lyrics: [{ text: "[00:01]la" }] }),
    logsInput: true,
  });
  const plugins = [
    ["bare", {}, []],
    ["library", { library: {} }, [1]],
    ["files", { library: { filesystem: true } }, [1]],
    ["other", { library: { filesystem: true } }, [2]],
  ] as const;
  for (const [id, permissions] of plugins) {
    data.folder(id, { guest, manifest: { ...PLAIN_MANIFEST, permissions } });
  }
  const musicServer = {
    libraries: { list: () => Promise.resolve([{ id: 1, name: "one" }, { id: 2, name: "two" }]) },
  };
  for (const [id, , libraries] of plugins) {
    await using host = await data.open({ musicServer, order: { lyrics: [id] } });
    await host.enable(id, { libraries });
    const answer = await host.lyrics.ofTrack(TRACK);
    ok(answer.kind === "found", id);
    deepStrictEqual(answer.value, [
      { lang: "xxx", synced: true, lines: [{ startMs: 1000, text: "la" }] },
    ]);
    const { track } = JSON.parse(data.messages(id).at(-1) ?? "");
    const shown = id === "files" ? [1, "a/t.flac"] : [undefined, undefined];
    deepStrictEqual([track.libraryId, track.path], shown, id);
  }
});
