// What holds for every example: it asks for what it uses and says why, and runs where its README says.

import assert from "node:assert/strict";
import { pluginIds } from "../plugins/build.ts";
import { importsExtism } from "../src/cell/mod.ts";
import { parseManifest, secretKeys } from "../src/manifest/mod.ts";
import { permissionOf } from "../src/services/mod.ts";
import { builtPlugin, pluginModule } from "./support/built.ts";
import { readArchive } from "../src/packages/mod.ts";

/** The version of Navidrome that first had a host function or an export; 0.60 where it is not listed. */
const SINCE: readonly (readonly [RegExp, number])[] = [
  [/^(?:http_send|task_|subsonicapi_callraw$|nd_lyrics_|nd_task_)/, 61],
  [/^kvstore_(?:setwithttl|getmany|deletebyprefix)$/, 61],
  [/^nd_(?:get_sonic|find_sonic|scrobbler_playback)/, 62],
  [/^matcher_/, 63],
  [/^(?:storage_|scrobbleretriever_|preferences_)/, Infinity],
];

const versionOf = (name: string) => SINCE.find(([pattern]) => pattern.test(name))?.[1] ?? 60;

for (const id of await pluginIds()) {
  Deno.test(`the example ${id} asks for what it uses and says why`, async (t) => {
    const module = await pluginModule(id);
    const imported = WebAssembly.Module.imports(module)
      .filter(({ module }) => module === "extism:host/user").map(({ name }) => name);
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name)
      .filter((name) => name !== "memory");
    const { manifest: text, wasm } = await readArchive(await builtPlugin(id));
    const { manifest, warnings } = parseManifest(text, { extism: importsExtism(wasm) ?? true });
    const readme = Deno.readTextFileSync(`plugins/${id}/README.md`);

    await t.step("its manifest has nothing that is odd", () => assert.deepEqual(warnings, []));

    await t.step(
      "its permissions are those of the host functions it imports, and no others",
      () => {
        const used = new Set<string>(
          imported.map((name) => String(permissionOf(name))).filter((name) => name !== "always"),
        );
        if (exported.some((name) => name.startsWith("nd_scrobbler_"))) used.add("users");
        assert.deepEqual(Object.keys(manifest.permissions).sort(), [...used].sort());
      },
    );

    await t.step("each permission has a reason of a sentence, and a row in its README", () => {
      for (const [name, permission] of Object.entries(manifest.permissions)) {
        assert.match(permission?.reason ?? "", /^[A-Z].{20,}\.$/, name);
        assert.ok(readme.includes(`| \`${name}\``), name);
      }
    });

    await t.step("each setting has a title, a description and a row in its README", () => {
      const properties = Object.entries(
        JSON.parse(text).config.schema.properties as Record<string, Record<string, unknown>>,
      );
      for (const [name, { title, description }] of properties) {
        assert.ok(title && description, name);
        assert.ok(readme.includes(`| \`${name}\``), name);
      }
    });

    await t.step("what is a token or a password is marked as a secret", () => {
      const secrets = secretKeys(manifest);
      const meant = /"(?:token|authorization|password)"/.test(text);
      assert.equal(secrets.length > 0, meant);
    });

    await t.step("its README names the first Navidrome that has all it needs", () => {
      const needed = Math.max(...[...imported, ...exported].map(versionOf), 60);
      assert.match(readme, new RegExp(`Navidrome\\s+0\\.${needed}\\s+or\\s+newer`));
      assert.ok(needed <= 61);
    });

    await t.step("it imports nothing but Extism, host functions and the clock", () => {
      const others = WebAssembly.Module.imports(module)
        .filter(({ module }) => !module.startsWith("extism:host/"));
      assert.ok(others.every(({ name }) => name === "clock_time_get"), JSON.stringify(others));
    });
  });
}
