// The guide, followed word by word in a fresh copy of the repository; and its tables, held against the PDK.

import assert from "node:assert/strict";
import { join } from "node:path";
import { compiled } from "./support/built.ts";
import { tempDir } from "./support/temp_dir.ts";

const GUIDE = Deno.readTextFileSync("plugins/README.md");

/** What a clone of the repository has that the guide needs. */
const CLONED = ["deno.json", "deno.lock", "mod.ts", "src", "schema", "plugins"];

function copy(from: string, to: string): void {
  if (/(?:^|\/)(?:dist|\.test|node_modules)$/.test(from)) return;
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}

/** What the guide wants done: a file written, a command typed, or an answer seen. */
type Step =
  | { readonly write: string; readonly text: string }
  | { readonly type: string }
  | { readonly see: string };

/** The steps of a section, in the order in which they are read. */
function* stepsOf(section: string): Generator<Step> {
  const parts = section.split(/^```/m);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      const [, answer] = /The answer is `(.+?)`/s.exec(part) ?? [];
      if (answer !== undefined) yield { see: answer };
      continue;
    }
    const [, language, text = ""] = /^(\w+)\n([^]*)$/.exec(part) ?? [];
    if (language === "sh") {
      for (const line of text.trim().split("\n")) yield { type: line };
    } else {
      const path = parts[index - 1]?.match(/`(plugins\/[^`]+)`/g)?.at(-1)?.replaceAll("`", "");
      assert.ok(path, `the guide says where this goes: ${text}`);
      yield { write: path, text };
    }
  }
}

/** Does what a shell would; gives what was printed. */
async function type(line: string, cwd: string): Promise<string> {
  const words = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, word]) => quoted ?? word);
  const [program, ...args] = words.map(String);
  if (program === "mkdir" && args[0] === "-p") {
    Deno.mkdirSync(join(cwd, args[1] ?? ""), { recursive: true });
    return "";
  }
  if (program === "cp") {
    Deno.copyFileSync(join(cwd, args[0] ?? ""), join(cwd, args[1] ?? ""));
    return "";
  }
  assert.equal(program, "deno", `the guide needs nothing but Deno: ${line}`);
  const { code, stdout, stderr } = await new Deno.Command("deno", { args, cwd, stdin: "null" })
    .output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, `${line}\n${out}${err}`);
  return out ?? "";
}

Deno.test("the guide, followed word by word in a fresh copy, leads to a plugin that answers", async () => {
  const [, section = ""] =
    /\n## From nothing to a running plugin\n([^]*?)\nThe examples beside this file/.exec(GUIDE) ??
      [];
  using folder = tempDir();
  for (const name of CLONED) copy(name, `${folder.path}/${name}`);
  const seen: string[] = [];
  let printed = "";
  for (const step of stepsOf(section)) {
    if ("write" in step) Deno.writeTextFileSync(join(folder.path, step.write), step.text);
    else if ("type" in step) {
      printed = await type(step.type, folder.path);
      seen.push(step.type.split(" ").slice(0, 4).join(" "));
    } else {
      assert.equal(printed.trim(), step.see);
      seen.push("the answer");
    }
  }
  assert.deepEqual(seen.filter((line) => !/^(?:mkdir|cp) /.test(line)), [
    "deno task plugin new",
    "deno task plugin test",
    "deno task plugin test",
    "deno task plugins:build motto",
    "deno task plugin enable",
    "deno task plugin call",
    "the answer",
  ]);
});

Deno.test("every whole file that the guide shows compiles", async (t) => {
  const blocks = Array.from(GUIDE.matchAll(/```ts\n(import [^]*?)```/g), ([, text]) => text ?? "");
  assert.ok(blocks.length >= 4);
  for (const text of blocks) {
    await t.step(/class \w+|function \w+|Schedule\("\w+/.exec(text)?.[0] ?? "", async () => {
      const wasm = await compiled(text, { optimize: false });
      const exports = WebAssembly.Module.exports(new WebAssembly.Module(wasm));
      assert.ok(exports.some(({ name }) => name.startsWith("nd_")));
    });
  }
});

/** The PDK's sources. */
const PDK = [...Deno.readDirSync("plugins/pdk/assembly")]
  .map(({ name }) => name).filter((name) => name.endsWith(".ts"))
  .map((name) => Deno.readTextFileSync(`plugins/pdk/assembly/${name}`));

Deno.test("the guide's tables have every function of the PDK's namespaces", () => {
  const functions = PDK.flatMap((source) => {
    const [, namespace] = /^export namespace (\w+)/m.exec(source) ?? [];
    return Array.from(source.matchAll(/^ {2}export function (\w+)/gm), ([, name]) => name)
      .map((name) => `${namespace}.${name}(`);
  });
  assert.ok(functions.length > 60);
  assert.deepEqual(functions.filter((call) => !GUIDE.includes(call)), []);
});

Deno.test("the guide's tables have every export of every capability, with the method behind it", () => {
  const exports = PDK.flatMap((source) =>
    Array.from(source.matchAll(/^export function (nd_\w+)/gm), ([, name]) => name ?? "")
  );
  assert.equal(exports.length, 25);
  assert.deepEqual(exports.filter((name) => !GUIDE.includes(`\`${name}\``)), []);
});

Deno.test("the guide's tables have every field of a test case", () => {
  const schema = JSON.parse(Deno.readTextFileSync("schema/plugin-cases.schema.json"));
  const { case: each, expect, request, exchange } = schema.$defs;
  const fields = [each, expect, request.oneOf[1], exchange.properties.response]
    .flatMap(({ properties }) => Object.keys(properties));
  assert.ok(fields.length > 20);
  assert.deepEqual(fields.filter((name) => !GUIDE.includes(`\`${name}\``)), []);
});
