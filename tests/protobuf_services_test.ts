import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../src/services/mod.ts";
import * as api from "../src/protobuf/messages/api/callbacks_pb.ts";
import * as artwork from "../src/protobuf/messages/host/artwork_pb.ts";
import * as cache from "../src/protobuf/messages/host/cache_pb.ts";
import * as config from "../src/protobuf/messages/host/config_pb.ts";
import * as scheduler from "../src/protobuf/messages/host/scheduler_pb.ts";
import * as subsonic from "../src/protobuf/messages/host/subsonicapi_pb.ts";
import { bytesOf, mapOf, textOf } from "../src/protobuf/text.ts";
import { memoryMusicServer } from "../src/services/mod.ts";
import { EnvHost } from "./support/env_host.ts";
import { promise } from "./support/promises.ts";

const ONE_TIME = [
  scheduler.ScheduleOneTimeRequestSchema,
  scheduler.ScheduleResponseSchema,
] as const;
const RECURRING = [
  scheduler.ScheduleRecurringRequestSchema,
  scheduler.ScheduleResponseSchema,
] as const;
const CANCEL = [scheduler.CancelRequestSchema, scheduler.CancelResponseSchema] as const;
const GET = <S>(schema: S) => [cache.GetRequestSchema, schema] as const;
const HAS = [cache.HasRequestSchema, cache.HasResponseSchema] as const;
const SET_STRING = [cache.SetStringRequestSchema, cache.SetResponseSchema] as const;
const key = bytesOf("k");

/** `PERSON`, then bytes that are no UTF-8: a lone lead byte, an overlong slash, a surrogate, U+10FFFF and more. */
const ODD = Uint8Array.fromHex("504552534f4ef0c0afeda080f48fbfbff490808000ff80");

Deno.test("cache: each type round-trips, and is no other", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  const ttlSeconds = 0n;
  const values = [
    {
      name: "string",
      set: cache.SetStringRequestSchema,
      get: cache.GetStringResponseSchema,
      value: bytesOf("é"),
    },
    {
      name: "int",
      set: cache.SetIntRequestSchema,
      get: cache.GetIntResponseSchema,
      value: -(2n ** 63n),
    },
    {
      name: "int",
      set: cache.SetIntRequestSchema,
      get: cache.GetIntResponseSchema,
      value: 2n ** 63n - 1n,
    },
    {
      name: "float",
      set: cache.SetFloatRequestSchema,
      get: cache.GetFloatResponseSchema,
      value: Number.MIN_VALUE,
    },
    {
      name: "float",
      set: cache.SetFloatRequestSchema,
      get: cache.GetFloatResponseSchema,
      value: -Infinity,
    },
    {
      name: "bytes",
      set: cache.SetBytesRequestSchema,
      get: cache.GetBytesResponseSchema,
      value: ODD,
    },
    {
      name: "bytes",
      set: cache.SetBytesRequestSchema,
      get: cache.GetBytesResponseSchema,
      value: new Uint8Array(),
    },
  ];
  for (const { name, set, get, value } of values) {
    const stored = await stage.call(
      "p",
      `set_${name}`,
      [set, cache.SetResponseSchema] as const,
      { key, value, ttlSeconds } as never,
    );
    assert.equal(stored.success, true);
    const found = await stage.call("p", `get_${name}`, GET(get), { key });
    assert.deepEqual([found.exists, found.value], [true, value]);
    for (const other of values) {
      if (other.name === name) continue;
      const wrong = await stage.call("p", `get_${other.name}`, GET(other.get), { key });
      assert.equal(wrong.exists, false, `${name} read as ${other.name}`);
    }
  }
});

Deno.test("cache: a text that is not UTF-8 comes back as it was, as a value and as a key", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  await stage.call("p", "set_string", SET_STRING, { key: ODD, value: ODD });
  const found = await stage.call("p", "get_string", GET(cache.GetStringResponseSchema), {
    key: ODD,
  });
  assert.deepEqual([found.exists, found.value], [true, ODD]);
  const other = await stage.call("p", "has", HAS, { key: bytesOf(textOf(ODD).toWellFormed()) });
  assert.equal(other.exists, false);
});

Deno.test("cache: a minus zero comes back as zero, and so does not come at all", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  const set = [cache.SetFloatRequestSchema, cache.SetResponseSchema] as const;
  await stage.call("p", "set_float", set, { key, value: -0 });
  assert.deepEqual(
    await stage.raw("p", "get_float", Uint8Array.of(0x0a, 1, 0x6b)),
    Uint8Array.of(8, 1),
  );
});

Deno.test("cache: what was removed is gone, removing nothing is a success, has sees every type", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  const remove = [cache.RemoveRequestSchema, cache.RemoveResponseSchema] as const;
  assert.equal((await stage.call("p", "has", HAS, { key })).exists, false);
  assert.equal((await stage.call("p", "remove", remove, { key })).success, true);
  await stage.call("p", "set_int", [cache.SetIntRequestSchema, cache.SetResponseSchema], {
    key,
    value: 1n,
  });
  assert.equal((await stage.call("p", "has", HAS, { key })).exists, true);
  assert.equal((await stage.call("p", "remove", remove, { key })).success, true);
  assert.equal((await stage.call("p", "has", HAS, { key })).exists, false);
});

promise("cache: an entry lives as long as it is asked for", [
  { name: "0 is a day", ttlSeconds: 0n, seconds: 86_400 },
  { name: "negative is a day", ttlSeconds: -5n, seconds: 86_400 },
  { name: "3 is 3 s", ttlSeconds: 3n, seconds: 3 },
], async ({ ttlSeconds, seconds }) => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  const getInt = () => stage.call("p", "get_int", GET(cache.GetIntResponseSchema), { key });
  const getString = () =>
    stage.call("p", "get_string", GET(cache.GetStringResponseSchema), { key });
  await stage.call("p", "set_string", SET_STRING, { key, value: key, ttlSeconds });
  // A read, one as another type, and a question whether it is there begin its time anew.
  for (const look of [getString, getInt, () => stage.call("p", "has", HAS, { key })]) {
    await stage.clock.advance(seconds * 1000 - 1);
    await look();
  }
  await stage.clock.advance(seconds * 1000 - 1);
  assert.equal((await getString()).exists, true);
  await stage.clock.advance(seconds * 1000);
  assert.equal((await getString()).exists, false);
});

Deno.test("cache: an entry larger than the cache is no success", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } }, {
    pluginLimits: { services: { cacheBytes: 1_000 } },
  });
  const value = new Uint8Array(2_000);
  assert.equal((await stage.call("p", "set_string", SET_STRING, { key, value })).success, false);
});

const OWN_ID = /^[A-Za-z0-9_-]{10}$/;

Deno.test("scheduler: an id that is not given is ten random characters", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const ids = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const one = await stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds: 9 });
    const two = await stage.call("p", "schedule_recurring", RECURRING, {
      cronExpression: bytesOf("@daily"),
    });
    for (const { scheduleId } of [one, two]) {
      assert.match(textOf(scheduleId), OWN_ID);
      ids.add(textOf(scheduleId));
    }
  }
  assert.equal(ids.size, 10);
});

promise("scheduler: id and payload come back byte for byte", [
  { name: "a colon", id: bytesOf("artist:Björk") },
  { name: "a named callback", id: bytesOf("heartbeat\u200bann") },
  { name: "no UTF-8", id: ODD },
], async ({ id }) => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const { scheduleId } = await stage.call("p", "schedule_one_time", ONE_TIME, {
    delaySeconds: 5,
    payload: ODD,
    scheduleId: id,
  });
  assert.deepEqual(scheduleId, id);
  const heard = () =>
    stage.heard(
      "p",
      "scheduler_callback_on_scheduler_callback",
      api.SchedulerCallbackRequestSchema,
    );
  await stage.clock.advance(4_999);
  assert.equal(heard().length, 0);
  await stage.clock.advance(1);
  await stage.until(() => heard().length === 1);
  const [message] = heard();
  assert.deepEqual([message?.scheduleId, message?.payload, message?.isRecurring], [id, ODD, false]);
});

promise("scheduler: 0 and a negative delay are at once", [
  { name: "0", delaySeconds: 0 },
  { name: "-7", delaySeconds: -7 },
], async ({ delaySeconds }) => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  await stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds });
  await stage.clock.advance(0);
  await stage.until(() =>
    stage.heard("p", "scheduler_callback_on_scheduler_callback", api.SchedulerCallbackRequestSchema)
      .length === 1
  );
});

Deno.test("scheduler: the same id takes the place of what has it, of whatever kind", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const scheduleId = bytesOf("x");
  const heard = () =>
    stage.heard("p", "scheduler_callback_on_scheduler_callback", api.SchedulerCallbackRequestSchema)
      .map(({ payload, isRecurring }) => `${textOf(payload)} ${isRecurring}`);
  await stage.call("p", "schedule_one_time", ONE_TIME, {
    delaySeconds: 2,
    payload: bytesOf("1"),
    scheduleId,
  });
  await stage.call("p", "schedule_recurring", RECURRING, {
    cronExpression: bytesOf("@every 10s"),
    payload: bytesOf("2"),
    scheduleId,
  });
  await stage.clock.advance(9_000);
  assert.deepEqual(heard(), []);
  await stage.clock.advance(1_000);
  await stage.until(() => heard().length === 1);
  await stage.call("p", "schedule_one_time", ONE_TIME, {
    delaySeconds: 30,
    payload: bytesOf("3"),
    scheduleId,
  });
  await stage.clock.advance(30_000);
  await stage.until(() => heard().length === 2);
  assert.deepEqual(heard(), ["2 true", "3 false"]);
});

Deno.test("scheduler: cancelling tells whether there was something, and a schedule that fired is gone", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const scheduleId = bytesOf("x");
  const cancel = async () => {
    const { success, error } = await stage.call("p", "cancel_schedule", CANCEL, { scheduleId });
    return [success, textOf(error)];
  };
  const missing = [false, "schedule not found"];
  assert.deepEqual(await cancel(), missing);
  await stage.call("p", "schedule_recurring", RECURRING, {
    cronExpression: bytesOf("*/5 * * * *"),
    scheduleId,
  });
  assert.deepEqual(await cancel(), [true, ""]);
  assert.deepEqual(await cancel(), missing);
  await stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds: 1, scheduleId });
  await stage.clock.advance(1_000);
  await stage.until(() =>
    stage.heard("p", "scheduler_callback_on_scheduler_callback", api.SchedulerCallbackRequestSchema)
      .length === 1
  );
  assert.deepEqual(await cancel(), missing);
});

const UNREADABLE = {
  "*/2 * * * * *": "expected exactly 5 fields, found 6: [*/2 * * * * *]",
  "* * * *": "expected exactly 5 fields, found 4: [* * * *]",
  "5m": "expected exactly 5 fields, found 1: [5m]",
  "0~5 * * * *": "failed to parse int from 0~5",
  "": "empty spec string",
  "@never": "unrecognized descriptor: @never",
  "@every 5d": "failed to parse duration",
  "60 * * * *": "above maximum (59)",
  "0 0 * * 7": "above maximum (6)",
};
const READABLE = [
  ...["0 0 * * sun", "*/5,7 0-4 ? jan-DEC *", "@yearly", "@midnight", "@every 1h30m"],
  ...["TZ=Asia/Tokyo 0 9 * * *", "CRON_TZ=UTC @daily"],
];

Deno.test("scheduler: an expression that cannot be read ends the call, and what had its id stays", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const schedule = (id: string, cron: string) =>
    stage.call("p", "schedule_recurring", RECURRING, {
      cronExpression: bytesOf(cron),
      scheduleId: bytesOf(id),
    });
  await schedule("x", "@hourly");
  for (const [cron, says] of Object.entries(UNREADABLE)) {
    const text = `failed to schedule recurring job: `;
    await assert.rejects(
      schedule("x", cron),
      ({ code, message }: Error & { code: string }) =>
        code === "guest.trap" && message.includes(text) && message.includes(says),
      cron,
    );
  }
  const { success } = await stage.call("p", "cancel_schedule", CANCEL, {
    scheduleId: bytesOf("x"),
  });
  assert.equal(success, true);
  for (const cron of READABLE) {
    assert.deepEqual((await schedule(cron, cron)).scheduleId, bytesOf(cron));
  }
});

Deno.test("scheduler: what fires at a plugin without the capability is logged and dropped", async () => {
  await using stage = await EnvHost.open({
    p: { permissions: { scheduler: {} }, capabilities: ["MetadataAgent"] },
  });
  await stage.call("p", "schedule_one_time", ONE_TIME, { scheduleId: bytesOf("x") });
  await stage.clock.advance(0);
  await stage.until(() =>
    stage.data.messages("p").some((line) => /schedule "x": function not found/.test(line))
  );
});

Deno.test("scheduler: time_now tells one instant three times", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } });
  const now = await stage.call("p", "time_now", [
    scheduler.TimeNowRequestSchema,
    scheduler.TimeNowResponseSchema,
  ]);
  assert.equal(now.unixMilli, BigInt(stage.clock.now()));
  assert.equal(Date.parse(textOf(now.rfc3339Nano)), stage.clock.now());
  assert.equal(textOf(now.localTimeZone), Intl.DateTimeFormat().resolvedOptions().timeZone);
});

const CONFIG = [config.GetPluginConfigRequestSchema, config.GetPluginConfigResponseSchema] as const;

Deno.test("config: settings have their name and its lower case, and are texts", async () => {
  const settings = {
    ClientID: "7",
    clientid2: "é",
    Number: 1.5,
    yes: true,
    no: false,
    list: ["a"],
  };
  await using stage = await EnvHost.open({
    p: { permissions: { config: {} } },
    q: { permissions: { config: {} } },
  }, {
    config: { p: settings },
  });
  const read = async (id: string) =>
    Object.fromEntries(mapOf((await stage.call(id, "get_plugin_config", CONFIG)).config));
  const expected = {
    ...{ ClientID: "7", clientid: "7", clientid2: "é", Number: "1.5", number: "1.5" },
    ...{ yes: "1", no: "0", list: '["a"]' },
  };
  assert.deepEqual(await read("p"), expected);
  assert.deepEqual(await read("q"), {});
  const [init] = stage.heard("p", "lifecycle_management_on_init", api.InitRequestSchema);
  assert.deepEqual(Object.fromEntries(mapOf(init?.config ?? [])), expected);
});

const ARTWORK = [artwork.GetArtworkUrlRequestSchema, artwork.GetArtworkUrlResponseSchema] as const;

Deno.test("artwork: an address for each kind, with a size where one is given, and none where there is none", async () => {
  const asked: unknown[] = [];
  const musicServer = {
    ...memoryMusicServer({}),
    artwork: {
      url: (kind: string, id: string, size: number) => {
        asked.push([kind, id, size]);
        return id === "broken"
          ? Promise.reject(new Error("down"))
          : Promise.resolve(`https://m/${kind}`);
      },
    },
  };
  await using stage = await EnvHost.open({ p: { permissions: { artwork: {} } } }, { musicServer });
  const url = async (name: string, id: string, size = 0) =>
    textOf((await stage.call("p", `get_${name}_url`, ARTWORK, { id: bytesOf(id), size })).url);
  assert.deepEqual(
    [
      await url("artist", "1"),
      await url("album", "2", 300),
      await url("track", "", -4),
      await url("track", "broken"),
    ],
    ["https://m/artist", "https://m/album", "https://m/track", ""],
  );
  assert.deepEqual(asked, [["artist", "1", 0], ["album", "2", 300], ["track", "", 0], [
    "track",
    "broken",
    0,
  ]]);
});

const CALL = [subsonic.CallRequestSchema, subsonic.CallResponseSchema] as const;
const USERS = [
  { userName: "Admin", name: "A", isAdmin: true },
  { userName: "ann", name: "Ann", isAdmin: false },
];

/** What a call of the Subsonic API came to: its JSON, or its error. */
async function subsonicCall(
  url: string,
  permission: object = {},
): Promise<{ json: Uint8Array; error: string; asked: string[] }> {
  const asked: string[] = [];
  const musicServer = {
    ...memoryMusicServer({ users: USERS }),
    subsonic: {
      call: (username: string, endpoint: string, query: URLSearchParams) => {
        query.sort();
        asked.push(`${username} ${endpoint}?${query}`);
        return Promise.resolve({ contentType: "image/png", data: ODD });
      },
    },
  };
  await using stage = await EnvHost.open({ p: { permissions: { subsonicapi: permission } } }, {
    musicServer,
  });
  const { json, error } = await stage.call("p", "call", CALL, { url: bytesOf(url) });
  return { json, error: textOf(error), asked };
}

Deno.test("subsonicapi: identity, client, format and version are set, only the last segment counts, bytes come as they are", async () => {
  const { json, error, asked } = await subsonicCall(
    "https://h:1/rest/ping.view/?u=ann&u=Admin&c=evil&f=xml&v=1&x=%20y",
  );
  assert.deepEqual([json, error], [ODD, ""]);
  assert.deepEqual(asked, ["ann /ping.view?c=p&f=json&u=ann&v=1.16.1&x=+y"]);
});

promise(
  "subsonicapi: who may not be acted for is refused in the answer",
  [
    { name: "nobody named", url: "/rest/ping", says: "missing required parameter 'u' (username)" },
    { name: "no URL", url: ":", says: /^invalid URL format: / },
    {
      name: "not on the list",
      url: "/ping?u=bob",
      permission: { allowedUsernames: ["ann"] },
      says: "username bob is not allowed",
    },
    { name: "unknown", url: "/ping?u=bob", says: "username bob not found" },
    {
      name: "an administrator",
      url: "/ping?u=admin",
      says: "calling SubsonicAPI as admin user is not allowed",
    },
    {
      name: "an administrator on the list",
      url: "/ping?u=ADMIN",
      permission: { allowedUsernames: ["admin"] },
      says: "calling SubsonicAPI as admin user is not allowed",
    },
  ],
  async (
    { url, permission, says }: { url: string; permission?: object; says: string | RegExp },
  ) => {
    const { json, error, asked } = await subsonicCall(url, permission);
    assert.deepEqual([json.length, asked], [0, []]);
    if (typeof says === "string") assert.equal(error, says);
    else assert.match(error, says);
  },
);

promise("subsonicapi: who may be acted for is", [
  { name: "a user, nobody being listed", url: "/ping?u=ann", permission: {} },
  {
    name: "a user on the list, in any letter case",
    url: "/ping?u=Ann",
    permission: { allowedUsernames: ["ANN"] },
  },
  {
    name: "an administrator, where allowed",
    url: "/ping?u=admin",
    permission: { allowAdmins: true },
  },
  {
    name: "an unknown one, where administrators are allowed",
    url: "/ping?u=bob",
    permission: { allowAdmins: true },
  },
], async ({ url, permission }) => {
  assert.deepEqual((await subsonicCall(url, permission)).json, ODD);
});

promise("A request that is no message ends the call", [
  { name: "cut short", bytes: "0a05" },
  { name: "a wire type that does not exist", bytes: "0f" },
  { name: "field number 0", bytes: "0200" },
  { name: "a group", bytes: "0b0c" },
  { name: "another type than the field's", bytes: "0801" },
], async ({ bytes }) => {
  await using stage = await EnvHost.open({ p: { permissions: { cache: {} } } });
  await assert.rejects(stage.raw("p", "get_string", Uint8Array.fromHex(bytes)), {
    code: "guest.trap",
    message: /cannot decode cache\.GetRequest/,
  });
  assert.equal((await stage.call("p", "has", HAS, { key })).exists, false);
});

Deno.test("A plugin cannot see what another has cached or scheduled", async () => {
  const permissions = { cache: {}, scheduler: {} };
  await using stage = await EnvHost.open({ p: { permissions }, q: { permissions } });
  await stage.call("p", "set_string", SET_STRING, { key, value: key });
  await stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds: 9, scheduleId: key });
  assert.equal((await stage.call("q", "has", HAS, { key })).exists, false);
  assert.equal(
    (await stage.call("q", "cancel_schedule", CANCEL, { scheduleId: key })).success,
    false,
  );
});

Deno.test("A schedule beyond the limit ends the call with its reason", async () => {
  await using stage = await EnvHost.open({ p: { permissions: { scheduler: {} } } }, {
    pluginLimits: { services: { ...DEFAULT_LIMITS, schedules: 1 } },
  });
  await stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds: 9 });
  await assert.rejects(stage.call("p", "schedule_one_time", ONE_TIME, { delaySeconds: 9 }), {
    message: /maximum of 1 schedules reached/,
  });
});
