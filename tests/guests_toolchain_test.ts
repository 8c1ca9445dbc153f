import { deepStrictEqual, ok } from "node:assert/strict";
import { buildGuest, GUEST_FUNCTIONS, type GuestName } from "./guests/build.ts";

const ALLOWED_MODULES = ["extism:host/env", "extism:host/user", "wasi_snapshot_preview1"];

const CASES: readonly { name: GuestName; besides: string[]; maxBytes: number }[] = [
  { name: "go_agent", besides: ["_initialize", "memory"], maxBytes: 4_000_000 },
  { name: "rust_agent", besides: ["memory"], maxBytes: 600_000 },
];

for (const { name, besides, maxBytes } of CASES) {
  const built = await buildGuest(name);
  if ("skipped" in built) {
    Deno.test({ name: `guest ${built.skipped}`, ignore: true, fn() {} });
    continue;
  }
  const module = await WebAssembly.compile(built.wasm);

  Deno.test(`guest ${name} exports the functions of both guests and nothing else of its own`, () => {
    const exports = WebAssembly.Module.exports(module).map((entry) => entry.name).sort();
    deepStrictEqual(exports, [...GUEST_FUNCTIONS, ...besides].sort());
  });

  Deno.test(`guest ${name} imports from the three modules that plugins may use, and from each`, () => {
    const modules = new Set(WebAssembly.Module.imports(module).map((entry) => entry.module));
    deepStrictEqual([...modules].sort(), ALLOWED_MODULES);
  });

  Deno.test(`guest ${name} imports only config_get of the host's functions`, () => {
    const imports = WebAssembly.Module.imports(module);
    const user = imports.filter((entry) => entry.module === "extism:host/user");
    deepStrictEqual(user.map((entry) => entry.name), ["config_get"]);
  });

  Deno.test(`guest ${name} has the size of a real plugin in its language`, () => {
    ok(built.wasm.length > maxBytes / 20 && built.wasm.length <= maxBytes, `${built.wasm.length}`);
  });
}
