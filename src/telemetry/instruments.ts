import { metrics } from "@opentelemetry/api";
import prometheus, { type Registry } from "prom-client";

/** Names OpenTelemetry groups instruments by. */
export const SCOPE = "soundproof";

/** The values that tell the series of one instrument apart. */
export type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** What an instrument is called and told apart by. */
export interface InstrumentOptions<Name extends string> {
  /** In Prometheus' spelling, with the unit at its end: `soundproof_calls_total`. */
  readonly name: string;
  /** What it counts, in a sentence. */
  readonly help: string;
  /** Names of its labels. */
  readonly labels: readonly Name[];
}

/** A number that only grows, told to Prometheus and to OpenTelemetry. */
export class Counter<Name extends string> {
  readonly #prometheus: prometheus.Counter<Name>;
  readonly #otel;

  constructor(registry: Registry, { name, help, labels }: InstrumentOptions<Name>) {
    this.#prometheus = new prometheus.Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
    });
    this.#otel = metrics.getMeter(SCOPE).createCounter(otelName(name), { description: help });
  }

  /** Adds to the series with these labels. */
  add(labels: Labels<Name>, amount = 1): void {
    this.#prometheus.inc(labels, amount);
    this.#otel.add(amount, labels);
  }
}

/** How long something took, in buckets of seconds. */
export class Durations<Name extends string> {
  readonly #prometheus: prometheus.Histogram<Name>;
  readonly #otel;

  constructor(
    registry: Registry,
    { name, help, labels, buckets }: InstrumentOptions<Name> & { readonly buckets: number[] },
  ) {
    this.#prometheus = new prometheus.Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets,
      registers: [registry],
    });
    this.#otel = metrics.getMeter(SCOPE).createHistogram(otelName(name), {
      description: help,
      unit: "s",
      advice: { explicitBucketBoundaries: buckets },
    });
  }

  /** Adds one duration. Milliseconds. */
  add(labels: Labels<Name>, durationMs: number): void {
    this.#prometheus.observe(labels, durationMs / 1_000);
    this.#otel.record(durationMs / 1_000, labels);
  }
}

/** One value of a gauge. */
export interface Reading<Name extends string> {
  readonly labels: Labels<Name>;
  readonly value: number;
}

/** Something that goes up and down, looked at when it is asked for. */
export class Gauge<Name extends string> {
  constructor(
    registry: Registry,
    { name, help, labels }: InstrumentOptions<Name>,
    read: () => Iterable<Reading<Name>>,
  ) {
    new prometheus.Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        this.reset(); // a plugin that is gone has no series
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
    metrics.getMeter(SCOPE).createObservableGauge(otelName(name), { description: help })
      .addCallback((result) => {
        for (const { labels, value } of read()) result.observe(value, labels);
      });
  }
}

/** OpenTelemetry has dots, and units and totals are no part of its names. */
function otelName(name: string): string {
  return name.replace(/^soundproof_/, "soundproof.").replace(/_(?:total|seconds|bytes)$/, "");
}
