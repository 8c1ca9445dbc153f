// Library Stats over days: a host with a driven clock, a library that grows, and the counts that stay on disk.

import assert from "node:assert/strict";
import { memoryMusicServer, type MusicServer } from "../src/services/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { ExampleHost } from "./support/public_sites.ts";

/** A server with one library, of as many songs as the test says. */
function growing(): { songs: number; server: MusicServer } {
  const place = {
    songs: 100,
    server: {
      ...memoryMusicServer(),
      libraries: {
        list: () =>
          Promise.resolve([{
            id: 1,
            name: "Music",
            path: "",
            totalSongs: place.songs,
            totalAlbums: 10,
            totalArtists: 5,
            totalSize: 9_007_199_254_740_993n,
            totalDuration: 7200,
          }]),
      },
    },
  };
  return place;
}

Deno.test("library-stats counts each day at its hour, and tells what has come since the day before", async () => {
  const clock = new FakeClock();
  const place = growing();
  await using example = await ExampleHost.open("library-stats", { hour: 6 }, {
    clock,
    musicServer: place.server,
  });
  const counted = async (times: number) => {
    for (let i = 0; i < 2000 && example.lines.length < times; i++) {
      await new Promise((done) => setTimeout(done, 5));
    }
    return example.lines;
  };
  const local = new Date(clock.now());
  const untilSix = ((6 - local.getHours() + 24) % 24 || 24) * 3_600_000;
  await clock.advance(untilSix - 1000);
  assert.deepEqual(example.lines, []);
  await clock.advance(1000);
  const first = "info: Music: 100 songs, 10 albums, 5 artists, 2 hours";
  assert.deepEqual(await counted(1), [first]);

  place.songs = 137;
  await clock.advance(24 * 3_600_000);
  assert.deepEqual(await counted(2), [
    first,
    "info: Music: 137 songs (+37), 10 albums, 5 artists, 2 hours",
  ]);

  const today = new Date().toISOString().slice(0, 10);
  const output = await example.host.plugin("library-stats").call(
    "library_stats",
    new Uint8Array(),
  );
  const text = new TextDecoder().decode(output);
  assert.match(text, /"bytes":9007199254740993\b/);
  const [{ id, name, days }] = JSON.parse(text);
  assert.deepEqual([id, name, Object.keys(days)], [1, "Music", [today]]);
  assert.deepEqual(example.lines.length, 2);
});
