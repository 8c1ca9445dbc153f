import { isIPv4 } from "node:net";
import { parse, TomlDate, TomlError } from "smol-toml";
import { errorText, type Problem, SoundproofError } from "../errors.ts";
import type { Json } from "../manifest/mod.ts";
import { type Address, parseAddress } from "./address.ts";

/** The settings of one plugin, by key. */
export type PluginSettings = Record<string, Json>;

/** What `soundproof.toml` says; a setting it does not name is absent. */
export interface Configuration {
  /** `[Server] Listen`. */
  readonly listen?: Address;
  /** `[Plugins] Folder`, as written: relative to the file's own folder, or absolute. */
  readonly pluginsFolder?: string;
  /** `[Network] LocalAddresses`: IPv4 addresses and CIDRs that Deno is not to deny the process. */
  readonly localAddresses?: readonly string[];
  /** `[PluginConfig.<id>]`, by plugin id. */
  readonly plugins: Readonly<Record<string, PluginSettings>>;
  /** What was not understood and is not applied, each with its path in the document. */
  readonly problems: readonly Problem[];
}

type Table = Readonly<Record<string, unknown>>;

/** Takes one setting's value; returns what is wanted instead where it is not that. */
type Reader = (value: unknown) => string | undefined;

/**
 * Reads the text of a configuration file.
 *
 * @param text TOML 1.0
 * @param file its name, for the error's text
 * @throws {SoundproofError} `configuration.invalid` if it is not TOML: then there is no rest to start with
 */
export function parseConfiguration(text: string, file = "soundproof.toml"): Configuration {
  const document = parseToml(text, file);
  const problems: Problem[] = [];
  const plugins: Record<string, PluginSettings> = Object.create(null);
  const found: { listen?: Address; pluginsFolder?: string; localAddresses?: string[] } = {};

  const sections: Record<string, Record<string, Reader> | ((table: Table) => void)> = {
    Server: {
      Listen(value) {
        if (typeof value !== "string") return "HOST:PORT in quotes";
        try {
          found.listen = parseAddress(value);
          return undefined;
        } catch {
          return "HOST:PORT of a loopback address, such as 127.0.0.1:4747";
        }
      },
    },
    Plugins: {
      Folder(value) {
        if (typeof value !== "string" || value === "") return "a path in quotes";
        found.pluginsFolder = value;
        return undefined;
      },
    },
    Network: {
      LocalAddresses(value) {
        if (!Array.isArray(value) || !value.every(isBlock)) {
          return 'a list of IPv4 addresses and CIDRs, such as ["192.168.1.0/24"]';
        }
        found.localAddresses = value;
        return undefined;
      },
    },
    PluginConfig(table) {
      for (const [id, settings] of Object.entries(table)) {
        const path = `$.PluginConfig.${id}`;
        if (isTable(settings)) plugins[id] = readSettings(settings, path, problems);
        else problems.push({ path, found: show(settings), wanted: "a table" });
      }
    },
  };

  for (const [name, value] of Object.entries(document)) {
    const path = `$.${name}`;
    const section = Object.hasOwn(sections, name) ? sections[name] : undefined;
    if (section === undefined) {
      problems.push({ path, found: "an unknown key", wanted: oneOf(sections) });
    } else if (!isTable(value)) {
      problems.push({ path, found: show(value), wanted: "a table" });
    } else if (typeof section === "function") {
      section(value);
    } else {
      readSection(value, section, path, problems);
    }
  }
  return { ...found, plugins, problems };
}

/**
 * Reads a configuration file; one that does not exist is an empty one, unless it was asked for by name.
 *
 * @throws {SoundproofError} `configuration.invalid`
 */
export function readConfiguration(file: string, required: boolean): Configuration {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound && !required) return { plugins: {}, problems: [] };
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot read configuration "${file}": ${errorText(cause)}`,
      { cause },
    );
  }
  return parseConfiguration(text, file);
}

function parseToml(text: string, file: string): Table {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split("\n", 1)[0]?.replace("Invalid TOML document: ", "");
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot read configuration "${file}": line ${cause.line}, column ${cause.column}: ${reason}`,
      { cause },
    );
  }
}

function readSection(
  table: Table,
  readers: Record<string, Reader>,
  path: string,
  problems: Problem[],
): void {
  for (const [key, value] of Object.entries(table)) {
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    const found = read === undefined ? "an unknown key" : show(value);
    const wanted = read === undefined ? oneOf(readers) : read(value);
    if (wanted !== undefined) problems.push({ path: `${path}.${key}`, found, wanted });
  }
}

function readSettings(table: Table, path: string, problems: Problem[]): PluginSettings {
  const settings: PluginSettings = Object.create(null);
  for (const [key, value] of Object.entries(table)) {
    const json = toJson(value);
    if (json !== undefined) settings[key] = json;
    else problems.push({ path: `${path}.${key}`, found: show(value), wanted: "a JSON value" });
  }
  return settings;
}

/** TOML has dates, `inf` and `nan`, which JSON has not: dates become their text, the others nothing. */
function toJson(value: unknown): Json | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) {
    const items = value.map(toJson);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (!isTable(value)) return undefined;
  const object: { [key: string]: Json } = Object.create(null);
  for (const [key, item] of Object.entries(value)) {
    const json = toJson(item);
    if (json === undefined) return undefined;
    object[key] = json;
  }
  return object;
}

function isBlock(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const [address = "", bits = "32", ...rest] = value.split("/");
  return isIPv4(address) && /^(?:3[0-2]|[12]?\d)$/.test(bits) && rest.length === 0;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof TomlDate);
}

function oneOf(table: Readonly<Record<string, unknown>>): string {
  return `one of ${Object.keys(table).join(", ")}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
