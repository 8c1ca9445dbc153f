/**
 * The host services of one loaded plugin, behind one call.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import { decode, encode, encodeError } from "./json.ts";
import { missingServerParts } from "./music_server.ts";
import {
  type Clock,
  DEFAULT_LIMITS,
  type HostServicesOptions,
  type ServiceContext,
  ServiceError,
  systemClock,
} from "./ports.ts";
import { type Closable, CONSTRUCTORS, type Constructors, type Services } from "./registry.ts";
import { type Encodable, JsonError, type Shape } from "./shape.ts";
import {
  HOST_FUNCTIONS,
  type HostFunction,
  SERVICE_NAMES,
  type ServiceName,
  SERVICES,
} from "./table.ts";

/** A host function with the method that answers it. */
interface Binding extends HostFunction {
  readonly answer: (request: unknown, signal: AbortSignal) => unknown;
}

/**
 * Every host function that one plugin may call, and the state behind them: made when the plugin is
 * loaded, shared by all its guests, closed when it is unloaded.
 */
export class HostServices {
  readonly #bindings: ReadonlyMap<string, Binding>;
  readonly #services: Partial<Services>;
  readonly #context: ServiceContext;

  private constructor(
    context: ServiceContext,
    bindings: ReadonlyMap<string, Binding>,
    services: Partial<Services>,
  ) {
    this.#context = context;
    this.#bindings = bindings;
    this.#services = services;
  }

  /**
   * Makes the services that the permissions bring.
   *
   * @throws {SoundproofError} `services.server_part_missing` when the music server lacks what a permission
   * needs, `services.unavailable` when a service cannot be made (`creating KVStore service: …`),
   * `services.function_missing` when a function of the table has no implementation.
   */
  static open(options: HostServicesOptions): HostServices {
    const context: ServiceContext = {
      ...options,
      clock: guarded(options.clock ?? systemClock, options.log),
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      users: options.users ?? [],
      libraries: options.libraries ?? [],
    };
    const missing = missingServerParts(context.permissions, context.musicServer);
    if (missing.length > 0) {
      throw new SoundproofError("services.server_part_missing", missing.join("; "));
    }
    const bindings = new Map<string, Binding>();
    const services: { [S in ServiceName]?: Closable } = {};
    for (const name of SERVICE_NAMES) {
      const { title, permission } = SERVICES[name];
      if (permission !== "always" && context.permissions[permission] === undefined) continue;
      try {
        const make: Constructors[ServiceName] = CONSTRUCTORS[name];
        const service: Closable = make(context);
        services[name] = service;
        for (const entry of HOST_FUNCTIONS.values()) {
          if (entry.service !== name || !(context.functions?.has(entry.name) ?? true)) continue;
          bindings.set(entry.name, { ...entry, answer: methodOf(service, entry) });
        }
      } catch (error) {
        // What was made before must not outlive the failure. Nothing has run yet, so nothing has to be waited for.
        for (const made of Object.values(services)) void made.close?.();
        if (error instanceof SoundproofError) throw error;
        throw new SoundproofError(
          "services.unavailable",
          `creating ${title} service: ${errorText(error)}`,
          { cause: error },
        );
      }
    }
    // Each was made by the constructor of its name, above.
    return new HostServices(context, bindings, services as Partial<Services>);
  }

  /** A service itself, for callers that speak neither its functions' names nor JSON; absent without its permission. */
  part<S extends ServiceName>(name: S): Partial<Services>[S] {
    return this.#services[name];
  }

  /** What its services keep; of those it has. */
  get counters(): { readonly kvstoreBytes?: number; readonly unfinishedTasks?: number } {
    const { kvstore, task } = this.#services;
    return {
      ...(kvstore !== undefined && { kvstoreBytes: Number(kvstore.getStorageUsed().bytes) }),
      ...(task !== undefined && { unfinishedTasks: task.unfinished }),
    };
  }

  /** The import names that {@link call} answers. */
  get functions(): Iterable<string> {
    return this.#bindings.keys();
  }

  /**
   * Answers one call of a guest: JSON in, JSON out, `{"error": …}` for every failure of the service.
   * The answer comes synchronously wherever the service has it at hand.
   *
   * @param name Import name, such as `cache_getstring`.
   * @param signal Ends with the guest's call.
   * @throws {SoundproofError} `services.function_unknown` for a function that does not exist for this plugin.
   */
  call(
    name: string,
    request: Uint8Array,
    signal: AbortSignal,
  ): Uint8Array | Promise<Uint8Array> {
    const binding = this.#bindings.get(name);
    if (binding === undefined) {
      throw new SoundproofError(
        "services.function_unknown",
        `Cannot call host function "${
          name.slice(0, 64)
        }": it does not exist for plugin "${this.#context.pluginId}"`,
      );
    }
    try {
      // A function without parameters does not look at its argument, whatever it is.
      const takesNothing = Object.keys(binding.request).length === 0;
      const decoded = takesNothing ? {} : decode(binding.request, request);
      const answer = binding.answer(decoded, signal);
      if (!(answer instanceof Promise)) return this.#encode(binding, answer);
      return answer.then(
        (value) => this.#encode(binding, value),
        (error) => this.#failure(binding, error),
      );
    } catch (error) {
      return this.#failure(binding, error);
    }
  }

  /**
   * Stops all that the services do by themselves, such as tasks and schedules, and goes on answering. Resolves when
   * nothing of the kind is under way any more. Only closing comes after it.
   */
  async rest(): Promise<void> {
    await this.#settle((service) => service.rest?.());
  }

  /**
   * Looks anew at what the services of another instance of the plugin have left, which rested until it was closed. Once
   * these are closed themselves they have nothing to look at.
   */
  takeOver(): void {
    if (this.#closing !== undefined) return;
    for (const service of this.#all()) service.takeOver?.();
  }

  /** Ends every service: schedules, connections, workers, databases. A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #closing: Promise<void> | undefined;

  async #close(): Promise<void> {
    await this.#settle((service) => service.close?.());
  }

  #all(): Closable[] {
    return Object.values(this.#services);
  }

  async #settle(end: (service: Closable) => void | Promise<void>): Promise<void> {
    const ends = this.#all().map((service) => Promise.try(() => end(service)));
    for (const result of await Promise.allSettled(ends)) {
      if (result.status === "rejected") {
        this.#context.log("error", `closing service: ${errorText(result.reason)}`);
      }
    }
  }

  #encode(binding: Binding, answer: unknown): Uint8Array {
    // `ServiceMethods` holds each method to the response shape of its table entry.
    const bytes = encode(binding.response, answer as Encodable<Shape>);
    const { answerBytes } = this.#context.limits;
    return bytes.length <= answerBytes
      ? bytes
      : encodeError(`answer size ${bytes.length} exceeds maximum of ${answerBytes} bytes`);
  }

  #failure(binding: Binding, error: unknown): Uint8Array {
    const meant = error instanceof ServiceError || error instanceof JsonError ||
      error instanceof SoundproofError;
    if (meant) return encodeError(error.message);
    // Not written for guests: it could tell them about the host.
    this.#context.log("error", `${binding.name}: ${errorText(error)}`);
    return encodeError("internal error");
  }
}

/** A clock whose callbacks cannot end the process: one plugin's full disk is not the host's end. */
function guarded(clock: Clock, log: HostServicesOptions["log"]): Clock {
  return {
    now: () => clock.now(),
    after: (delayMs, callback) =>
      clock.after(delayMs, () => {
        try {
          callback();
        } catch (error) {
          log("error", `timer: ${errorText(error)}`);
        }
      }),
  };
}

function methodOf(service: object, entry: HostFunction): Binding["answer"] {
  const method: unknown = Reflect.get(service, entry.method);
  if (typeof method !== "function") {
    throw new SoundproofError(
      "services.function_missing",
      `Cannot provide host function "${entry.name}": service "${entry.service}" has no method "${entry.method}"`,
    );
  }
  return (request, signal) => Reflect.apply(method, service, [request, signal]);
}
