/**
 * The generation of Navidrome 0.57 to 0.59 (`protobuf-abi.md`): its plugins speak protobuf messages with an
 * ABI of their own (`cell/abi/go_plugin.ts`).
 *
 * The room promises that the rest of the host need not know: its plugins are asked by today's export names
 * and JSON, and their host functions come to the very services that today's plugins use. It translates
 * names, shapes and the few rules that differ, and keeps nothing. Begin with `protobuf_guest.ts` for what a
 * plugin is asked, and with `env_functions.ts` for what it asks.
 *
 * @module
 */

import type { Json, Manifest } from "../manifest/mod.ts";
import type { HostServices } from "../services/mod.ts";
import type { EnvFunctions } from "./env_functions.ts";
import type { ProtobufGuest } from "./protobuf_guest.ts";
import { settingsOf } from "./settings.ts";

export { describeEnvFunctions, ENV_PERMISSIONS } from "./functions.ts";

/** All that a host needs to run one plugin of this generation. */
export interface ProtobufPlugin {
  /** Settings as its guests read them. */
  readonly config: ReadonlyMap<string, string>;
  /** How its guests are asked. */
  readonly guest: ProtobufGuest;
  /** Makes what answers its guests. */
  readonly functions: (
    services: HostServices,
    log: (level: "error", text: string) => void,
  ) => EnvFunctions;
}

/**
 * Prepares a plugin. The messages are loaded with the first one: they cost every start of a host that has no
 * such plugin more than all else that it loads.
 */
export async function protobufPlugin(
  manifest: Manifest,
  settings: Readonly<Record<string, Json>>,
  now: () => number,
): Promise<ProtobufPlugin> {
  const [{ EnvFunctions }, { ProtobufGuest }] = await Promise.all([
    import("./env_functions.ts"),
    import("./protobuf_guest.ts"),
  ]);
  const config = settingsOf(settings);
  return {
    config,
    guest: new ProtobufGuest(manifest.capabilities ?? [], { config, now }),
    functions: (services, log) => new EnvFunctions(services, log),
  };
}
