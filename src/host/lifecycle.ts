import { errorText, SoundproofError } from "../errors.ts";
import { type Approval, type ApprovalVerdict, judgeApproval } from "../grants/mod.ts";
import type { PluginRecord, PluginRecords } from "../state/mod.ts";
import { approvalOf } from "./approvals.ts";
import type { Chronicle } from "./chronicle.ts";
import type { LoadedPlugin } from "./loaded_plugin.ts";
import { type ReadPlugin, readPlugin } from "./loading.ts";
import type { PluginHostOptions } from "./options.ts";
import { keepRead, type PluginEntry } from "./plugin_entry.ts";
import type { PluginLoader } from "./plugin_loader.ts";
import type { ConfigChange, PluginConfigs } from "./plugin_configs.ts";

/** What a {@link Lifecycle} works with. */
export interface LifecycleParts {
  readonly options: PluginHostOptions;
  readonly records: PluginRecords;
  readonly chronicle: Chronicle;
  readonly loader: PluginLoader;
  readonly configs: PluginConfigs;
  /** Told of every version that can be called from now on. Must not throw. */
  readonly onStart: (plugin: LoadedPlugin) => void;
}

/** A package that was read, beside what was decided about its plugin. */
export interface Judgement {
  readonly verdict: ApprovalVerdict;
  readonly record: PluginRecord | undefined;
  readonly approval: Approval | undefined;
}

/**
 * Brings a plugin from its package to its calls, puts another version in its place, and ends it.
 *
 * A version takes the place of another in steps: it is made, which can fail, and then nothing has changed; the one
 * before rests, so that no schedule and no task runs twice; the new one is told that it is loaded; calls go to it, all
 * from one moment on; those that still run on the one before end, each by its own deadline; then that one is closed.
 *
 * Every method but {@link Lifecycle.cut} is called in the plugin's turn.
 */
export class Lifecycle {
  readonly #parts: LifecycleParts;
  #closed = false;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** Starts nothing from now on. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Reads the package as it lies there; nothing changes by that, and it needs no turn.
   *
   * @throws {SoundproofError} Why it cannot be read.
   */
  async peek({ conflict, path }: PluginEntry): Promise<ReadPlugin> {
    // Which of two was meant cannot be known, so neither is read.
    if (conflict !== undefined) throw conflict;
    return await readPlugin(path);
  }

  /**
   * Reads the package as it lies there.
   *
   * @throws {SoundproofError} Why it cannot be read; a plugin that does not run is *failed* then.
   */
  async read(entry: PluginEntry): Promise<ReadPlugin> {
    try {
      return await this.peek(entry);
    } catch (thrown) {
      if (entry.loaded !== undefined) throw thrown;
      delete entry.read;
      throw this.fail(entry, thrown);
    }
  }

  /** What was decided about a plugin whose package was read. */
  judge({ id }: PluginEntry, { manifest, source: { sha256 } }: ReadPlugin): Judgement {
    const record = this.#parts.records.get(id);
    const approval = approvalOf(record?.approval);
    const verdict = judgeApproval({ manifest, sha256 }, approval, record?.installed);
    return { verdict, record, approval };
  }

  /** Runs a plugin, or does not, as was decided and as its package is now. What cannot run is *failed*. */
  async settle(entry: PluginEntry, read: ReadPlugin): Promise<void> {
    const { verdict, record, approval } = this.judge(entry, read);
    const runs = record?.enabled === true && this.isMeant(entry.id) &&
      this.switchedOff(entry.id) === undefined;
    if (runs && verdict === "holds" && approval !== undefined) {
      try {
        return await this.put(entry, read, await this.make(entry, read, approval));
      } catch (thrown) {
        await this.stop(entry);
        keepRead(entry, read);
        this.fail(entry, thrown);
        return;
      }
    }
    if (this.switchedOff(entry.id) !== undefined) await this.#leave(entry);
    await this.stop(entry);
    keepRead(entry, read);
    if (!runs) return;
    if (verdict === "changed") {
      const { code, message: reason } = this.fail(entry, changed(entry.id));
      const { sha256: subject } = read.source;
      this.#parts.chronicle.record({ plugin: entry.id, code, subject, reason });
    }
    if (verdict === "waits") entry.waits = true;
  }

  /**
   * Looks at a plugin's package for what may have happened to it behind our back. What has changed runs no longer,
   * unless it is what was approved.
   *
   * @returns Whether there was anything new.
   */
  async look(entry: PluginEntry): Promise<boolean> {
    const known = entry.error?.message;
    let read: ReadPlugin;
    try {
      read = await this.read(entry);
    } catch (thrown) {
      if (entry.loaded !== undefined) {
        await this.stop(entry);
        delete entry.read;
        this.fail(entry, thrown);
      }
      return entry.error?.message !== known;
    }
    const { sha256, path } = read.source;
    if (entry.read?.source.sha256 === sha256 && entry.read.source.path === path) return false;
    await this.settle(entry, read);
    return true;
  }

  /** Changes settings, and loads a plugin anew if it runs. One that cannot run with them goes on as it was. */
  async configure(entry: PluginEntry, read: ReadPlugin, change: ConfigChange): Promise<void> {
    const { loader, configs } = this.#parts;
    const { verdict, approval } = this.judge(entry, read);
    if (entry.loaded === undefined || verdict !== "holds" || approval === undefined) {
      configs.write(entry.id, change);
      return await this.settle(entry, read);
    }
    const fresh = await loader.load(entry.id, read, approval.decision, change.config);
    configs.write(entry.id, change);
    await this.put(entry, read, fresh);
  }

  /**
   * Makes a version of a plugin that can be called. Nothing changes by that.
   *
   * @throws {SoundproofError} Why it cannot run.
   */
  make({ id }: PluginEntry, read: ReadPlugin, { decision }: Approval): Promise<LoadedPlugin> {
    const { loader, configs } = this.#parts;
    return loader.load(id, read, decision, configs.of(id));
  }

  /**
   * Lets a version that was made take the place of what runs. One that must not stay loaded because it cannot be
   * initialised is *failed* then, and nothing runs: the version before has begun to rest.
   */
  async put(entry: PluginEntry, read: ReadPlugin, fresh: LoadedPlugin): Promise<void> {
    const old = entry.loaded;
    entry.starting = fresh;
    try {
      if (old !== undefined) {
        // Of a plugin there are two versions at once, and never three.
        await entry.retiring?.end;
        await old.rest();
      }
      if (this.#closed) return await fresh.unload();
      if (this.#parts.options.only === undefined) await fresh.initialise();
    } catch (thrown) {
      await fresh.unload();
      await this.stop(entry);
      keepRead(entry, read);
      this.fail(entry, thrown);
      return;
    } finally {
      delete entry.starting;
    }
    entry.loaded = fresh;
    delete entry.waits;
    keepRead(entry, read);
    if (old !== undefined) entry.retiring = { plugin: old, end: this.#retire(entry, old, fresh) };
    if (this.#parts.options.only === undefined) this.#parts.onStart(fresh);
  }

  /** Ends all that runs of a plugin at once, whoever's turn it is: what waits for it then has not to wait long. */
  async cut({ loaded, starting, retiring }: PluginEntry): Promise<void> {
    await Promise.all([loaded, starting, retiring?.plugin].map((plugin) => plugin?.unload()));
  }

  /** Ends a plugin; calls that run are lost. */
  async stop(entry: PluginEntry): Promise<void> {
    const ended = this.cut(entry);
    delete entry.loaded;
    delete entry.waits;
    await ended;
    await entry.retiring?.end;
  }

  /** Marks a plugin as *failed*, and gives its error. */
  fail(entry: PluginEntry, thrown: unknown): SoundproofError {
    const known = entry.error?.message;
    entry.error = thrown instanceof SoundproofError
      ? thrown
      : new SoundproofError("package.unreadable", `Cannot load plugin: ${errorText(thrown)}`, {
        cause: thrown,
      });
    delete entry.waits;
    const { message } = entry.error;
    // What is the matter still is told once.
    if (message !== known) this.#parts.chronicle.log("error", entry.id, message);
    return entry.error;
  }

  /** Why the configuration keeps a plugin from running, if it does. */
  switchedOff(id: string): string | undefined {
    const { enabled, settings } = this.#parts.options;
    if (enabled === false) return "plugins are switched off in the configuration";
    return settings?.[id]?.enabled === false
      ? "it is switched off in the configuration"
      : undefined;
  }

  /** Whether a plugin is among those that this host was opened for. */
  isMeant(id: string): boolean {
    return this.#parts.options.only?.includes(id) ?? true;
  }

  /** Takes a plugin from those that run; its calls still have their deadlines. */
  async #leave(entry: PluginEntry): Promise<void> {
    const old = entry.loaded;
    if (old === undefined) return;
    await entry.retiring?.end;
    delete entry.loaded;
    entry.retiring = { plugin: old, end: old.rest().then(() => old.retire()) };
    await entry.retiring.end;
    delete entry.retiring;
  }

  async #retire(entry: PluginEntry, old: LoadedPlugin, fresh: LoadedPlugin): Promise<void> {
    await old.retire();
    if (entry.retiring?.plugin === old) delete entry.retiring;
    if (entry.loaded === fresh) fresh.takeOver();
  }
}

function changed(id: string): SoundproofError {
  const state = "its package has changed since it was enabled";
  return new SoundproofError("plugin.changed", `Cannot load plugin "${id}": ${state}`);
}
