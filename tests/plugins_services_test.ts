import assert from "node:assert/strict";
import { callGuest, type GuestSetup } from "./guest_kernel.ts";
import { Bench } from "./services_cases/harness.ts";
import { guestModule } from "./support/built.ts";

const guest = await guestModule("services");
const base64 = (text: string | Uint8Array) =>
  (typeof text === "string" ? new TextEncoder().encode(text) : text).toBase64();

/** Every import of the guest, so that an instance exists; what a test does not answer must not be asked. */
function hostOf(answers: NonNullable<GuestSetup["host"]>): NonNullable<GuestSetup["host"]> {
  const imports = WebAssembly.Module.imports(guest).filter((i) => i.module === "extism:host/user");
  const unexpected = (name: string) => () => assert.fail(`${name} was not expected`);
  return {
    ...Object.fromEntries(imports.map(({ name }) => [name, unexpected(name)])),
    ...answers,
  };
}

/** Sends a request through the PDK: what the host was asked, and what the guest made of the answer. */
function send(request: unknown, answer: unknown) {
  let asked: unknown;
  const host = hostOf({
    http_send: (message) => {
      asked = message;
      return answer;
    },
  });
  const { code, outputText } = callGuest(guest, "http_send", JSON.stringify(request), { host });
  assert.equal(code, 0);
  return { asked, response: JSON.parse(outputText) };
}

const GET = { method: "GET", url: "https://example.org/" };

Deno.test("a request of the PDK is http_send's, field by field, and says nothing needless", () => {
  const rows: [unknown, unknown][] = [
    [GET, GET],
    [{ ...GET, timeoutMs: 250, manual: true }, { ...GET, timeoutMs: 250, noFollowRedirects: true }],
    [{ ...GET, headers: { A: "1", b: "ü" } }, { ...GET, headers: { A: "1", b: "ü" } }],
    [{ method: "POST", url: "u", text: "Ä🎷" }, {
      method: "POST",
      url: "u",
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      body: base64("Ä🎷"),
    }],
    [{ method: "PUT", url: "u", json: { a: [1] } }, {
      method: "PUT",
      url: "u",
      headers: { "Content-Type": "application/json" },
      body: base64('{"a":[1]}'),
    }],
  ];
  for (const [request, expected] of rows) {
    assert.deepEqual(send(request, { result: { statusCode: 204 } }).asked, { request: expected });
  }
});

Deno.test("a response has its status, its headers in any case, and its body as text and JSON", () => {
  const result = {
    statusCode: 200,
    headers: { "Content-Type": "application/json" },
    body: base64('{"é":"🎷"}'),
  };
  assert.deepEqual(send(GET, { result }).response, {
    ok: true,
    status: 200,
    error: "",
    fault: "",
    type: "application/json",
    text: '{"é":"🎷"}',
    json: { "é": "🎷" },
  });
});

Deno.test("what is no answer is an error, what is a bad answer is a status, and neither traps", () => {
  const rows: [answer: unknown, status: number, fault: string][] = [
    [{ error: 'Get "u": context deadline exceeded' }, 0, 'Get "u": context deadline exceeded'],
    [{ result: { statusCode: 503, headers: {} } }, 503, "status is 503"],
    [{ result: { statusCode: 302 } }, 302, "status is 302"],
    ["", 0, "Cannot read the host's answer: it gave none"],
    ["{]", 0, "Cannot read JSON: unexpected character at 1"],
    [
      { result: { statusCode: 200, body: "*" } },
      0,
      "Cannot read the host's answer: its body is not base64",
    ],
  ];
  for (const [answer, status, fault] of rows) {
    const { response } = send(GET, answer);
    const error = status === 0 ? fault : "";
    assert.deepEqual(response, {
      ...{ ok: false, status, error, fault },
      ...{ type: "", text: "", json: null },
    });
  }
});

Deno.test("bodies of every length survive base64 both ways", () => {
  for (const length of [0, 1, 2, 3, 4, 5, 255, 100_001]) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(i * 31 % 127 + 1)).join("");
    const body = base64(text);
    const { asked, response } = send(
      { method: "POST", url: "u", text },
      { result: { statusCode: 200, body } },
    );
    const sent = length === 0 ? undefined : body;
    assert.equal((asked as { request: { body?: string } }).request.body, sent);
    assert.equal(response.text, text);
  }
  const all = Array.from({ length: 0x800 }, (_, code) => String.fromCharCode(code)).join("") + "🎷";
  for (const body of [base64(all), base64(all).replace(/=+$/, "")]) {
    assert.equal(send(GET, { result: { statusCode: 200, body } }).response.text, all);
  }
});

/** Plays steps against the host's own services. */
function play(bench: Bench, steps: unknown[]): unknown {
  const never = new AbortController().signal;
  const answer = (name: string) => (message: unknown) => {
    const request = new TextEncoder().encode(JSON.stringify(message));
    const reply = bench.services.call(name, request, never);
    assert.ok(reply instanceof Uint8Array);
    return new TextDecoder().decode(reply);
  };
  const names = [...bench.services.functions];
  const host = hostOf(Object.fromEntries(names.map((name) => [name, answer(name)])));
  const { code, outputText } = callGuest(guest, "play", JSON.stringify(steps), { host });
  assert.equal(code, 0);
  return JSON.parse(outputText);
}

Deno.test("the cache keeps each type under its own getter until its time is over", async () => {
  await using bench = new Bench({ permissions: { cache: {} } });
  const steps: [unknown[], unknown][] = [
    [["cache.getText", "t"], null],
    [["cache.setText", "t", "é🎷", 60], true],
    [["cache.getText", "t"], "é🎷"],
    [["cache.getBytes", "t"], null],
    [["cache.setText", "t", ""], true],
    [["cache.getText", "t"], ""],
    [["cache.setInteger", "i", 42], true],
    [["cache.getInteger", "i"], 42],
    [["cache.getFloat", "i"], -1],
    [["cache.setFloat", "f", 0.1], true],
    [["cache.getFloat", "f"], 0.1],
    [["cache.setBytes", "b", "bytes", 60], true],
    [["cache.getBytes", "b"], "bytes"],
    [["cache.has", "b"], true],
    [["cache.remove", "i"], true],
    [["cache.has", "i"], false],
  ];
  assert.deepEqual(play(bench, steps.map(([step]) => step)), steps.map(([, result]) => result));
  await bench.clock.advance(61_000);
  assert.deepEqual(play(bench, [["cache.has", "b"], ["cache.getFloat", "f"]]), [false, 0.1]);
});

Deno.test("the kvstore keeps texts and bytes, lists and counts them, and says what failed", async () => {
  await using bench = new Bench({ permissions: { kvstore: { maxSize: "10 B" } } });
  const steps: [unknown[], unknown, string?][] = [
    [["kvstore.getText", "a"], null],
    [["kvstore.setText", "a", "é🎷"], true],
    [["kvstore.setText", "ab", "1", 60], true],
    [["kvstore.setText", "b", ""], true],
    [["kvstore.getText", "a"], "é🎷"],
    [["kvstore.getText", "b"], ""],
    [["kvstore.getMany", "", ["a", "b", "c"]], { a: "é🎷", b: "" }],
    [["kvstore.list", "a"], ["a", "ab"]],
    [["kvstore.list", ""], ["a", "ab", "b"]],
    [["kvstore.bytesUsed"], 7],
    [
      ["kvstore.setText", "c", "12345"],
      false,
      "storage limit exceeded: would use 12 B of 10 B allowed",
    ],
    [["kvstore.getText", "c"], null],
    [["kvstore.setText", "", "1"], false, "key cannot be empty"],
    [["kvstore.removeByPrefix", ""], 0, "prefix cannot be empty"],
    [["kvstore.remove", "b"], true],
    [["kvstore.has", "b"], false],
    [["kvstore.removeByPrefix", "a"], 2],
    [["kvstore.list", ""], []],
  ];
  const results = steps.flatMap(([, result, error]) =>
    error === undefined ? [result] : [result, `error: ${error}`]
  );
  assert.deepEqual(play(bench, steps.map(([step]) => step)), results);
});

Deno.test("the keys of the settings are listed by prefix", async () => {
  await using bench = new Bench({ config: new Map([["b", "1"], ["ab", "2"], ["aa", "3"]]) });
  assert.deepEqual(play(bench, [["config.keys", ""], ["config.keys", "a"]]), [
    ["aa", "ab", "b"],
    ["aa", "ab"],
  ]);
});
