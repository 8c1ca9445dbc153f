import prometheus from "prom-client";
import { Counter, Durations, Gauge, type Reading } from "./instruments.ts";
import { WorkSpan } from "./spans.ts";

/** From a guest that is prepared to one that works to its deadline. Seconds. */
const CALL_BUCKETS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
];

/** Something that was told to begin. */
export interface Ending {
  /** Tells of its end. @param fault The error's code; absent where it went well. */
  end(fault?: string): void;
}

/** A call of a plugin's export that goes on. */
export interface CallTelemetry extends Ending {
  /** Answers a host function that the guest calls, and tells of it. */
  hostCall<T>(name: string, answer: () => T | Promise<T>): T | Promise<T>;
}

/** What a host looks up when somebody asks for its numbers. */
export interface Gauges {
  /** Plugins by state. */
  plugins(): Iterable<Reading<"state">>;
  /** Cells alive, by plugin. */
  cells(): Iterable<Reading<"plugin">>;
  /** Calls that wait for a cell, by plugin. */
  queue(): Iterable<Reading<"plugin">>;
  /** Bytes in the key-value store, by plugin. */
  kvstore(): Iterable<Reading<"plugin">>;
  /** Tasks that are not finished, by plugin. */
  tasks(): Iterable<Reading<"plugin">>;
  /** Plays that wait for a plugin, and what became of those before, by plugin. */
  scrobbles(): Iterable<Reading<"plugin" | "state">>;
  /** Whether a plugin is left alone since it kept failing, by capability: 1 or 0. */
  leftAlone(): Iterable<Reading<"plugin" | "capability">>;
}

/** What a host does, in numbers, for whoever collects them. */
export interface Numbers {
  /** The media type of {@link Numbers.expose}. */
  readonly contentType: string;
  /** All numbers, in Prometheus' text format. */
  expose(): Promise<string>;
}

/**
 * What one host tells its operator in numbers and traces: kept for Prometheus, and told to OpenTelemetry, which hears
 * it where Deno was started with `OTEL_DENO=true`.
 */
export class Telemetry implements Numbers {
  readonly #registry = new prometheus.Registry();
  readonly #calls = new Counter(this.#registry, {
    name: "soundproof_calls_total",
    help: "Calls of plugins, by export and outcome: ok, or the code of the error",
    labels: ["plugin", "export", "outcome"],
  });
  readonly #durations = new Durations(this.#registry, {
    name: "soundproof_call_duration_seconds",
    help: "How long calls of plugins took, with the time they waited for a cell",
    labels: ["plugin", "export"],
    buckets: CALL_BUCKETS,
  });
  readonly #hostCalls = new Counter(this.#registry, {
    name: "soundproof_host_calls_total",
    help: "Host functions that plugins called",
    labels: ["plugin", "function"],
  });
  readonly #kills = new Counter(this.#registry, {
    name: "soundproof_kills_total",
    help: "Guests that were stopped at their deadline, and cells that did not come back from one",
    labels: ["plugin", "kind"],
  });
  readonly #requests = new Counter(this.#registry, {
    name: "soundproof_egress_requests_total",
    help: "Requests and WebSockets of plugins: ok, or the code of the refusal or fault",
    labels: ["plugin", "kind", "outcome"],
  });
  readonly #bytes = new Counter(this.#registry, {
    name: "soundproof_egress_bytes_total",
    help: "Bytes through the gateway: up from plugins, or down to them",
    labels: ["plugin", "direction"],
  });

  /** @param gauges What is read whenever the numbers are asked for. */
  constructor(gauges: Gauges) {
    const registry = this.#registry;
    new Gauge(registry, {
      name: "soundproof_plugins",
      help: "Plugins, by state",
      labels: ["state"],
    }, gauges.plugins);
    new Gauge(registry, {
      name: "soundproof_cells",
      help: "Cells alive",
      labels: ["plugin"],
    }, gauges.cells);
    new Gauge(registry, {
      name: "soundproof_queued_calls",
      help: "Calls that wait for a cell",
      labels: ["plugin"],
    }, gauges.queue);
    new Gauge(registry, {
      name: "soundproof_kvstore_bytes",
      help: "Bytes of values in the key-value store",
      labels: ["plugin"],
    }, gauges.kvstore);
    new Gauge(registry, {
      name: "soundproof_tasks",
      help: "Tasks that are not finished",
      labels: ["plugin"],
    }, gauges.tasks);
    new Gauge(registry, {
      name: "soundproof_scrobbles",
      help:
        "Plays that are waiting, and since the start delivered, postponed, failed, dropped, unwanted, repeated",
      labels: ["plugin", "state"],
    }, gauges.scrobbles);
    new Gauge(registry, {
      name: "soundproof_plugin_left_alone",
      help: "1 while a plugin is not asked, since it kept failing",
      labels: ["plugin", "capability"],
    }, gauges.leftAlone);
    new Gauge(registry, {
      name: "process_resident_memory_bytes",
      help: "Resident memory of the process",
      labels: [],
    }, () => [{ labels: {}, value: Deno.memoryUsage().rss }]);
  }

  /** Tells that a call of an export begins; the export must be one the module has. */
  call(plugin: string, name: string): CallTelemetry {
    const since = performance.now();
    const span = WorkSpan.begin(`call ${name}`, {
      "soundproof.plugin": plugin,
      "code.function.name": name,
    });
    return {
      hostCall: (functionName, answer) => {
        this.#hostCalls.add({ plugin, function: functionName });
        const attributes = { "soundproof.plugin": plugin };
        return WorkSpan.begin(functionName, attributes, { parent: span }).around(answer);
      },
      end: (fault) => {
        this.#calls.add({ plugin, export: name, outcome: fault ?? "ok" });
        this.#durations.add({ plugin, export: name }, performance.now() - since);
        span.end(fault);
      },
    };
  }

  /** Tells that a guest was stopped at its deadline, or a cell lost. */
  killed(plugin: string, kind: "deadline" | "lost"): void {
    this.#kills.add({ plugin, kind });
  }

  /** Tells that a request, or the handshake of a WebSocket, begins. */
  request(
    plugin: string,
    kind: "http" | "websocket",
    { method, host, scheme }: {
      readonly method: string;
      readonly host: string;
      readonly scheme: string;
    },
  ): Ending {
    const span = WorkSpan.begin(`${kind} ${method}`, {
      "soundproof.plugin": plugin,
      "http.request.method": method,
      "server.address": host,
      "url.scheme": scheme,
    }, { kind: "client" });
    return {
      end: (fault) => {
        this.#requests.add({ plugin, kind, outcome: fault ?? "ok" });
        span.end(fault);
      },
    };
  }

  /** Tells of bytes that went through the gateway. */
  transferred(plugin: string, direction: "up" | "down", bytes: number): void {
    this.#bytes.add({ plugin, direction }, bytes);
  }

  expose(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
