import type { SoundproofError } from "../errors.ts";

/** How a call may be bounded. */
export interface CallOptions {
  /** The guest's deadline; never later than the plugin's own limit. Milliseconds. */
  readonly timeoutMs?: number;
  /** Gives up: the call ends with `call.cancelled`, and with it what its guest waits for. */
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

/** Of whom and of what a plugin may be told: what its manifest asks for and an administrator granted. */
export interface PluginScope {
  /** Login names it may be told of; equal in any letter case. Empty without the `users` permission. */
  readonly users: readonly string[] | "all";
  /** Libraries whose ids and paths it may be told; empty without access to their files. */
  readonly libraries: readonly number[] | "all";
}

/** A plugin that is told of users and tracks, as far as its scope goes. */
export interface ScopedGuest extends GuestCaller {
  /** Of whom and of what it may be told. */
  readonly scope: PluginScope;
}

/** What asking a plugin came to. */
export type Answer<T> =
  | { readonly kind: "found"; readonly value: T }
  /** Definitive: the plugin has nothing, or does not do this. `reason` says which. */
  | { readonly kind: "not_found"; readonly reason: string }
  /** The plugin is at fault: another may be asked, and this one again later. */
  | { readonly kind: "fault"; readonly error: SoundproofError };
