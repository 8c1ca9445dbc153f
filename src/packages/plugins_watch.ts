import { join } from "node:path";
import { errorText } from "../errors.ts";
import { pluginId } from "./plugin_id.ts";
import { listPackages, type PackageEntry } from "./plugins_folder.ts";

/** How a {@link PluginsWatch} is started. */
export interface PluginsWatchOptions {
  /** The plugins folder. It need not exist, now or later. */
  readonly folder: string;
  /** Told the id of a plugin whose package came, went or changed, once it has been still for a while. */
  readonly changed: (id: string) => void | Promise<void>;
  /** Told why the folder cannot be looked at, once for each reason, and of what `changed` throws. */
  readonly report: (message: string) => void;
  /** Calls back once after so many milliseconds; gives the function that cancels it. */
  readonly clock: { after(delayMs: number, callback: () => void): () => void };
  /** Time between two looks. Default 1,000 ms. */
  readonly lookMs?: number;
  /** How long a package must have been still. Default 2,000 ms (`extism-abi.md` 5.4). */
  readonly stillMs?: number;
}

/**
 * Follows the plugins folder, and what its links lead to.
 *
 * It looks again and again instead of being told by the system: such notices follow a file or folder that is there,
 * not its name, so they end where one is replaced, or removed and made anew; they do not come through links, nor from
 * network shares; and they would need to be asked for above the folder, where the service may not read. A look at ten
 * plugins takes a millisecond or two.
 *
 * A change says only that there is something to look at: what there is to do depends on what lies there then.
 */
export class PluginsWatch implements AsyncDisposable {
  readonly #options: Required<PluginsWatchOptions>;
  readonly #moving = new Map<string, () => void>();
  readonly #calls = new Set<Promise<void>>();
  #seen: ReadonlyMap<string, string> = new Map();
  #looking: Promise<void> = Promise.resolve();
  #cancelLook = () => {};
  #reported = "";
  #closed = false;

  private constructor(options: PluginsWatchOptions) {
    this.#options = { lookMs: 1_000, stillMs: 2_000, ...options };
  }

  /** Begins with what lies there now: whoever reads the packages after this misses nothing. */
  static async start(options: PluginsWatchOptions): Promise<PluginsWatch> {
    const watch = new PluginsWatch(options);
    watch.#seen = await watch.#snapshot() ?? watch.#seen;
    watch.#lookLater();
    return watch;
  }

  /** Looks now. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#compare());
    return this.#looking;
  }

  /** Ends it, and waits for what it has called. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelLook();
    for (const cancel of this.#moving.values()) cancel();
    this.#moving.clear();
    await this.#looking;
    await Promise.all(this.#calls);
  }

  /** The same as {@link PluginsWatch.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lookLater(): void {
    const { clock, lookMs } = this.#options;
    this.#cancelLook = clock.after(lookMs, () => {
      void this.look().then(() => this.#closed || this.#lookLater());
    });
  }

  async #compare(): Promise<void> {
    const now = await this.#snapshot();
    if (now === undefined || this.#closed) return;
    for (const id of new Set([...this.#seen.keys(), ...now.keys()])) {
      if (this.#seen.get(id) !== now.get(id)) this.#wait(id);
    }
    this.#seen = now;
  }

  /** Begins to wait for a package to be still, anew with each change. */
  #wait(id: string): void {
    this.#moving.get(id)?.();
    const { clock, stillMs } = this.#options;
    const cancel = clock.after(stillMs, () => {
      const call = this.#settle(id, cancel);
      this.#calls.add(call);
      void call.finally(() => this.#calls.delete(call));
    });
    this.#moving.set(id, cancel);
  }

  async #settle(id: string, own: () => void): Promise<void> {
    // It may have changed since the last look: then the wait has begun anew.
    await this.look();
    if (this.#closed || this.#moving.get(id) !== own) return;
    this.#moving.delete(id);
    try {
      await this.#options.changed(id);
    } catch (thrown) {
      this.#options.report(errorText(thrown));
    }
  }

  /** What tells one state of each package from another, by id; nothing where the folder cannot be looked at. */
  async #snapshot(): Promise<Map<string, string> | undefined> {
    try {
      const found = new Map<string, string>();
      for (const entry of await listPackages(this.#options.folder)) {
        const id = idOf(entry);
        if (id === undefined) continue;
        found.set(id, `${found.get(id) ?? ""}${entry.name}: ${await signOf(entry.path)}\n`);
      }
      this.#reported = "";
      return found;
    } catch (thrown) {
      const text = `Cannot look at plugins folder "${this.#options.folder}": ${errorText(thrown)}`;
      if (text !== this.#reported) this.#options.report(text);
      this.#reported = text;
      return undefined;
    }
  }
}

function idOf({ name }: PackageEntry): string | undefined {
  try {
    return pluginId(name);
  } catch {
    return undefined;
  }
}

/** What changes with a package: of a file, or of the two files of a folder, wherever links lead. */
async function signOf(path: string): Promise<string> {
  const own = await factsOf(path);
  if (own?.isDirectory !== true) return shown(own);
  const files = ["manifest.json", "plugin.wasm"].map((name) => factsOf(join(path, name)));
  return (await Promise.all(files)).map(shown).join(" ");
}

/** Absent too where it may not be looked at, such as what a link leads to. */
async function factsOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch {
    return undefined;
  }
}

function shown(facts: Deno.FileInfo | undefined): string {
  if (facts === undefined) return "nothing";
  const { dev, ino, size, mtime, ctime } = facts;
  return [dev, ino, size, mtime?.getTime(), ctime?.getTime()].join("-");
}
