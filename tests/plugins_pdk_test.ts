import assert from "node:assert/strict";
import { callGuest, type GuestSetup } from "./guest_kernel.ts";
import { guestModule } from "./support/built.ts";

Deno.test("echo: input, output, errors and return codes", async (t) => {
  const module = await guestModule("echo");
  const call = (name: string, input?: string | Uint8Array, setup?: GuestSetup) =>
    callGuest(module, name, input, setup);

  for (const length of [0, 1, 7, 8, 9, 1000, 100_003]) {
    await t.step(`${length} bytes come back unchanged`, () => {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + length);
      assert.deepEqual(call("echo", bytes).output, bytes);
    });
  }

  const endings: [string, string, number | undefined, string][] = [
    ["nothing", "", 0, ""],
    ["fail", "no luck 🎷", -1, "no luck 🎷"],
    ["fail", "", -1, "Plugin failed without a text"],
    ["fail_with_zero", "no luck", 0, "no luck"],
    ["exit_code", "7", 7, ""],
    ["exit_code", "-1", -1, ""],
    ["not_implemented", "", -2, ""],
    ["throws", "oh", undefined, "oh (index.ts:LINE)"],
    ["traps", "", undefined, ""],
  ];
  for (const [name, input, code, error] of endings) {
    await t.step(`${name}("${input}") ends with ${code ?? "a trap"} and "${error}"`, () => {
      const outcome = call(name, input);
      assert.deepEqual([outcome.code, outcome.error.replace(/:\d+\)$/, ":LINE)")], [code, error]);
    });
  }

  await t.step("log lines below the host's level are not sent", () => {
    const { log, outputText } = call("log_it", "line", { logLevel: 3 });
    assert.deepEqual([log, outputText], [["warn: line", "error: line"], "2"]);
    assert.deepEqual(call("log_it", "line", { logLevel: 0 }).log.length, 5);
    assert.deepEqual(call("log_it", "line", { logLevel: 2147483647 }).log, []);
  });

  await t.step("settings are read as what they are, and fall back", () => {
    const config = { word: "é", count: "-9007199254740993", on: "false", list: '["a",1]' };
    const read = (key: string) =>
      call("config_typed", JSON.stringify({ key }), { config }).outputText;
    assert.equal(call("config_value", "word", { config }).outputText, "é");
    assert.equal(call("config_value", "constructor", { config }).outputText, "");
    assert.equal(read("word"), '{"text":"é","integer":-7,"boolean":true,"json":null}');
    assert.equal(
      read("count"),
      '{"text":"-9007199254740993","integer":-9007199254740993,"boolean":true,"json":-9007199254740993}',
    );
    assert.equal(read("on"), '{"text":"false","integer":-7,"boolean":false,"json":false}');
    assert.equal(JSON.parse(read("list")).json[1], 1);
    assert.equal(read("absent"), '{"text":"none","integer":-7,"boolean":true,"json":null}');
  });

  await t.step("variables are set, read, replaced and removed within a call", () => {
    const steps = [["get", "a"], ["set", "a", "1"], ["get", "a"], ["set", "a", "ü"], ["get", "a"]];
    const { outputText } = call("vars", JSON.stringify([...steps, ["remove", "a"], ["get", "a"]]));
    assert.equal(outputText, '[null,"1","ü",null]');
  });
});

/** Documents the guest must write exactly as they are. */
const SAME = [
  "null",
  "true",
  '""',
  "[]",
  "{}",
  "[[],{},[{}]]",
  '{"a":{"b":[1,{"c":"d"}]},"":0}',
  '{"constructor":1,"__proto__":{"x":2}}',
  "[9223372036854775807,-9223372036854775808,18446744073709551615]",
  "[123456789012345678901234567890,0.1000,-0,1E+2,1.5e-300]",
  '"Björk ☃ 🎷 \u{10ffff}"',
  '"\u2028\u2029\u007f"',
  String.raw`"\"\\\b\f\n\r\t\u0000\u001f"`,
  String.raw`"\ud83c \udfb7\ud83c"`,
  `"${"long ".repeat(20_000)}"`,
  `[${"1,".repeat(5000)}2]`,
  "[".repeat(256) + "]".repeat(256),
];

/** Documents that mean the same in another spelling. */
const RESPELLED: [string, string][] = [
  [' \t\r\n{ "a" : [ 1 , 2 ] } \n', '{"a":[1,2]}'],
  [String.raw`"\u0041\/\ud83c\udfb7\u00E9"`, '"A/🎷é"'],
  ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
];

/** Texts that are no JSON, and the place of the fault. */
const MALFORMED: [string, string][] = [
  ["", "unexpected end"],
  ["  ", "unexpected end"],
  ["{", "unexpected end"],
  ["[1", "unexpected end"],
  ['"abc', "unexpected end"],
  ['"abc\\', "unexpected end"],
  ['"\\u12', "unexpected end"],
  ["-", "unexpected end"],
  ["1.", "unexpected end"],
  ["1e", "unexpected end"],
  ["1e+", "unexpected end"],
  ["01", "unexpected character at 1"],
  ["-01", "unexpected character at 2"],
  [".5", "unexpected character at 0"],
  ["+1", "unexpected character at 0"],
  ["NaN", "unexpected character at 0"],
  ["tru", "unexpected character at 0"],
  ["nullx", "unexpected character at 4"],
  ["1 2", "unexpected character at 2"],
  ["[1,]", "unexpected character at 3"],
  ["[,1]", "unexpected character at 1"],
  ["[1}", "unexpected character at 2"],
  ['{"a":1,}', "unexpected character at 7"],
  ['{"a" 1}', "unexpected character at 5"],
  ["{a:1}", "unexpected character at 1"],
  ["{'a':1}", "unexpected character at 1"],
  ['"a\nb"', "unexpected character at 2"],
  ['"\\x"', "unexpected character at 2"],
  ['"\\u00g0"', "unexpected character at 5"],
  ["\ufeff1", "unexpected character at 0"],
  ["// 1", "unexpected character at 0"],
  ["[".repeat(257) + "]".repeat(257), "more than 256 levels"],
  ["[".repeat(1_000_000), "more than 256 levels"],
  ['{"a":'.repeat(100_000), "more than 256 levels"],
];

Deno.test("JSON passes through the PDK unharmed", async (t) => {
  const module = await guestModule("json");
  const call = (name: string, input: string) => callGuest(module, name, input);

  await t.step("what is written compactly comes back letter by letter", () => {
    for (const text of SAME) assert.equal(call("roundtrip", text).outputText, text);
  });

  await t.step("other spellings come back in the compact one", () => {
    for (const [text, compact] of RESPELLED) {
      assert.equal(call("roundtrip", text).outputText, compact);
    }
  });

  await t.step("malformed text is an error that says where, never a trap", () => {
    for (const [text, fault] of MALFORMED) {
      const { code, error, outputText } = call("roundtrip", text);
      assert.deepEqual([code, error, outputText], [-1, `Cannot read JSON: ${fault}`, ""]);
    }
  });

  await t.step("bytes that are no UTF-8 do not trap", () => {
    for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xf0, 0x9f], [0x22, 0xc3], [0x80]]) {
      assert.notEqual(callGuest(module, "roundtrip", Uint8Array.from(bytes)).code, undefined);
    }
  });

  await t.step("values are read exactly, or as the fallback", () => {
    const rows: [string, string][] = [
      [
        "9223372036854775807",
        '[9223372036854775807,-2,9223372036854775807,9223372036854776000,true,"?"]',
      ],
      ["9223372036854775808", '[-1,-2,9223372036854775808,9223372036854776000,true,"?"]'],
      ["-9223372036854775808", '[-9223372036854775808,-2,3,-9223372036854776000,true,"?"]'],
      ["-9223372036854775809", '[-1,-2,3,-9223372036854776000,true,"?"]'],
      ["18446744073709551615", '[-1,-2,18446744073709551615,18446744073709552000,true,"?"]'],
      ["18446744073709551616", '[-1,-2,3,18446744073709552000,true,"?"]'],
      ["2147483648", '[2147483648,-2,2147483648,2147483648,true,"?"]'],
      ["-0", '[0,0,0,0,true,"?"]'],
      ["3.0", '[3,3,3,3,true,"?"]'],
      ["-3e2", '[-300,-300,3,-300,true,"?"]'],
      ["3.5", '[-1,-2,3,3.5,true,"?"]'],
      ["1e400", '[-1,-2,3,null,true,"?"]'],
      ["false", '[-1,-2,3,0.25,false,"?"]'],
      ['"12"', '[-1,-2,3,0.25,true,"12"]'],
      ["null", '[-1,-2,3,0.25,true,"?"]'],
      ["[1]", '[-1,-2,3,0.25,true,"?"]'],
    ];
    const { outputText } = call("readings", `[${rows.map(([value]) => value).join(",")}]`);
    assert.equal(outputText, `[${rows.map(([, read]) => read).join(",")}]`);
  });

  await t.step("floats are read and written as the same floats", () => {
    const floats = [0.1, 0.30000000000000004, 1e23, 8.41e21, 5e-324, 2.2250738585072014e-308];
    floats.push(Number.MAX_VALUE, -Math.PI, 123456789.12345679, 2 ** 53 + 2, 1 / 3);
    for (let i = 1; i < 500; i++) floats.push(Math.sin(i) * 10 ** (i % 40 - 20));
    const rows: unknown = JSON.parse(call("readings", JSON.stringify(floats)).outputText);
    assert.ok(Array.isArray(rows));
    assert.deepEqual(rows.map((row) => row[3]), floats);
  });

  await t.step("memory grows with the size of a document, not with its square", () => {
    const many = Array.from({ length: 8000 }, (_, i) => ({ [`key ${i}`]: `line\n${i}\u0001` }));
    for (const value of [many, Object.assign({}, ...many), "\n".repeat(100_000)]) {
      const text = JSON.stringify(value);
      const { outputText, memoryBytes } = call("roundtrip", text);
      assert.equal(outputText, text);
      assert.ok(memoryBytes < 64 * text.length, `${memoryBytes} bytes for ${text.length}`);
    }
  });

  await t.step("what is missing can be asked and written without a trap", () => {
    for (const text of ["null", "1", "[1]", '{"no":null}', '"x"', "oops"]) {
      assert.equal(
        call("missing", text).outputText,
        '{"exists":false,"length":0,"keys":0,"text":"fallback","written":null}',
      );
    }
  });

  await t.step("values the guest makes are written exactly", () => {
    assert.equal(
      call("made", "").outputText,
      "[-9223372036854775808,9223372036854775807,18446744073709551615,0.1,3,1e+21,-2.5e-7," +
        'null,null,"🎷\\u0000\\u001f\u007f\u2028","\\ud83c"]',
    );
  });
});
