import type { CallOptions } from "../capabilities/mod.ts";
import type { Decision, PermissionReview } from "../grants/mod.ts";
import type { Json, Manifest } from "../manifest/mod.ts";
import type { AuditRecord } from "../state/mod.ts";
import type { LogEntry } from "./log.ts";
import type { PluginSummary } from "./summary.ts";

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** A log entry as it is kept for those who ask later. */
export interface LogRecord extends LogEntry {
  /** Grows by at least one from entry to entry, over all plugins. */
  readonly id: number;
}

/** Something that changed about a plugin, for those who show it. */
export interface HostEvent {
  /** Grows by at least one from event to event. */
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** The plugin's id. */
  readonly plugin: string;
  /** What happened. */
  readonly kind: "installed" | "updated" | "removed" | "state" | "config";
  /** Its state from then on; absent once it is removed. */
  readonly state?: PluginSummary["state"];
}

/** What each stream of records is made of. */
export interface Streams {
  /** Log entries: of plugins, and of the host about them. Kept in memory, the oldest make room. */
  readonly log: LogRecord;
  /** Decisions, refusals and kills, kept on disk. */
  readonly audit: AuditRecord;
  /** Changes of plugins. Kept in memory, the oldest make room. */
  readonly event: HostEvent;
}

/** Which records of a stream. */
export interface FollowOptions {
  /** Only those after the one with this id; from the oldest kept one on unless given. */
  readonly after?: number;
  /** Only those about this plugin. */
  readonly plugin?: string;
  /** Goes on with new ones as they come; ends after the known ones unless `true`. */
  readonly live?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A plugin's settings as they can be shown: in the place of a secret stands `***`. */
export interface ConfigView {
  /** Settings that apply, by key, defaults included. */
  readonly values: Readonly<Record<string, Json>>;
  /** Keys that the configuration file sets: they can be changed only there. */
  readonly fixed: readonly string[];
  /** What the manifest says about settings; absent where it takes none. */
  readonly definition?: Manifest["config"];
}

/** What a package asks for, and which one it is. */
export interface PackageReview extends PermissionReview {
  /** Of the package that was read, in lower-case hex. */
  readonly sha256: string;
}

/** What an administrator can have done: by a host in this process, or through the API of a running service. */
export interface Administration {
  /** Every plugin that was found, in the order of their ids. */
  list(): Awaitable<PluginSummary[]>;
  /** One plugin. @throws {SoundproofError} `plugin.unknown`. */
  info(id: string): Awaitable<PluginSummary>;
  /**
   * What a plugin's package asks for, beside what was approved.
   *
   * @param bytes A package that would take its place, or be installed under this id; the installed one unless given.
   * @throws {SoundproofError} `plugin.unknown` without bytes, or why the package cannot be read.
   */
  review(id: string, bytes?: Uint8Array<ArrayBuffer>): Awaitable<PackageReview>;

  /** Puts a package into the plugins folder; it is not enabled by that. @throws {SoundproofError} `plugin.exists`, `package.*`, `manifest.invalid`, `module.*`. */
  install(id: string, bytes: Uint8Array<ArrayBuffer>): Awaitable<PluginSummary>;
  /** Replaces a package by another version. What asks for nothing new goes on running; what asks for more waits for approval. @throws as `install`; `plugin.unknown`, `plugin.not_replaceable`. */
  update(id: string, bytes: Uint8Array<ArrayBuffer>): Awaitable<PluginSummary>;
  /** Puts the version before the last update back. @throws {SoundproofError} `plugin.unknown`, `plugin.no_previous`. */
  rollback(id: string): Awaitable<PluginSummary>;
  /** Ends a plugin and takes it out of the plugins folder. @param data Whether what it stored is kept. */
  remove(id: string, data: "keep" | "delete"): Awaitable<void>;
  /** Reads a package again and loads it anew. @throws {SoundproofError} `plugin.unknown`, or why it cannot be loaded. */
  refresh(id: string): Awaitable<PluginSummary>;
  /** Looks for packages that came, went or changed in the plugins folder. */
  rescan(): Awaitable<PluginSummary[]>;

  /**
   * Grants what a plugin asks for, as far as the decision goes, of the package as it lies there now, and loads it.
   *
   * @param sha256 Of the package that was decided on, so that no other is granted anything; whichever lies there unless given.
   * @throws {SoundproofError} `plugin.changed` where it is another; `grant.invalid`, or why it cannot be loaded.
   */
  enable(id: string, decision?: Decision, sha256?: string): Awaitable<PluginSummary>;
  /** Grants like {@link enable}, but leaves a disabled plugin disabled. */
  approve(id: string, decision?: Decision, sha256?: string): Awaitable<PluginSummary>;
  /** Unloads a plugin and keeps it from being loaded; its grant stays. */
  disable(id: string): Awaitable<PluginSummary>;
  /** Unloads a plugin and takes its grant away. */
  revoke(id: string): Awaitable<PluginSummary>;

  /** A plugin's settings. */
  config(id: string): Awaitable<ConfigView>;
  /** Changes settings, and loads the plugin anew if it runs; `null` takes a setting back. @throws {SoundproofError} `config.invalid`, with the field of each fault, and `config.fixed`. */
  setConfig(id: string, changes: Readonly<Record<string, Json>>): Awaitable<ConfigView>;

  /** Calls an export. @throws {SoundproofError} `plugin.not_running`, `guest.*`, `pool.*`. */
  call(id: string, name: string, input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /** Records of a stream, oldest first. */
  follow<Name extends keyof Streams>(
    stream: Name,
    options?: FollowOptions,
  ): AsyncIterable<Streams[Name]>;
}
