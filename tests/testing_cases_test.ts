// The player of test cases: what passes, and what every kind of expectation says when it is broken.

import assert from "node:assert/strict";
import { packFiles } from "../src/packages/mod.ts";
import { readSources } from "../plugins/compile.ts";
import { type CaseOutcome, parseCases, runCase } from "../src/testing/mod.ts";
import { builtPlugin, compiled } from "./support/built.ts";
import { tempDir } from "./support/temp_dir.ts";

const MANIFEST = JSON.stringify({
  name: "Trial",
  author: "Test",
  version: "1",
  permissions: {
    http: { requiredHosts: ["api.example.com"] },
    websocket: { requiredHosts: ["ws.example.com"] },
    kvstore: {},
    users: {},
  },
  config: {
    schema: { type: "object", properties: { setting: { type: "string", default: "standard" } } },
  },
});

const trial = (async () => {
  const sources = await readSources(new URL("guests/trial/assembly/", import.meta.url));
  return await packFiles(MANIFEST, await compiled(sources));
})();

/** Plays one case, written as authors write it. */
async function play(each: Record<string, unknown>): Promise<CaseOutcome> {
  using folder = tempDir();
  const pluginsDir = `${folder.path}/package`;
  Deno.mkdirSync(pluginsDir);
  Deno.writeFileSync(`${pluginsDir}/trial.ndp`, await trial);
  const [parsed] = parseCases(JSON.stringify({ cases: [{ name: "case", ...each }] }), "a.json");
  assert.ok(parsed);
  return await runCase(parsed, { id: "trial", pluginsDir, dataDir: `${folder.path}/data` });
}

const URL_A = "https://api.example.com/a?q=%C3%A9";
const ASK = { export: "ask", input: { url: "https://api.example.com/a?q=é" } };
const POST = { export: "ask", input: { url: "https://api.example.com/", body: { a: [1] } } };
const answered = (fields: object = {}) => ({
  output: { status: 200, error: "", type: "", body: "", ...fields },
});

const PASSING: Readonly<Record<string, Record<string, unknown>>> = {
  "an output is compared as JSON": {
    ...ASK,
    http: [{ request: `GET ${URL_A}`, response: { json: { b: 1 } } }],
    expect: answered({ type: "application/json", body: '{"b":1}' }),
  },
  "a recorded status, header and text are what the plugin reads": {
    ...ASK,
    http: [{
      request: { url: "https://api.example.com/a?q=é" },
      response: { status: 404, headers: { "Content-Type": "text/x" }, body: "gone" },
    }],
    expect: answered({ status: 404, type: "text/x", body: "gone" }),
  },
  "an answer that never comes is an error that the plugin can handle": {
    ...ASK,
    http: [{ request: `GET ${URL_A}`, response: { error: "connection refused" } }],
    expect: answered({ status: 0, error: `Get "${ASK.input.url}": connection refused` }),
  },
  "a redirect is followed to where the next answer is recorded": {
    ...ASK,
    http: [
      {
        request: `GET ${URL_A}`,
        response: { status: 302, headers: { location: "https://api.example.com/b" } },
      },
      { request: "GET https://api.example.com/b", response: { body: "there" } },
    ],
    expect: answered({ type: "text/plain;charset=UTF-8", body: "there" }),
  },
  "method, headers and body of a request can be asked for": {
    ...POST,
    http: [{
      request: {
        method: "POST",
        url: "https://api.example.com/",
        headers: { authorization: "me" },
        json: { a: [1] },
      },
      response: { status: 204 },
    }],
    expect: {
      ...answered({ status: 204 }),
      requests: [{ method: "post", url: "https://api.example.com/", body: '{"a":[1]}' }],
    },
  },
  "the manifest's hosts hold: no request leaves, and none is missed": {
    export: "ask",
    input: { url: "https://evil.example.com/" },
    expect: {
      ...answered({ status: 0, error: 'host "evil.example.com" is not allowed' }),
      requests: [],
      log: ["warn: egress.url_not_allowed: https://evil.example.com/", "info: asked"],
    },
  },
  "frames over a WebSocket are recorded, as texts or as JSON": {
    calls: [
      {
        export: "say",
        input: { url: "wss://ws.example.com/x", message: '{"op": 1}' },
        expect: { frames: [{ op: 1 }] },
      },
      {
        export: "say",
        input: { url: "wss://ws.example.com/x", message: "hi" },
        expect: { frames: ["hi"] },
      },
    ],
    websockets: ["wss://ws.example.com/x"],
  },
  "a store, a server and settings are there before the first call, and stay for the next": {
    kvstore: { count: "41", other: "é" },
    server: { users: [{ userName: "bob", name: "Bob", isAdmin: false }] },
    config: { setting: "own" },
    calls: [
      { export: "count", expect: { output: { count: 42, user: "bob", setting: "own" } } },
      { export: "count", expect: { kvstore: { count: "43", other: "é" } } },
    ],
  },
  "without any of them there is one user, and the schema's defaults": {
    export: "count",
    expect: { output: { count: 1, user: "ann", setting: "standard" }, kvstore: { count: "1" } },
  },
  "an error and log lines are looked for, not compared whole": {
    export: "complain",
    input: "x",
    expect: { error: 'go on: "x"', log: ["warn: about", "detail"] },
  },
  "an empty output is null": { export: "nothing", expect: { output: null } },
  "a call without expectations has to succeed": { export: "nothing" },
};

for (const [name, each] of Object.entries(PASSING)) {
  Deno.test(`plugin test: ${name}`, async () => {
    assert.deepEqual(await play(each), { name: "case", faults: [] });
  });
}

const FAILING: Readonly<Record<string, [Record<string, unknown>, RegExp[]]>> = {
  "another output": [
    { export: "nothing", expect: { output: { a: 1 } } },
    [/^wanted output \{"a":1\}, got none$/],
  ],
  "an error that nobody wanted": [{ export: "complain" }, [/^wanted no error, got .*Cannot go on/]],
  "no error where one was wanted": [
    { export: "nothing", expect: { error: "no luck" } },
    [/^wanted error "no luck", got success with output empty$/],
  ],
  "another error": [
    { export: "complain", expect: { error: "no luck" } },
    [/^wanted error "no luck", got .*Cannot go on/],
  ],
  "an export that is not there": [{ export: "no_such" }, [/it has no such export/]],
  "log lines in another order": [
    { export: "complain", expect: { error: "go on", log: ["detail", "about"] } },
    [/^wanted log line "about", got "warn: about to complain", "debug: in detail"$/],
  ],
  "a request that nothing is recorded for": [
    { ...ASK, expect: {} },
    [new RegExp(`^no answer is recorded for GET ${RegExp.escape(URL_A)}$`)],
  ],
  "a request whose body is another than the recorded one's": [
    {
      ...POST,
      http: [{
        request: { method: "POST", url: "https://api.example.com/", json: { a: [2] } },
        response: {},
      }],
    },
    [
      /^no answer is recorded for POST https:\/\/api\.example\.com\/ \(the recorded one does not fit: its body is \{"a":\[1\]\}\)$/,
      /^nobody asked for the recorded answer to POST https:\/\/api\.example\.com\/$/,
    ],
  ],
  "an answer that nobody asks for": [
    { export: "nothing", http: [{ request: "GET https://api.example.com/", response: {} }] },
    [/^nobody asked for the recorded answer to GET https:\/\/api\.example\.com\/$/],
  ],
  "a request too many, and one too few": [
    {
      calls: [
        { ...ASK, expect: { requests: [] } },
        { export: "nothing", expect: { requests: [`GET ${URL_A}`] } },
      ],
      http: [{ request: `GET ${URL_A}`, response: {} }],
    },
    [/^call 1: wanted no request GET /, /^call 2: wanted 1 more request$/],
  ],
  "another header": [
    {
      ...POST,
      http: [{ request: "POST https://api.example.com/", response: {} }],
      expect: {
        requests: [{
          method: "POST",
          url: "https://api.example.com/",
          headers: { authorization: "you" },
        }],
      },
    },
    [/^wanted another request 1: its header "authorization" is "me"$/],
  ],
  "other frames": [
    {
      export: "say",
      input: { url: "wss://ws.example.com/", message: "a" },
      websockets: ["wss://ws.example.com/"],
      expect: { frames: ["b"] },
    },
    [/^wanted frames \["b"\], got \["a"\]$/],
  ],
  "a WebSocket that nothing is recorded for": [
    { export: "say", input: { url: "wss://ws.example.com/", message: "a" } },
    [/failed to connect: no handshake was recorded/, /for WebSocket wss:\/\/ws\.example\.com\/$/],
  ],
  "another store": [
    { export: "count", expect: { kvstore: {} } },
    [/^wanted kvstore \{\}, got \{"count":"1"\}$/],
  ],
};
for (const [name, [each, faults]] of Object.entries(FAILING)) {
  Deno.test(`plugin test: ${name} fails the case, in a sentence`, async () => {
    const outcome = await play(each);
    assert.equal(outcome.faults.length, faults.length, outcome.faults.join("\n"));
    faults.forEach((fault, index) => assert.match(outcome.faults[index] ?? "", fault));
  });
}

Deno.test("cases that are not of their form are refused with every place", () => {
  const refused = (text: string) => {
    try {
      parseCases(text, "a.json");
    } catch (thrown) {
      const { code, problems } = thrown as { code: string; problems: { path: string }[] };
      return [code, ...problems.map(({ path }) => path)];
    }
    throw new Error("it was accepted");
  };
  assert.deepEqual(refused("{"), ["cli.cases_invalid", "$"]);
  assert.deepEqual(refused('{"cases":[]}'), ["cli.cases_invalid", "$.cases"]);
  const typo = { cases: [{ name: "a", export: "b", expect: { ouput: 1 } }, { export: "b" }] };
  assert.deepEqual(refused(JSON.stringify(typo)), [
    "cli.cases_invalid",
    "$.cases.0.expect.ouput",
    "$.cases.1",
  ]);
  const both = { cases: [{ name: "a", export: "b", calls: [{ export: "b" }] }] };
  assert.equal(refused(JSON.stringify(both))[0], "cli.cases_invalid");
});

Deno.test("a plugin that cannot be loaded is told of as a host would", async () => {
  using folder = tempDir();
  const wasm = await compiled(
    'import { cache } from "@soundproof/pdk"; export function a(): i32 { return cache.has("a"); }',
  );
  Deno.mkdirSync(`${folder.path}/package`);
  Deno.writeFileSync(`${folder.path}/package/p.ndp`, await packFiles(MANIFEST, wasm));
  const [each] = parseCases('{"cases":[{"name":"n","export":"a"}]}', "a.json");
  const place = { id: "p", pluginsDir: `${folder.path}/package`, dataDir: `${folder.path}/data` };
  await assert.rejects(() => runCase(each!, place), { code: "module.import_refused" });
});

for (const entry of Deno.readDirSync(new URL("../plugins", import.meta.url))) {
  const tests = new URL(`../plugins/${entry.name}/tests/`, import.meta.url);
  if (!entry.isDirectory || !isThere(tests)) continue;
  Deno.test(`the test cases of the example ${entry.name} pass`, async () => {
    using folder = tempDir();
    const pluginsDir = `${folder.path}/package`;
    Deno.mkdirSync(pluginsDir);
    Deno.writeFileSync(`${pluginsDir}/${entry.name}.ndp`, await builtPlugin(entry.name));
    let count = 0;
    for (const { name } of Deno.readDirSync(tests)) {
      for (const each of parseCases(Deno.readTextFileSync(new URL(name, tests)), name)) {
        const dataDir = `${folder.path}/data-${++count}`;
        const outcome = await runCase(each, { id: entry.name, pluginsDir, dataDir });
        assert.deepEqual(outcome, { name: each.name, faults: [] });
      }
    }
    assert.ok(count > 2);
  });
}

function isThere(path: URL): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
