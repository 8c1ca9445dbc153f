import assert from "node:assert/strict";
import { specifiersOf, violations } from "./support/architecture.ts";

const DOOR = "/**\n * A room.\n *\n * @module\n */\n";

Deno.test("the rooms import only downwards, through doors, and every source file stays short", () => {
  const files = new Map(["src", "plugins"].flatMap(sources));
  files.set("mod.ts", Deno.readTextFileSync("mod.ts"));
  assert.ok(files.size > 10);
  assert.deepEqual(violations(files), []);
});

/** A made-up tree, and what must be said of it. */
const TREES: readonly [string, Record<string, string>, readonly RegExp[]][] = [
  ["an import downwards through a door", {
    "src/host/mod.ts": `${DOOR}import { a } from "../cell/mod.ts";`,
    "src/cell/mod.ts": `${DOOR}import { E } from "../errors.ts";`,
    "src/errors.ts": "export class E {}",
  }, []],
  ["an import upwards", {
    "src/host/mod.ts": DOOR,
    "src/cell/mod.ts": `${DOOR}import { a } from "../host/mod.ts";`,
  }, [/cell is below host/]],
  ["an upward import of a type over several lines", {
    "src/api/mod.ts": DOOR,
    "src/cell/mod.ts": `${DOOR}import type {\n  A,\n  B,\n} from "../api/mod.ts";`,
  }, [/cell is below api/]],
  ["an upward export", {
    "src/api/mod.ts": DOOR,
    "src/cell/mod.ts": `${DOOR}export * from "../api/mod.ts";`,
  }, [/cell is below api/]],
  ["a dynamic import upwards", {
    "src/api/mod.ts": DOOR,
    "src/cell/mod.ts": `${DOOR}const a = await import("../api/mod.ts");`,
  }, [/cell is below api/]],
  ["a type import expression upwards", {
    "src/api/mod.ts": DOOR,
    "src/cell/mod.ts": `${DOOR}type A = import("../api/mod.ts").A;`,
  }, [/cell is below api/]],
  ["an import past the door", {
    "src/host/mod.ts": `${DOOR}import { a } from "../cell/pool.ts";`,
    "src/cell/mod.ts": DOOR,
    "src/cell/pool.ts": "",
  }, [/the door of that room is src\/cell\/mod\.ts/]],
  ["a worker of another room", {
    "src/host/mod.ts": `${DOOR}new Worker(new URL("../cell/worker.ts", import.meta.url));`,
    "src/cell/mod.ts": DOOR,
  }, [/the door of that room/]],
  ["a worker of the own room", {
    "src/cell/mod.ts": `${DOOR}new Worker(new URL("./worker.ts", import.meta.url));`,
  }, []],
  ["the public module going past a door", {
    "mod.ts": 'export { a } from "./src/cell/pool.ts";',
    "src/cell/mod.ts": DOOR,
  }, [/the door of that room/]],
  ["code from outside of src", {
    "src/cell/mod.ts": `${DOOR}import { a } from "../../plugins/build.ts";`,
  }, [/outside of src/]],
  ["code from a URL", {
    "src/cell/mod.ts": `${DOOR}import { a } from "https://example.com/a.ts";`,
  }, [/only npm packages/]],
  ["what is below all importing a room", {
    "src/errors.ts": 'import { a } from "./cell/mod.ts";',
    "src/cell/mod.ts": DOOR,
  }, [/imports none/]],
  ["a room without a door", { "src/cell/pool.ts": "" }, [/src\/cell has no mod\.ts/]],
  ["a door without a comment", {
    "src/cell/mod.ts": 'import "../errors.ts";\n/** @module */',
  }, [/module doc comment/]],
  ["a room that is not in the table", { "src/misc/mod.ts": DOOR }, [/src\/misc is no room/]],
  ["a file of 401 lines", { "src/cell/mod.ts": DOOR + "\n".repeat(396) }, [/has 401 lines/]],
  ["a file of 400 lines", { "src/cell/mod.ts": DOOR + "\n".repeat(395) }, []],
];

for (const [name, tree, wanted] of TREES) {
  Deno.test(`the checker ${wanted.length === 0 ? "accepts" : "refuses"} ${name}`, () => {
    const found = violations(new Map(Object.entries(tree)));
    assert.equal(found.length, wanted.length, found.join("\n"));
    wanted.forEach((pattern, index) => assert.match(found[index] ?? "", pattern));
  });
}

Deno.test("the checker does not take comments for imports", () => {
  assert.deepEqual(
    specifiersOf('/**\n * import { a } from "x";\n */\n// import "y";\nimport "z";'),
    ["z"],
  );
});

function sources(folder: string): [string, string][] {
  const found: [string, string][] = [];
  for (const { name, isDirectory } of readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && !/^(?:\.tmp|dist|node_modules)$/.test(name)) found.push(...sources(path));
    else if (name.endsWith(".ts")) found.push([path, Deno.readTextFileSync(path)]);
  }
  return found;
}

function readDir(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
