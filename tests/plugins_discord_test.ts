// Discord from end to end: a now-playing through the HTTP API, the plugin in its cell, the gate and the gateway of
// the host, TLS, and a Discord of our own at the other end.

import assert from "node:assert/strict";
import { createApi, ownNames } from "../src/api/mod.ts";
import { memoryMusicServer } from "../src/services/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { Discord, type DiscordFaults, type GatewayConnection } from "./support/discord.ts";
import { ExampleHost, trackInfo } from "./support/public_sites.ts";
import { fakeTokens } from "./support/fake_host.ts";

const ID = "discord-rich-presence";
const TOKEN = "discord-token-of-ann";
const SETTINGS = { clientid: "1234", users: [{ username: "ann", token: TOKEN }] };
const LONG = { id: "t2", title: "All Is <Full> & Love", album: "Homogenic", duration: 275 };
const COVER = /^https:\/\/music\.example\.com\/share\/img\/.+\?size=300$/;
const RECORD = "https://i.imgur.com/hb3XPzA.png";

/** Discord, a host with the plugin, and the host's API on a port of loopback. */
class Stage implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly #stack = new AsyncDisposableStack();
  #url = "";

  private constructor(readonly discord: Discord, readonly plugin: ExampleHost) {}

  static async open(
    {
      faults = {},
      settings = SETTINGS,
      baseUrl = "https://music.example.com",
      callTimeoutMs = 20_000,
    }: {
      readonly callTimeoutMs?: number;
      readonly faults?: DiscordFaults;
      readonly settings?: Record<string, unknown>;
      readonly baseUrl?: string;
    } = {},
  ): Promise<Stage> {
    const discord = await Discord.open(faults);
    const clock = new FakeClock();
    const plugin = await ExampleHost.open(ID, settings, {
      clock,
      network: discord.sites.network,
      musicServer: memoryMusicServer({
        baseUrl,
        users: [{ userName: "ann", name: "Ann", isAdmin: false }],
      }),
      logLevel: "debug",
      pluginLimits: { callTimeoutMs },
    });
    const stage = Object.assign(new Stage(discord, plugin), { clock });
    stage.#stack.use(discord);
    stage.#stack.use(plugin);
    stage.#serve();
    return stage;
  }

  #serve(): void {
    const { promise, resolve } = Promise.withResolvers<number>();
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: ({ port }) => {
        this.#url = `http://127.0.0.1:${port}`;
        resolve(port);
      },
    }, async (request) => {
      const names = ownNames("127.0.0.1", await promise);
      const tokens = fakeTokens({ t: "admin" });
      return await createApi(this.plugin.host, { tokens, names }).fetch(request);
    });
    this.#stack.defer(() => server.shutdown());
  }

  /** Says to the API, as a music server does, that a user's track plays; gives what that came to. */
  async nowPlaying(
    track: Record<string, unknown> = trackInfo(),
    { username = "ann", position = 0 } = {},
  ): Promise<{ kind: string; detail: string }> {
    const { artists: _, albumArtists: __, ...rest } = track;
    const response = await this.#post("/api/v1/capabilities/scrobbler/now-playing", {
      username,
      position,
      track: { ...rest, participants: [{ id: "a1", name: "Björk", role: "artist" }] },
    });
    assert.equal(response.status, 200);
    const { plugins: [{ plugin, kind, error, reason }] } = await response.json();
    assert.equal(plugin, ID);
    return { kind, detail: error ? `${error.code}: ${error.message}` : reason ?? "" };
  }

  async isAuthorized(username: string): Promise<unknown> {
    const call = `/api/v1/plugins/${ID}/call/nd_scrobbler_is_authorized`;
    return await (await this.#post(call, { username })).json();
  }

  #post(path: string, body: object): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer t" },
      body: JSON.stringify(body),
    });
  }

  /** A track plays, and its first frames have come: the connection, after identify and presence. */
  async playing(track = trackInfo()): Promise<GatewayConnection> {
    const [answer, connection] = await Promise.all([
      this.nowPlaying(track),
      this.discord.connection(),
    ]);
    assert.deepEqual(answer, { kind: "done", detail: "" });
    assert.equal((await connection.next()).op, 2);
    assert.equal((await connection.next()).op, 3);
    return connection;
  }

  /** Waits until the plugin has logged a line like this. */
  async logged(line: RegExp): Promise<string> {
    for (let i = 0; i < 2000; i++) {
      const found = this.plugin.lines.find((each) => line.test(each));
      if (found !== undefined) return found;
      await new Promise((done) => setTimeout(done, 5));
    }
    throw new Error(`nothing like ${line} was logged: ${this.plugin.lines.join("\n")}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

Deno.test("users with a token are authorised, and without settings nobody is", async () => {
  await using stage = await Stage.open();
  assert.deepEqual([await stage.isAuthorized("ann"), await stage.isAuthorized("bob")], [
    true,
    false,
  ]);
  const { kind, detail } = await stage.nowPlaying(trackInfo(), { username: "bob" });
  assert.deepEqual([kind, detail], ["skipped", 'the plugin is not authorised for user "bob"']);
  for (const settings of [{}, { clientid: "1" }, { ...SETTINGS, clientid: "" }]) {
    await using bare = await Stage.open({ settings });
    assert.equal(await bare.isAuthorized("ann"), false);
  }
  assert.deepEqual(stage.discord.sites.asked, []);
});

Deno.test("from the first track to the end of the last: identify, presence, heartbeats, clear", async (t) => {
  await using stage = await Stage.open();
  const { discord, clock } = stage;
  const before = Date.now();
  const answer = stage.nowPlaying(trackInfo(), { position: 20 });
  const gateway = await discord.connection();

  await t.step("the plugin identifies itself at once, without waiting for Hello", async () => {
    assert.equal(
      (await gateway.next()).text,
      `{"d":{"token":"${TOKEN}","intents":0,"properties":{"os":"Windows 10","browser":"Discord Client","device":"Discord Client"}},"op":2}`,
    );
    assert.equal(gateway.headers.get("authorization"), null);
  });

  await t.step("the presence is the track's, with its cover and its times", async () => {
    const { text, op, d } = await gateway.next();
    assert.equal(op, 3);
    assert.deepEqual(Object.keys(JSON.parse(text)), ["d", "op"]);
    const [{ timestamps, assets, ...activity }] = d.activities;
    assert.deepEqual(activity, {
      name: "Navidrome",
      type: 2,
      details: "Hyperballad",
      state: "Björk",
      application_id: "1234",
    });
    assert.equal(timestamps.end - timestamps.start, 321_000);
    const started = timestamps.start + 20_000;
    assert.ok(started >= before - 1000 && started <= Date.now(), `${started}`);
    assert.match(assets.large_image, /^mp:external\/\d+$/);
    assert.equal(assets.large_text, "Post");
    assert.deepEqual([d.since, d.status, d.afk, d.activities.length], [0, "dnd", false, 1]);
    assert.deepEqual(await answer, { kind: "done", detail: "" });
  });

  await t.step("Discord's API was asked for the gateway and the cover's name, and no more", () => {
    assert.deepEqual(discord.sites.lines, [
      "GET https://discord.com/api/gateway",
      "GET https://gateway.discord.gg/",
      "POST https://discord.com/api/v9/applications/1234/external-assets",
    ]);
    const assets = discord.sites.asked[2]!;
    assert.equal(assets.headers.get("authorization"), TOKEN);
    assert.equal(assets.headers.get("content-type"), "application/json");
    assert.match(JSON.parse(assets.body).urls[0], COVER);
  });

  await t.step(
    "a heartbeat comes every 41 seconds, with the number of the last message",
    async () => {
      gateway.send({ t: null, s: null, op: 10, d: { heartbeat_interval: 41_250 } });
      gateway.send({ t: "READY", s: 1, op: 0, d: {} });
      for (const [sequence, elapsed] of [[1, 41_000], [7, 82_000]] as const) {
        if (sequence === 7) gateway.send({ t: "SESSIONS_REPLACE", s: 7, op: 0, d: [] });
        await stage.logged(new RegExp(`^debug: Heard message ${sequence} for ann$`));
        await clock.advance(40_999);
        assert.deepEqual(gateway.unread, []);
        await clock.advance(1);
        assert.equal((await gateway.next()).text, `{"d":${sequence},"op":1}`, `${elapsed} ms`);
        gateway.send({ t: null, s: null, op: 11, d: null });
      }
    },
  );

  await t.step("the next track goes over the same connection, after a heartbeat", async () => {
    assert.equal((await stage.nowPlaying(trackInfo(LONG))).kind, "done");
    assert.equal((await gateway.next()).text, '{"d":7,"op":1}');
    const { text, d } = await gateway.next();
    assert.ok(text.includes(String.raw`All Is \u003cFull\u003e \u0026 Love`), text);
    assert.equal(d.activities[0].details, LONG.title);
    assert.equal(discord.sites.asked.length, 4, "one more cover");
  });

  await t.step(
    "five seconds after its end the presence is cleared and the connection closed",
    async () => {
      // The clear of the first track, due in the meantime, is not to come.
      await beats(stage, gateway, 6);
      await clock.advance(280_000 - 6 * 41_000 - 1);
      assert.deepEqual(gateway.unread, []);
      await clock.advance(1);
      assert.equal(
        (await gateway.next()).text,
        '{"d":{"activities":null,"since":0,"status":"","afk":false},"op":3}',
      );
      assert.deepEqual(await gateway.closed, { code: 1000, reason: "Navidrome disconnect" });
      await stage.logged(/^info: Discord's connection of ann was closed: 1000/);
      await clock.advance(600_000);
      assert.deepEqual(gateway.unread, []);
    },
  );

  await t.step("nothing of it was refused, and the token is in no line of the log", () => {
    assert.deepEqual([...stage.plugin.host.refusals], []);
    assert.ok(!JSON.stringify(stage.plugin.log).includes(TOKEN));
  });
});

/** So many heartbeats, one after another: what falls due at once would run at once. */
async function beats(stage: Stage, gateway: GatewayConnection, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await stage.clock.advance(41_000);
    assert.equal((await gateway.next()).op, 1);
  }
}

Deno.test("a connection that Discord drops is cleaned up by the next heartbeat, and the next track opens another", async () => {
  await using stage = await Stage.open();
  const first = await stage.playing();
  first.close(4000, "unknown error");
  await stage.logged(/^warn: Discord's connection of ann was lost: .*4000: unknown error/);
  await stage.clock.advance(41_000);
  await stage.logged(/heartbeat failed, connection cleaned up: connection ID "ann" not found/);
  await stage.clock.advance(41_000);

  const second = await stage.playing(trackInfo(LONG));
  await stage.clock.advance(41_000);
  assert.equal((await second.next()).text, '{"d":0,"op":1}');
});

Deno.test("the next track opens another connection also before a heartbeat has seen the loss", async () => {
  await using stage = await Stage.open();
  (await stage.playing()).close(1011, "");
  await stage.logged(/^warn: Discord's connection of ann was lost/);
  const second = await stage.playing(trackInfo(LONG));
  // One heartbeat every 41 seconds, not two: the schedule of the lost connection is replaced.
  await stage.clock.advance(41_000);
  assert.equal((await second.next()).text, '{"d":0,"op":1}');
  await stage.clock.advance(40_999);
  assert.deepEqual(second.unread, []);
});

Deno.test("a track that has ended while the connection was lost leaves nothing behind", async () => {
  await using stage = await Stage.open();
  (await stage.playing(trackInfo({ duration: 10 }))).close(4000, "");
  await stage.logged(/^warn: Discord's connection of ann was lost/);
  await stage.clock.advance(15_000);
  await stage.logged(/failed to clear activity: connection ID "ann" not found/);
  await stage.clock.advance(41_000);
  await stage.logged(/heartbeat failed, connection cleaned up/);
  const before = stage.plugin.lines.length;
  await stage.clock.advance(600_000);
  assert.equal(stage.plugin.lines.length, before);
});

Deno.test("pictures are named once, and a picture Discord does not take gives way to a record, then to none", async (t) => {
  const refuse = (pattern: RegExp) => (url: string) =>
    pattern.test(url) ? Response.json({ message: "no" }, { status: 403 }) : undefined;
  const image = async (stage: Stage) => {
    const answer = stage.nowPlaying();
    const gateway = await stage.discord.connection();
    await gateway.next();
    const { d } = await gateway.next();
    assert.equal((await answer).kind, "done");
    return d.activities[0].assets.large_image;
  };
  const named = (stage: Stage) =>
    stage.discord.sites.asked.filter(({ method }) => method === "POST")
      .map(({ body }) => JSON.parse(body).urls[0]);

  await t.step("a cover that was named is not named again", async () => {
    await using stage = await Stage.open();
    await stage.playing();
    await stage.nowPlaying();
    assert.equal(named(stage).length, 1);
  });
  await t.step("a cover that is refused gives way to the record", async () => {
    await using stage = await Stage.open({ faults: { externalAssets: refuse(/music\.example/) } });
    assert.equal(await image(stage), `mp:external/${RECORD.length}`);
    assert.match(named(stage).join(" "), new RegExp(`^https://music.* ${RECORD}$`));
  });
  await t.step("a server without a public address has none but the record", async () => {
    await using stage = await Stage.open({ baseUrl: "" });
    assert.equal(await image(stage), `mp:external/${RECORD.length}`);
    assert.deepEqual(named(stage), [RECORD]);
  });
  await t.step("where Discord takes no picture at all, the track is shown without", async () => {
    await using stage = await Stage.open({ faults: { externalAssets: refuse(/./) } });
    assert.equal(await image(stage), "");
  });
  await t.step("an answer that is none is no name", async () => {
    await using stage = await Stage.open({
      faults: { externalAssets: () => new Response("<html>") },
    });
    assert.equal(await image(stage), "");
  });
});

Deno.test("a Discord that cannot be reached is a fault with a reason, and the next track tries again", async () => {
  let down = true;
  await using stage = await Stage.open({
    faults: {
      gateway: () =>
        down
          ? new Response("<html>busy</html>", { status: 503 })
          : Response.json({ url: "wss://gateway.discord.gg" }),
    },
  });
  const { kind, detail } = await stage.nowPlaying();
  assert.equal(kind, "unrecoverable");
  assert.match(detail, /failed to connect to Discord: /);
  down = false;
  await stage.playing();
});

Deno.test("a gateway elsewhere than the manifest says is not connected to", async () => {
  await using stage = await Stage.open({
    faults: { gateway: () => Response.json({ url: "wss://gateway.discord.gg.evil.test" }) },
  });
  const { detail } = await stage.nowPlaying();
  assert.match(detail, /failed to connect to Discord: host "gateway\.discord\.gg\.evil\.test"/);
  assert.deepEqual([...stage.plugin.host.refusals.keys()], ["egress.url_not_allowed"]);
});

/** Workers that were started, so that a test can kill one. */
const workers: Worker[] = [];
globalThis.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    workers.push(this);
  }
};

/** A picture that is asked for and never named, until it is let go. */
function stuckPicture() {
  const asked = Promise.withResolvers<void>();
  const faults: DiscordFaults = {
    externalAssets(_url, closing) {
      asked.resolve();
      return new Promise((done) => {
        closing.addEventListener("abort", () => done(new Response(null, { status: 503 })));
      });
    },
  };
  return { asked: asked.promise, faults };
}

for (const how of ["is stopped at its deadline", "is killed with its thread"]) {
  Deno.test(`a cell that ${how} in the middle leaves a connection that the next track takes up`, async () => {
    const { asked, faults } = stuckPicture();
    await using stage = await Stage.open({ faults, callTimeoutMs: 3_000 });
    const before = workers.length;
    const answer = stage.nowPlaying();
    const gateway = await stage.discord.connection();
    assert.equal((await gateway.next()).op, 2);
    await asked;
    const [cell] = workers.slice(before);
    if (how.includes("killed")) cell?.terminate();
    const { detail } = await answer;
    assert.match(detail, how.includes("killed") ? /^guest\.lost: / : /^guest\.deadline: /);
    delete faults.externalAssets;

    assert.equal((await stage.nowPlaying(trackInfo(LONG))).kind, "done");
    assert.equal((await gateway.next()).text, '{"d":0,"op":1}');
    assert.equal((await gateway.next()).d.activities[0].details, LONG.title);
    assert.equal(
      stage.discord.sites.lines.filter((line) => line.includes("gateway.discord.gg")).length,
      1,
      "no second connection",
    );
    await beats(stage, gateway, 6);
    await stage.clock.advance(280_000 - 6 * 41_000);
    assert.equal((await gateway.next()).d.activities, null);
    assert.deepEqual(await gateway.closed, { code: 1000, reason: "Navidrome disconnect" });
  });
}

Deno.test("two users have a connection each, and the end of one's track is not the other's", async () => {
  await using stage = await Stage.open({
    settings: {
      ...SETTINGS,
      users: [...SETTINGS.users, { username: "bob", token: "bobs" }],
      activity: "Music",
    },
  });
  const ann = await stage.playing();
  const answer = stage.nowPlaying(trackInfo({ duration: 10 }), { username: "bob" });
  const bob = await stage.discord.connection();
  assert.equal((await bob.next()).d.token, "bobs");
  assert.equal((await bob.next()).d.activities[0].name, "Music");
  assert.equal((await answer).kind, "done");
  await stage.clock.advance(15_000);
  assert.equal((await bob.next()).d.activities, null);
  assert.deepEqual((await bob.closed).code, 1000);
  await stage.clock.advance(26_000);
  assert.deepEqual((await ann.next()).op, 1);
  assert.deepEqual(ann.unread, []);
});
