import { isDeepStrictEqual } from "node:util";
import type { Configuration } from "../configuration/mod.ts";
import { errorText } from "../errors.ts";
import type { PluginHost } from "../host/mod.ts";
import type { StartCommand } from "./arguments.ts";
import { hostSettings } from "./host_options.ts";
import { configurationOf, type Places, problemTexts } from "./places.ts";
import type { ServiceLog } from "./service_log.ts";

/** What the process is built around, by its name in the file. */
const FIXED = {
  listen: "Server.Listen",
  tls: "Server.TlsCertificate",
  allowInsecure: "Server.AllowInsecure",
  publicUrl: "Server.PublicURL",
  pluginsFolder: "Plugins.Folder",
  compiledBytes: "Plugins.CacheSize",
  localAddresses: "Network.LocalAddresses",
  musicServer: "MusicServer",
} as const satisfies Partial<Record<keyof Configuration, string>>;

/** Reads the configuration again and again, as told; once at a time. */
export class Reloading {
  readonly #command: StartCommand;
  readonly #places: Places;
  readonly #log: ServiceLog;
  readonly #started: Configuration;
  #turn: Promise<void> = Promise.resolve();

  /** @param started The configuration that the service was started with. */
  constructor(command: StartCommand, places: Places, started: Configuration, log: ServiceLog) {
    this.#command = command;
    this.#places = places;
    this.#started = started;
    this.#log = log;
  }

  /** Has the host take on what the file says now, and tells what it cannot take on. A file that cannot be read changes nothing. */
  reload(host: Pick<PluginHost, "reconfigure">): Promise<void> {
    return this.#turn = this.#turn.then(() => this.#reload(host)).catch((thrown) =>
      this.#log.warn(`Nothing has changed: ${errorText(thrown)}`)
    );
  }

  async #reload(host: Pick<PluginHost, "reconfigure">): Promise<void> {
    const configuration = configurationOf(this.#command, Deno.cwd());
    for (const text of problemTexts(configuration, this.#places)) this.#log.warn(text);
    for (const key of Object.keys(FIXED) as (keyof typeof FIXED)[]) {
      if (isDeepStrictEqual(configuration[key], this.#started[key])) continue;
      this.#log.warn(`$.${FIXED[key]} counts from the next start on`);
    }
    await host.reconfigure(hostSettings(configuration));
    this.#log.info("The configuration was read again");
  }
}
