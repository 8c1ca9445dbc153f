/**
 * The host functions of this generation, on the host services of today's: names and shapes are adapted, and
 * nothing is kept here.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import { type HostServices, ServiceError } from "../services/mod.ts";
import { cacheFunctions } from "./cache_functions.ts";
import { callFailure, type HostFunction } from "./host_function.ts";
import { httpFunctions } from "./http_functions.ts";
import { schedulerFunctions } from "./scheduler_functions.ts";
import { artworkFunctions, configFunctions, subsonicFunctions } from "./server_functions.ts";
import { websocketFunctions } from "./websocket_functions.ts";

/** Answers the calls of one plugin's guests. */
export class EnvFunctions {
  readonly #functions: ReadonlyMap<string, HostFunction>;
  readonly #log: (level: "error", text: string) => void;

  /** Makes the functions of the services that the plugin has. */
  constructor(services: HostServices, log: (level: "error", text: string) => void) {
    const on = <S>(
      service: S | undefined,
      make: (service: S) => Readonly<Record<string, HostFunction>>,
    ) => service === undefined ? [] : Object.entries(make(service));
    this.#functions = new Map([
      ...on(services.part("config"), configFunctions),
      ...on(services.part("scheduler"), schedulerFunctions),
      ...on(services.part("cache"), cacheFunctions),
      ...on(services.part("artwork"), artworkFunctions),
      ...on(services.part("http"), httpFunctions),
      ...on(services.part("websocket"), websocketFunctions),
      ...on(services.part("subsonicapi"), subsonicFunctions),
    ]);
    this.#log = log;
  }

  /**
   * Answers one call: message in, message out.
   *
   * @throws {SoundproofError} `services.call_failed`, to end the guest's call; `services.function_unknown`.
   */
  call(
    name: string,
    request: Uint8Array,
    signal: AbortSignal,
  ): Uint8Array | Promise<Uint8Array> {
    const run = this.#functions.get(name);
    if (run === undefined) {
      throw new SoundproofError(
        "services.function_unknown",
        `Cannot call host function "${name.slice(0, 64)}": it does not exist for this plugin`,
      );
    }
    try {
      const answered = run(request, signal);
      return answered instanceof Promise
        ? answered.catch((thrown) => this.#fail(name, thrown))
        : answered;
    } catch (thrown) {
      return this.#fail(name, thrown);
    }
  }

  #fail(name: string, thrown: unknown): never {
    if (thrown instanceof SoundproofError) throw thrown;
    if (thrown instanceof ServiceError) throw callFailure(thrown.message, thrown);
    // Not written for guests: it could tell them about the host.
    this.#log("error", `${name}: ${errorText(thrown)}`);
    throw callFailure("internal error", thrown);
  }
}
