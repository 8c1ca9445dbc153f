import type { SoundproofError } from "../errors.ts";

/** How a call may be bounded. */
export interface CallOptions {
  /** The guest's deadline; never later than the plugin's own limit. Milliseconds. */
  readonly timeoutMs?: number;
  /** Gives up while the call waits for a cell. */
  readonly signal?: AbortSignal;
}

/** A plugin as capabilities see it: exports that can be called with bytes. */
export interface GuestCaller {
  /** The plugin's id. */
  readonly id: string;
  /** Names of the functions its module exports. */
  readonly exports: ReadonlySet<string>;
  /**
   * Calls an export on a fresh instance.
   *
   * @returns What the guest gave out; empty if nothing.
   * @throws {SoundproofError} A code of `guest.*` or `pool.*`.
   */
  call(name: string, input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
}

/** What asking a plugin came to. */
export type Answer<T> =
  | { readonly kind: "found"; readonly value: T }
  /** Definitive: the plugin has nothing, or does not do this. `reason` says which. */
  | { readonly kind: "not_found"; readonly reason: string }
  /** The plugin is at fault: another may be asked, and this one again later. */
  | { readonly kind: "fault"; readonly error: SoundproofError };
