import assert from "node:assert/strict";
import { createApi } from "../src/api/mod.ts";
import type { PluginHost, Streams } from "../src/host/mod.ts";
import { all, answerOf } from "./support/administered.ts";
import { fakeTokens } from "./support/fake_host.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { packageOf, TestData } from "./support/plugins_folder.ts";

/** Records that come while a reader comes and goes. */
const COUNT = 24;

/** What makes one more record of each stream. */
const MORE: { readonly [Name in keyof Streams]: (host: PluginHost, turn: number) => unknown } = {
  log: (host, turn) => answerOf(host, "p", "say", `line ${turn}`),
  audit: (host, turn) => turn % 2 === 0 ? host.disable("p") : host.enable("p"),
  event: (host, turn) => turn % 2 === 0 ? host.disable("p") : host.enable("p"),
};

/** The ids of the first so many events of an answer, which is left then; fewer where it ends before. */
async function idsOf(response: Response, count: number): Promise<string[]> {
  assert.equal(response.status, 200);
  let text = "";
  const complete = () => text.slice(0, text.lastIndexOf("\n\n") + 2);
  const ids = () => [...complete().matchAll(/^id: (\d+)$/gm)].map(([, id = ""]) => id);
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (ids().length >= count) break;
  }
  return ids();
}

for (const stream of ["log", "audit", "event"] as const) {
  Deno.test(`a reader of the ${stream} stream that breaks off again and again sees each record once, in order`, async () => {
    using data = new TestData();
    await using host = await data.open();
    await host.install(
      "p",
      packageOf({ guest: agentGuest({ exports: ["say"], logsInput: true }) }),
    );
    await host.enable("p");
    const app = createApi(host, {
      tokens: fakeTokens({ admin: "admin" }),
      names: { hosts: ["localhost"] },
    });
    const open = (last: string | undefined, query = "") =>
      app.request(`/api/v1/${stream}${query}`, {
        headers: {
          authorization: "Bearer admin",
          ...(last !== undefined && { "last-event-id": last }),
        },
      });
    const before = (await all(host.follow(stream))).length;
    const writing = (async () => {
      for (let turn = 0; turn < COUNT; turn++) await MORE[stream](host, turn);
    })();
    const seen: string[] = [];
    for (let turn = 1; seen.length < before + COUNT; turn++) {
      seen.push(...await idsOf(await open(seen.at(-1)), turn % 3 + 1));
    }
    await writing;
    seen.push(...await idsOf(await open(seen.at(-1), "?live=false"), Infinity));
    const known = (await all(host.follow(stream))).map(({ id }) => String(id));
    assert.ok(known.length >= COUNT);
    assert.deepEqual(seen, known);
    assert.deepEqual(await idsOf(await open(undefined, "?live=false"), Infinity), known);
  });
}
