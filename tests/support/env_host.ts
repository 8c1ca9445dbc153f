/**
 * A host with plugins of Navidrome 0.57 to 0.59 whose guests call host functions for a test: between the test
 * and the service all is the real thing.
 *
 * @module
 */

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Decision } from "../../src/grants/mod.ts";
import type { PluginHost, PluginHostOptions } from "../../src/host/mod.ts";
import type { PermissionKey } from "../../src/manifest/mod.ts";
import { ENV_PERMISSIONS } from "../../src/protobuf/mod.ts";
import { textOf } from "../../src/protobuf/text.ts";
import { memoryMusicServer } from "../../src/services/mod.ts";
import { MUSIC } from "../services_cases/mod.ts";
import { FakeClock } from "../services_cases/harness.ts";
import { CALLBACKS, envGuest } from "./env_guest.ts";
import { TestData } from "./plugins_folder.ts";

const ALL = [
  "MetadataAgent",
  "Scrobbler",
  "SchedulerCallback",
  "WebSocketCallback",
  "LifecycleManagement",
];

/** A manifest of that generation. */
export function olderManifest(
  permissions: Readonly<Record<string, object>> = {},
  capabilities: readonly string[] = ALL,
): object {
  const reasoned = Object.entries(permissions)
    .map(([key, fields]) => [key, { reason: "test", ...fields }]);
  return {
    name: "Test",
    author: "Test",
    version: "1",
    description: "",
    website: "https://example.com",
    capabilities,
    permissions: Object.fromEntries(reasoned),
  };
}

/** A plugin to be installed. */
export interface OlderPlugin {
  readonly permissions?: { readonly [P in PermissionKey]?: object };
  readonly capabilities?: readonly string[];
  /** What is decided about it. */
  readonly decision?: Decision;
  /** Another guest than the one that calls host functions. */
  readonly guest?: string | Uint8Array;
}

/** The host. */
export class EnvHost implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly data = new TestData();
  readonly #functions = new Map<string, readonly string[]>();
  #options: Omit<PluginHostOptions, "dataDir"> = {};
  #host: PluginHost | undefined;

  /** Installs plugins and opens the host; {@link EnvHost.open} enables them, too. */
  static async make(
    plugins: Readonly<Record<string, OlderPlugin>>,
    options: Omit<PluginHostOptions, "dataDir"> = {},
  ): Promise<EnvHost> {
    const place = new EnvHost();
    for (const [id, { permissions = {}, capabilities, guest }] of Object.entries(plugins)) {
      const functions = [...ENV_PERMISSIONS].filter(([, permission]) => permission in permissions)
        .map(([name]) => name);
      place.#functions.set(id, functions);
      const manifest = olderManifest(permissions, capabilities);
      place.data.folder(id, { manifest, guest: guest ?? envGuest(functions) });
    }
    place.#options = options;
    await place.reopen();
    return place;
  }

  /** Opens the host, or opens it again. */
  async reopen(): Promise<void> {
    await this.#host?.close();
    this.#host = await this.data.open({
      clock: this.clock,
      musicServer: memoryMusicServer(MUSIC),
      ...this.#options,
    });
  }

  static async open(
    plugins: Readonly<Record<string, OlderPlugin>>,
    options: Omit<PluginHostOptions, "dataDir"> = {},
  ): Promise<EnvHost> {
    const place = await EnvHost.make(plugins, options);
    for (const [id, { decision }] of Object.entries(plugins)) {
      await place.host.enable(id, decision);
    }
    return place;
  }

  get host(): PluginHost {
    if (this.#host === undefined) throw new Error("the host is not open");
    return this.#host;
  }

  /** Lets a guest call a host function with a message; gives the message it is answered with. */
  async call<Req extends DescMessage, Res extends DescMessage>(
    id: string,
    name: string,
    [request, response]: readonly [Req, Res],
    message: MessageInitShape<Req> = {} as MessageInitShape<Req>,
  ): Promise<MessageShape<Res>> {
    const bytes = toBinary(request, create(request, message));
    return fromBinary(response, await this.raw(id, name, bytes));
  }

  /** The same with bytes. */
  async raw(id: string, name: string, bytes: Uint8Array): Promise<Uint8Array> {
    const index = this.#functions.get(id)?.indexOf(name) ?? -1;
    const input = JSON.stringify({ id: String.fromCharCode(index), name: textOf(bytes) });
    const output = await this.host.plugin(id).call(
      "nd_get_artist_biography",
      new TextEncoder().encode(input),
    );
    return Uint8Array.fromHex(JSON.parse(new TextDecoder().decode(output)).biography);
  }

  /** The messages a callback was called with so far. */
  heard<D extends DescMessage>(
    id: string,
    callback: keyof typeof CALLBACKS,
    schema: D,
  ): MessageShape<D>[] {
    return this.data.messages(id)
      .filter((line) => new RegExp(`^${CALLBACKS[callback]}(?:[0-9a-f]{2})*$`).test(line))
      .map((line) => fromBinary(schema, Uint8Array.fromHex(line.slice(1))));
  }

  /** Waits until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 2_000 && !isSo(); i++) await new Promise((done) => setTimeout(done, 5));
    if (!isSo()) throw new Error(`it never was so: ${isSo}\n${this.data.messages("p").join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.close();
    this.data[Symbol.dispose]();
  }
}
