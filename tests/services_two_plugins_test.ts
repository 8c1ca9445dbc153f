/** Two plugins of one host whose ids and names collide: neither finds anything of the other. Through guests. */

import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loopbackServer } from "./support/network_host.ts";
import { ServiceHost, type ServicePlugin } from "./support/service_host.ts";

/** Ids that are one in another letter case, as a path, decoded, normalised, or as a prefix. */
const PAIRS: readonly [a: string, b: string][] = [
  ["plugin", "Plugin"],
  ["a", "a.b"],
  ["a b", "a%20b"],
  ["caf\u00E9", "cafe\u0301"],
  ["storage", "kvstore.db"],
  ["__proto__", "constructor"],
  ["a'--", "a"],
];

const ALL: ServicePlugin = {
  permissions: {
    cache: {},
    kvstore: {},
    storage: {},
    scheduler: {},
    taskqueue: { maxConcurrency: 1 },
    users: {},
    preferences: {},
    websocket: { requiredHosts: ["127.0.0.1"] },
  },
};

const value = btoa("secret");
const ABSENT = {};

for (const [a, b] of PAIRS) {
  Deno.test(`plugins ${JSON.stringify(a)} and ${JSON.stringify(b)} never see each other's state`, async () => {
    await using place = new ServiceHost();
    place.install(a, ALL);
    place.install(b, ALL);
    await place.start();
    for (const id of [a, b]) await place.enable(id, { users: "all" });

    await place.play(a, [
      { call: "cache_setstring", request: { key: "k", value: "v" }, response: "{}" },
      { call: "kvstore_set", request: { key: "k", value }, response: "{}" },
      {
        call: "preferences_set",
        request: { username: "bob", key: "k", value: "v" },
        response: "{}",
      },
      {
        call: "scheduler_scheduleonetime",
        request: { delaySeconds: 60, payload: `of ${a}`, scheduleId: "s" },
        response: { newScheduleId: "s" },
      },
      { call: "task_createqueue", request: { name: "q", config: {} }, response: "{}" },
    ]);
    await place.play(b, [
      { call: "cache_has", request: { key: "k" }, response: ABSENT },
      { call: "cache_getstring", request: { key: "k" }, response: ABSENT },
      { call: "kvstore_has", request: { key: "k" }, response: ABSENT },
      { call: "kvstore_list", request: {}, response: ABSENT },
      { call: "kvstore_deletebyprefix", request: { prefix: "k" }, response: ABSENT },
      { call: "preferences_get", request: { username: "bob", key: "k" }, response: ABSENT },
      {
        call: "scheduler_cancelschedule",
        request: { scheduleId: "s" },
        errorContains: 'schedule ID "s" not found',
      },
      {
        call: "task_enqueue",
        request: { queueName: "q", payload: "AA==" },
        errorContains: "does not exist",
      },
      { call: "cache_remove", request: { key: "k" }, response: "{}" },
      { call: "kvstore_delete", request: { key: "k" }, response: "{}" },
      {
        call: "preferences_set",
        request: { username: "bob", key: "k", value: null },
        response: "{}",
      },
      // The same name is free for the other plugin.
      {
        call: "scheduler_scheduleonetime",
        request: { delaySeconds: 60, payload: `of ${b}`, scheduleId: "s" },
        response: { newScheduleId: "s" },
      },
      { call: "task_createqueue", request: { name: "q", config: {} }, response: "{}" },
    ]);
    const { result: taskId } = await place.call(a, "task_enqueue", {
      queueName: "q",
      payload: btoa(a),
    });
    const foreign = await place.call(b, "task_get", { taskId });
    ok(foreign.error.includes("not found"), foreign.error);
    ok((await place.call(b, "task_cancel", { taskId })).error.includes("not found"));
    deepStrictEqual(await place.call(b, "task_clearqueue", { queueName: "q" }), ABSENT);

    await place.play(a, [
      { call: "cache_getstring", request: { key: "k" }, response: { value: "v", exists: true } },
      { call: "kvstore_get", request: { key: "k" }, response: { value, exists: true } },
      {
        call: "preferences_get",
        request: { username: "bob", key: "k" },
        response: { value: "v", exists: true },
      },
    ]);
    await place.clock.advance(60_000);
    const heard = async (id: string, count: number) =>
      (await place.heardTimes(id, count)).map((line) => JSON.parse(line));
    const ofA = await heard(a, 2);
    const ofB = await heard(b, 1);
    strictEqual(ofA.find(({ scheduleId }) => scheduleId === "s").payload, `of ${a}`);
    strictEqual(ofA.find((call) => call.taskId === taskId).payload, btoa(a));
    deepStrictEqual(ofB.map(({ payload }) => payload), [`of ${b}`]);

    // Their files lie apart too: `/storage`, and the databases.
    const folders = [...Deno.readDirSync(`${place.data.path}/plugin-data`)].map(({ name }) => name);
    deepStrictEqual(folders.sort(), [a, b].sort());
  });
}

Deno.test("two plugins never see each other's connections", async () => {
  await using server = loopbackServer((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
    return response;
  });
  await using place = new ServiceHost();
  for (const id of ["a", "A"]) place.install(id, ALL);
  await place.start();
  const decision = { addresses: ["127.0.0.1"], users: "all" } as const;
  for (const id of ["a", "A"]) await place.host.enable(id, decision);
  const url = `ws://127.0.0.1:${server.port}/`;
  const open = (id: string) => place.call(id, "websocket_connect", { url, connectionId: "c" });
  deepStrictEqual(await open("a"), { newConnectionId: "c" });
  for (const name of ["websocket_sendtext", "websocket_sendbinary", "websocket_closeconnection"]) {
    const { error } = await place.call("A", name, { connectionId: "c", code: 1000 });
    ok(error.includes('connection ID "c" not found'), error);
  }
  deepStrictEqual(await open("A"), { newConnectionId: "c" });
  const request = { connectionId: "c", message: "to a" };
  deepStrictEqual(await place.call("a", "websocket_sendtext", request), {});
  const [line = ""] = await place.heardTimes("a", 1);
  strictEqual(JSON.parse(line).message, "echo to a");
  deepStrictEqual(place.heard("A"), []);
  notStrictEqual(server.seen.length, 1);
});
