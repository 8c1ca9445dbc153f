import { SoundproofError } from "../errors.ts";
import type { Permissions } from "../manifest/mod.ts";
import { HostServices } from "../services/mod.ts";

/** The kvstore of a plugin that does not run, through the service itself. */
export class StoredTexts implements AsyncDisposable {
  readonly #services: HostServices;

  /** @param permissions The plugin's; without `kvstore` there is nothing to open. */
  constructor(pluginId: string, dataFolder: string, { kvstore }: Permissions) {
    this.#services = HostServices.open({
      pluginId,
      dataFolder,
      permissions: { ...(kvstore && { kvstore }) },
      config: new Map(),
      exports: new Set(),
      callGuest: () => Promise.reject(new Error("there is no guest")),
      log: () => {},
    });
  }

  /** Puts texts there. */
  async put(texts: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, text] of Object.entries(texts)) {
      await this.#call("kvstore_set", { key, value: new TextEncoder().encode(text).toBase64() });
    }
  }

  /** Everything that is there, by key. */
  async all(): Promise<Record<string, string>> {
    const { keys = [] } = await this.#call("kvstore_list", { prefix: "" });
    const texts: Record<string, string> = {};
    for (const key of Array.isArray(keys) ? keys : []) {
      const { value = "" } = await this.#call("kvstore_get", { key });
      texts[String(key)] = new TextDecoder().decode(Uint8Array.fromBase64(String(value)));
    }
    return texts;
  }

  /** Lets go of the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#services.close();
  }

  async #call(name: string, request: object): Promise<Readonly<Record<string, unknown>>> {
    const bytes = new TextEncoder().encode(JSON.stringify(request));
    const answer = await this.#services.call(name, bytes, new AbortController().signal);
    const value: Readonly<Record<string, unknown>> = JSON.parse(new TextDecoder().decode(answer));
    if (value.error === undefined) return value;
    throw new SoundproofError("cli.cases_invalid", `Cannot use kvstore: ${value.error}`);
  }
}
