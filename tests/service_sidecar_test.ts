// The service beside a music server, as people start it: its configuration, its launcher, a plugin on the PDK.

import assert from "node:assert/strict";
import { systemClock } from "../src/services/mod.ts";
import { compiled } from "./support/built.ts";
import { runTask, type Service, startService } from "./support/launcher.ts";
import { OpenSubsonic } from "./support/open_subsonic.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

/** Says in the log what it is told, with the address of the track's picture. */
const TELLER = `
  import {
    artwork, log, NowPlaying, PlaybackReport, registerScrobbler, Scrobble, Scrobbler,
  } from "@soundproof/pdk";
  export {
    nd_scrobbler_is_authorized, nd_scrobbler_now_playing, nd_scrobbler_playback_report,
    nd_scrobbler_scrobble,
  } from "@soundproof/pdk";

  class Teller extends Scrobbler {
    override isAuthorized(username: string): bool {
      return username == "ann";
    }
    override nowPlaying(playing: NowPlaying): void {
      log.info("now " + playing.track.title + " " + artwork.trackUrl(playing.track.id, 300));
    }
    override playbackReport(report: PlaybackReport): void {
      log.info(report.state + " " + report.track.title);
    }
    override scrobble(scrobble: Scrobble): void {
      log.info("played " + scrobble.track.title);
    }
  }
  registerScrobbler(new Teller());
`;
const MANIFEST = {
  ...PLAIN_MANIFEST,
  permissions: { users: { reason: "Tells." }, artwork: { reason: "Shows covers." } },
};
const COVER = new Uint8Array([0xff, 0xd8, 7]);

/** A music server, and a data folder whose configuration names it. */
async function stage(settings = ""): Promise<{ server: OpenSubsonic; data: TestData }> {
  const server = new OpenSubsonic({
    clock: systemClock,
    accounts: { plugins: { password: "sesame" }, ann: { password: "a" } },
    songs: [
      { id: "s1", title: "Sinnerman", artist: "Nina Simone", duration: 622, coverArt: "mf-1" },
      { id: "s2", title: "Feeling Good", artist: "Nina Simone", duration: 40 },
    ],
    covers: { "mf-1": { type: "image/jpeg", data: COVER } },
  });
  const data = new TestData();
  const guest = await compiled(TELLER, { optimize: false });
  data.archive("teller.ndp", { manifest: MANIFEST, guest });
  Deno.writeTextFileSync(`${data.path}/password`, "sesame\n");
  Deno.writeTextFileSync(
    `${data.path}/soundproof.toml`,
    `[MusicServer]\nURL = "${server.url}"\nUsername = "plugins"\nPasswordFile = "password"\n${settings}`,
  );
  const args = ["enable", "teller", "--users", "ann", "--data", data.path];
  const { code, stderr } = await runTask("plugin", args);
  assert.equal(code, 0, stderr);
  return { server, data };
}

/** A push, as a music server sends it. */
function push({ url, token }: Service, step: object): Promise<Response> {
  return fetch(`${url}/api/v1/capabilities/scrobbler/player`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(step),
  });
}

Deno.test("beside a music server the service tells scrobblers what it plays, and gives out its covers to whoever was given their address", async () => {
  const { server, data } = await stage();
  await using _server = server;
  using _data = data;
  await server.play("ann", "s1");
  const service = await startService(["--data", data.path]);
  const line = await service.said("now Sinnerman");
  const [, url = ""] = /now Sinnerman ([^\s"]+)/.exec(line) ?? [];
  assert.ok(url.startsWith(`http://localhost:${new URL(service.url).port}/api/v1/artwork/`), url);
  await service.said("playing Sinnerman");

  const picture = await fetch(url.replace("localhost", "127.0.0.1"));
  assert.equal(picture.headers.get("content-type"), "image/jpeg");
  assert.deepEqual(await picture.bytes(), COVER);
  const forged = await fetch(url.replace("localhost", "127.0.0.1").replace(/.$/, "~"));
  assert.equal(forged.status, 404);
  await forged.body?.cancel();

  assert.equal(await service.stop(), 0);
  // No administrator, and nothing that only an administrator may ask.
  const asked = new Set(server.asked.map(({ endpoint }) => endpoint));
  asked.delete("scrobble");
  assert.deepEqual([...asked].sort(), [
    "getCoverArt",
    "getMusicFolders",
    "getNowPlaying",
    "getSong",
  ]);
});

Deno.test("a music server that pushes what players do is not asked what plays", async () => {
  const { server, data } = await stage(
    'Watch = false\n[Server]\nPublicURL = "https://plugins.example.com/p/"\n',
  );
  await using _server = server;
  using _data = data;
  const service = await startService(["--data", data.path]);
  const step = { username: "ann", trackId: "s2", playerId: "1", playerName: "desk" };
  const steps = [{ state: "starting", positionMs: 0 }, { state: "paused", positionMs: 25_000 }];
  for (const each of steps) {
    const response = await push(service, { ...step, ...each });
    assert.equal(response.status, 204, await response.text());
  }
  const line = await service.said("now Feeling Good");
  assert.ok(line.includes("https://plugins.example.com/p/api/v1/artwork/"), line);
  await service.said("paused Feeling Good");

  const unknown = await push(service, { ...step, ...steps[0], trackId: "gone" });
  assert.deepEqual([unknown.status, (await unknown.json()).code], [404, "sidecar.track_unknown"]);
  server.isDown = true;
  const down = await push(service, { ...step, ...steps[0] });
  assert.deepEqual([down.status, (await down.json()).code], [502, "sidecar.server_failed"]);
  const odd = await push(service, { ...step, state: "dancing", positionMs: 0 });
  assert.deepEqual([odd.status, (await odd.json()).code], [400, "api.body_invalid"]);

  assert.equal(await service.stop(), 0);
  assert.ok(server.asked.every(({ endpoint }) => endpoint !== "getNowPlaying"));
});
