/**
 * The plugins of a soak: all examples, and guests that misbehave in every way that a host has to outlast.
 *
 * @module
 */

import { pluginIds } from "../../plugins/build.ts";
import { GUEST_SERVICES } from "../../src/cell/mod.ts";
import { parseManifest } from "../../src/manifest/mod.ts";
import { grantedFunctions } from "../../src/host/loading.ts";
import { packFiles, readArchive } from "../../src/packages/mod.ts";
import { builtPlugin } from "./built.ts";
import { olderManifest } from "./env_host.ts";
import { goPluginGuest, packed } from "./go_plugin_guest.ts";
import { kernelGuest } from "./kernel_guest.ts";
import { networkGuest } from "./network_guest.ts";
import { PLAIN_MANIFEST, type TestData } from "./plugins_folder.ts";
import { serviceGuest } from "./service_guest.ts";
import { INSIDE, MOVED } from "./soak_sites.ts";

/** Log lines of one call of {@link WILD}'s `flood`. */
export const FLOOD_LINES = 1_200;

/** Every export is a way to misbehave. */
const WILD = kernelGuest(
  `(func (export "loop") (result i32) (loop (br 0)) (i32.const 0))
  (func (export "grow") (result i32)
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (unreachable))
  (func (export "trap") (result i32) (unreachable))
  (func (export "flood") (result i32) (local $i i32)
    (loop
      (call $log_info (call $block (i32.const 0) (i32.const 9)))
      (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${FLOOD_LINES}))))
    (i32.const 0))
  (func (export "fail") (result i32)
    (call $error_set (call $block (i32.const 0) (i32.const 9)))
    (i32.const 1))`,
  "misbehave",
);

/** Permissions of the guest that uses the host's services. */
const SERVICES = {
  cache: {},
  kvstore: { maxSize: "1 MB" },
  scheduler: {},
  taskqueue: { maxConcurrency: 2 },
};

/** A guest of the older generation that has one answer, to one question. */
function olderGuest(): string {
  const missing = "plugin:not_found";
  const methods = GUEST_SERVICES.metadata_agent.map((method) =>
    [`metadata_agent_${method}`, packed(128, 0x8000_0000 + missing.length)] as const
  );
  return goPluginGuest({
    methods: { ...Object.fromEntries(methods), metadata_agent_get_artist_mbid: packed(64, 3) },
    more: `(data (i32.const 64) "\\0a\\01m") (data (i32.const 128) "${missing}")`,
  });
}

/** Builds what nobody has built yet, so that no process which is watched has to. */
export async function compilePackages(): Promise<void> {
  for (const id of await pluginIds()) await builtPlugin(id);
}

/** The package of the example `hello`, in another version. */
export async function helloOf(version: string): Promise<Uint8Array<ArrayBuffer>> {
  const { manifest, wasm } = await readArchive(await builtPlugin("hello"));
  return await packFiles(JSON.stringify({ ...JSON.parse(manifest), version }), wasm);
}

/** Puts all packages into a plugins folder; gives the ids of the examples. */
export async function layOut(data: TestData): Promise<string[]> {
  const examples = await pluginIds();
  for (const id of examples) data.file(`${id}.ndp`, await builtPlugin(id));
  data.folder("wild", { manifest: PLAIN_MANIFEST, guest: WILD });
  const http = { reason: "test", requiredHosts: [INSIDE, MOVED] };
  data.folder("reach", {
    manifest: { ...PLAIN_MANIFEST, permissions: { http } },
    guest: networkGuest(["http"]),
  });
  const services = { ...PLAIN_MANIFEST, permissions: SERVICES };
  const { manifest } = parseManifest(JSON.stringify(services), { extism: true });
  data.folder("services", { manifest: services, guest: serviceGuest(grantedFunctions(manifest)) });
  data.folder("older", {
    manifest: olderManifest({}, ["MetadataAgent"]),
    guest: olderGuest(),
  });
  return examples;
}
