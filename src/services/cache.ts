/**
 * A cache in memory, one a plugin, emptied when the plugin is unloaded. Source: `extism-abi.md` 2.4.
 *
 * Upstream has no bound on entries or bytes; here the entry that was longest unused makes room.
 *
 * @module
 */

import { type Clock, ServiceError, type ServiceLimits } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";

/** The JavaScript type tells the four kinds apart: an int is a bigint, a float is a number. */
type Value = string | bigint | number | Uint8Array;

interface Entry {
  readonly value: Value;
  readonly ttlMs: number;
  readonly costBytes: number;
  expiresAt: number;
}

interface Key {
  readonly key: string;
}
interface Setting<V> extends Key {
  readonly value: V;
  readonly ttlSeconds: bigint;
}

const DEFAULT_TTL_MS = 24 * 60 * 60 * 1000;
const SWEEP_MS = 5 * 60 * 1000;
/** What an entry costs besides its key and value. */
const ENTRY_BYTES = 64;

function costOf(key: string, value: Value): number {
  // Strings are counted as UTF-16, as they lie in memory.
  const size = typeof value === "string"
    ? value.length * 2
    : value instanceof Uint8Array
    ? value.length
    : 8;
  return ENTRY_BYTES + key.length * 2 + size;
}

const isString = (value: Value): value is string => typeof value === "string";
const isInt = (value: Value): value is bigint => typeof value === "bigint";
const isFloat = (value: Value): value is number => typeof value === "number";
const isBytes = (value: Value): value is Uint8Array => value instanceof Uint8Array;

/** Answers the `cache_*` functions. */
export class Cache implements ServiceMethods<"cache"> {
  /** Longest unused first. */
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #limits: Pick<ServiceLimits, "cacheEntries" | "cacheBytes">;
  #bytes = 0;
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, limits: Pick<ServiceLimits, "cacheEntries" | "cacheBytes">) {
    this.#clock = clock;
    this.#limits = limits;
  }

  setString(request: Setting<string>): Record<string, never> {
    return this.#set(request);
  }
  setInt(request: Setting<bigint>): Record<string, never> {
    return this.#set(request);
  }
  setFloat(request: Setting<number>): Record<string, never> {
    return this.#set(request);
  }
  setBytes(request: Setting<Uint8Array>): Record<string, never> {
    return this.#set(request);
  }

  getString({ key }: Key): { value?: string; exists: boolean } {
    return this.#get(key, isString);
  }
  getInt({ key }: Key): { value?: bigint; exists: boolean } {
    return this.#get(key, isInt);
  }
  getFloat({ key }: Key): { value?: number; exists: boolean } {
    return this.#get(key, isFloat);
  }
  getBytes({ key }: Key): { value?: Uint8Array; exists: boolean } {
    return this.#get(key, isBytes);
  }

  has({ key }: Key): { exists: boolean } {
    const entry = this.#find(key);
    if (entry !== undefined) this.#renew(key, entry);
    return { exists: entry !== undefined };
  }

  remove({ key }: Key): Record<string, never> {
    this.#drop(key);
    return {};
  }

  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#entries.clear();
    this.#bytes = 0;
  }

  #set({ key, value, ttlSeconds }: Setting<Value>): Record<string, never> {
    if (this.#closed) throw new ServiceError("cache is closed");
    const costBytes = costOf(key, value);
    const { cacheEntries, cacheBytes } = this.#limits;
    if (costBytes > cacheBytes) {
      throw new ServiceError(`cache entry of ${costBytes} bytes exceeds maximum of ${cacheBytes}`);
    }
    this.#drop(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < cacheEntries && this.#bytes + costBytes <= cacheBytes) break;
      this.#drop(oldest);
    }
    const ttlMs = ttlSeconds > 0n ? Number(ttlSeconds) * 1000 : DEFAULT_TTL_MS;
    this.#entries.set(key, { value, ttlMs, costBytes, expiresAt: this.#clock.now() + ttlMs });
    this.#bytes += costBytes;
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
    return {};
  }

  #get<V extends Value>(
    key: string,
    isWanted: (value: Value) => value is V,
  ): { value?: V; exists: boolean } {
    const entry = this.#find(key);
    if (entry === undefined || !isWanted(entry.value)) return { exists: false };
    this.#renew(key, entry);
    return { value: entry.value, exists: true };
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAt > this.#clock.now()) return entry;
    this.#drop(key);
    return undefined;
  }

  #renew(key: string, entry: Entry): void {
    entry.expiresAt = this.#clock.now() + entry.ttlMs;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.costBytes;
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= now) this.#drop(key);
    this.#cancelSweep = this.#entries.size === 0
      ? undefined
      : this.#clock.after(SWEEP_MS, () => this.#sweep());
  }
}
