/**
 * A host with a driven clock and service guests: from the test to the service, all between is the real thing.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { PluginHost, PluginHostOptions } from "../../src/host/mod.ts";
import { grantedFunctions } from "../../src/host/loading.ts";
import type { Decision } from "../../src/grants/mod.ts";
import { parseManifest } from "../../src/manifest/mod.ts";
import { memoryMusicServer } from "../../src/services/mod.ts";
import type { Step } from "../services_cases/mod.ts";
import { MUSIC } from "../services_cases/mod.ts";
import { FakeClock } from "../services_cases/harness.ts";
import { TestData } from "./plugins_folder.ts";
import { type CallbackBehaviour, serviceGuest } from "./service_guest.ts";

/** A plugin to be installed. */
export interface ServicePlugin {
  /** As a manifest has them. */
  readonly permissions?: object;
  readonly assignment?: Decision;
  readonly callbacks?: CallbackBehaviour;
  /** More of the manifest. */
  readonly manifest?: object;
}

/** What a manifest may not ask for without another permission (`extism-abi.md`, 4.2). */
function completed(permissions: Record<string, unknown>): Record<string, unknown> {
  const needsUsers = "subsonicapi" in permissions || "scrobbleRetriever" in permissions;
  return {
    ...(needsUsers && { users: {} }),
    ...("matcher" in permissions && { library: {} }),
    ...permissions,
  };
}

/** A host whose plugins call host functions for a test. */
export class ServiceHost implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly data = new TestData();
  #host: PluginHost | undefined;
  #options: Omit<PluginHostOptions, "dataDir"> = {};

  /** Installs and enables plugins. */
  static async open(
    plugins: Readonly<Record<string, ServicePlugin>>,
    options: Omit<PluginHostOptions, "dataDir"> = {},
  ): Promise<ServiceHost> {
    const place = new ServiceHost();
    for (const [id, plugin] of Object.entries(plugins)) place.install(id, plugin);
    await place.start(options);
    for (const [id, { assignment }] of Object.entries(plugins)) {
      await place.enable(id, { users: "all", libraries: "all", ...assignment });
    }
    return place;
  }

  /**
   * Enables a plugin. One that asks for users or libraries and gets none is one whose last was taken away after
   * it had been enabled: it goes on running (`extism-abi.md`, 4.4).
   */
  async enable(id: string, assignment: Decision): Promise<void> {
    const { permissions = {} } = this.host.info(id).manifest ?? {};
    const { users = [], libraries = [] } = assignment;
    const taken = (permissions.users !== undefined && users.length === 0) ||
      (permissions.library !== undefined && libraries.length === 0);
    if (!taken) return void await this.host.enable(id, assignment);
    await this.host.enable(id, { users: "all", libraries: "all" });
    await this.#host?.close();
    this.#host = undefined;
    const database = new DatabaseSync(`${this.data.path}/soundproof.db`);
    const json = JSON.stringify({ users, libraries });
    database.prepare(
      `UPDATE plugins SET approval = json_set(approval, '$.decision', json(?)) WHERE id = ?`,
    ).run(json, id);
    database.close();
    await this.start();
  }

  /** Puts a plugin into the plugins folder. */
  install(id: string, { permissions = {}, callbacks, manifest }: ServicePlugin): void {
    const document = {
      name: id,
      author: "Test",
      version: "1",
      permissions: completed({ ...permissions }),
      ...manifest,
    };
    const parsed = parseManifest(JSON.stringify(document), { extism: true }).manifest;
    const functions = grantedFunctions(parsed);
    this.data.folder(id, { manifest: document, guest: serviceGuest(functions, callbacks) });
  }

  /** Opens the host, or opens it again. */
  async start(options: Omit<PluginHostOptions, "dataDir"> = this.#options): Promise<void> {
    await this.#host?.close();
    this.#options = options;
    this.#host = await this.data.open({
      clock: this.clock,
      musicServer: memoryMusicServer(MUSIC),
      ...options,
    });
  }

  get host(): PluginHost {
    ok(this.#host);
    return this.#host;
  }

  /** Lets a plugin call a host function; gives the answer's text. */
  async text(id: string, name: string, request: unknown): Promise<string> {
    const body = typeof request === "string" ? request : JSON.stringify(request);
    const output = await this.host.plugin(id).call(name, new TextEncoder().encode(body));
    return new TextDecoder().decode(output);
  }

  /** Lets a plugin call a host function; gives the answer's value. */
  // deno-lint-ignore no-explicit-any
  async call(id: string, name: string, request: unknown = {}): Promise<any> {
    return JSON.parse(await this.text(id, name, request));
  }

  /** Plays the steps of a case. */
  async play(id: string, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ("advanceMs" in step) {
        await this.clock.advance(step.advanceMs);
        continue;
      }
      const text = await this.text(id, step.call, step.request);
      if ("errorContains" in step) {
        const answer = JSON.parse(text);
        deepStrictEqual(Object.keys(answer), ["error"], `${step.call}: ${text}`);
        ok(
          answer.error.includes(step.errorContains),
          `${step.call}: "${answer.error}" contains "${step.errorContains}"`,
        );
      } else if (typeof step.response === "string") strictEqual(text, step.response);
      else deepStrictEqual(JSON.parse(text), step.response, `${step.call}: ${text}`);
    }
  }

  /** What a plugin was called back with, in order: the lines it logged. */
  heard(id: string): string[] {
    return this.data.messages(id);
  }

  /** Waits until a plugin was called back so often. */
  async heardTimes(id: string, count: number): Promise<string[]> {
    while (this.heard(id).length < count) await new Promise((done) => setTimeout(done, 5));
    return this.heard(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.close();
    this.data[Symbol.dispose]();
  }
}
