/**
 * From names to addresses, for the gateway.
 *
 * The system's resolver (`getaddrinfo`) is asked, and not a DNS server: names in `/etc/hosts`, of
 * mDNS and of a container network are what people name in their settings. It follows CNAMEs, answers
 * `localhost`, and gives A and AAAA in the system's order. Every answer is judged afterwards, so
 * nothing depends on where it came from. The process needs `--allow-net` for every name.
 *
 * @module
 */

import { lookup } from "node:dns";

/** Resolves a name to all its addresses. */
export interface Resolver {
  /**
   * Resolves one name.
   *
   * @param name a host name in lower case
   * @param signal ends the wait
   * @returns every address, in the order to try; empty where the name does not exist
   * @throws where the answer cannot be had
   */
  resolve(name: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** Codes of `getaddrinfo` that say the name has no address. */
const NO_ADDRESS: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EAI_NODATA"]);

/** The system's resolver. A lookup cannot be cancelled: an aborted one ends unheard. */
export function systemResolver(): Resolver {
  return {
    resolve: (name, signal) =>
      abortable(
        new Promise((resolve, reject) => {
          lookup(name, { all: true, verbatim: true }, (error, answers) => {
            if (error === null || error === undefined) {
              resolve(answers.map(({ address }) => address));
            } else if (NO_ADDRESS.has(error.code ?? "")) resolve([]);
            else reject(error);
          });
        }),
        signal,
      ),
  };
}

/** Bounds of {@link cachingResolver}. */
export interface CacheBounds {
  /** How long an answer is used; at most 30,000 ms. Default 30,000. */
  readonly ttlMs?: number;
  /** Answers kept; the oldest leaves first. Default 1,000. */
  readonly maxEntries?: number;
  /** Lookups under way at once; more are refused. Default 64. */
  readonly maxPending?: number;
  /** Limit of one lookup. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** Longest life of a cached answer. */
export const MAX_TTL_MS = 30_000;

/**
 * Keeps answers for a short time, shares lookups of one name that run at once, and gives up on slow
 * ones. Failures and empty answers are not kept.
 */
export function cachingResolver(inner: Resolver, bounds: CacheBounds = {}): Resolver {
  const { maxEntries = 1_000, maxPending = 64, timeoutMs = 10_000 } = bounds;
  const ttlMs = Math.min(bounds.ttlMs ?? MAX_TTL_MS, MAX_TTL_MS);
  const now = bounds.now ?? (() => performance.now());
  const kept = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();
  const pending = new Map<string, Promise<readonly string[]>>();

  async function ask(name: string): Promise<readonly string[]> {
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new Error(`Cannot resolve "${name}": no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      const addresses = await abortable(inner.resolve(name, limit.signal), limit.signal);
      if (addresses.length > 0) {
        kept.delete(name);
        kept.set(name, { addresses, until: now() + ttlMs });
        const [oldest] = kept.keys();
        if (kept.size > maxEntries && oldest !== undefined) kept.delete(oldest);
      }
      return addresses;
    } finally {
      clearTimeout(timer);
      pending.delete(name);
    }
  }

  return {
    resolve(name, signal) {
      const entry = kept.get(name);
      if (entry !== undefined && now() < entry.until) return Promise.resolve(entry.addresses);
      kept.delete(name);
      let answer = pending.get(name);
      if (answer === undefined) {
        if (pending.size >= maxPending) {
          const reason = `${maxPending} lookups are under way`;
          return Promise.reject(new Error(`Cannot resolve "${name}": ${reason}`));
        }
        answer = ask(name);
        pending.set(name, answer);
      }
      return abortable(answer, signal);
    },
  };
}

/** Waits for a promise until a signal aborts; rejects with the signal's reason then. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
