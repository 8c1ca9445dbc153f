import { type Problem, SoundproofError } from "../errors.ts";
import {
  type Json,
  type Manifest,
  secretKeys,
  validateConfig,
  withDefaults,
} from "../manifest/mod.ts";
import type { PluginRecords } from "../state/mod.ts";
import type { ConfigView } from "./administration.ts";
import { MASK } from "./masking.ts";

/** Settings of a plugin, by key. */
type Settings = Readonly<Record<string, Json>>;

/** Most characters of all settings of a plugin, as JSON. */
const MAX_CHARACTERS = 1_000_000;

/** A change of settings that has been checked. */
export interface ConfigChange {
  /** All settings as they are with it. */
  readonly config: Settings;
  /** What is to be written down: JSON by key, `undefined` for what is taken back. */
  readonly written: readonly (readonly [key: string, json: string | undefined])[];
}

/**
 * The settings of all plugins: those of the configuration file, which only it can change, and beside them those that
 * an administrator has set here.
 */
export class PluginConfigs {
  readonly #records: PluginRecords;
  readonly #file: () => Readonly<Record<string, Settings>>;

  /** @param file What the configuration file sets now, by plugin. */
  constructor(records: PluginRecords, file: () => Readonly<Record<string, Settings>>) {
    this.#records = records;
    this.#file = file;
  }

  /** The settings of a plugin, without defaults. */
  of(id: string): Settings {
    return { ...this.#stored(id), ...this.#fixed(id) };
  }

  /** The settings of a plugin as they can be shown. Without a manifest nobody knows which are secret: all are. */
  view(id: string, manifest: Manifest | undefined): ConfigView {
    const secrets = manifest && new Set(secretKeys(manifest));
    const schema = manifest?.config?.schema;
    const own = this.of(id);
    const all = schema === undefined ? own : objectOf(withDefaults(schema, own));
    const shown = Object.entries(all).map(([key, value]): [string, Json] => {
      const isSecret = secrets?.has(key) ?? true;
      return [key, isSecret && value !== "" && value !== null ? MASK : value];
    });
    return {
      values: Object.fromEntries(shown),
      fixed: Object.keys(this.#fixed(id)).sort(),
      ...(manifest?.config !== undefined && { definition: manifest.config }),
    };
  }

  /**
   * Checks changes, `null` for what is taken back. A secret that comes as it is shown stays as it is.
   *
   * @throws {SoundproofError} `config.fixed`; `config.invalid` with the field of each fault.
   */
  check(id: string, manifest: Manifest, changes: Settings): ConfigChange {
    const fixed = this.#fixed(id);
    const beyond = Object.keys(changes).filter((key) => Object.hasOwn(fixed, key));
    if (beyond.length > 0) {
      throw new SoundproofError(
        "config.fixed",
        `Cannot set "${beyond.join('", "')}" of plugin "${id}": the configuration file sets it`,
      );
    }
    const secrets = new Set(secretKeys(manifest));
    const meant = Object.entries(changes).filter(([key, value]) =>
      !(secrets.has(key) && value === MASK)
    );
    const stored = new Map(Object.entries(this.#stored(id)));
    for (const [key, value] of meant) {
      if (value === null) stored.delete(key);
      else stored.set(key, value);
    }
    const config = { ...Object.fromEntries(stored), ...fixed };
    const problems = faultsOf(manifest, config);
    if (problems.length > 0) throw invalid(id, problems);
    return {
      config,
      written: meant.map(([key, value]) => [
        key,
        value === null ? undefined : JSON.stringify(value),
      ]),
    };
  }

  /** Writes a change down. */
  write(id: string, { written }: ConfigChange): void {
    this.#records.changeSettings(id, written);
  }

  #stored(id: string): Settings {
    const entries = [...this.#records.settings(id)];
    return Object.fromEntries(entries.map(([key, json]) => [key, JSON.parse(json)]));
  }

  #fixed(id: string): Settings {
    const file = this.#file();
    return Object.hasOwn(file, id) ? file[id] ?? {} : {};
  }
}

/** Plugins of the older generations take settings of which their manifests say nothing. */
function faultsOf(manifest: Manifest, config: Settings): Problem[] {
  const characters = JSON.stringify(config).length;
  if (characters > MAX_CHARACTERS) {
    const wanted = `at most ${MAX_CHARACTERS} characters`;
    return [{ path: "$", found: `${characters} characters`, wanted }];
  }
  const isFree = manifest.config === undefined && manifest.dialect !== "navidrome";
  return isFree ? [] : validateConfig(manifest, { ...config });
}

function invalid(id: string, problems: readonly Problem[]): SoundproofError {
  const [first] = problems;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
  return new SoundproofError(
    "config.invalid",
    `Cannot set configuration of plugin "${id}": ${first?.path}: found ${first?.found}, want ${first?.wanted}${more}`,
    { problems },
  );
}

function objectOf(value: Json): Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
