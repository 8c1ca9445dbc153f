import { parse, TomlDate, TomlError } from "smol-toml";
import { LOG_LEVELS, type LogLevel } from "../cell/mod.ts";
import { errorText, type Problem, SoundproofError } from "../errors.ts";
import type { Json } from "../manifest/mod.ts";
import { isLocal, type Listen, parseListen } from "./address.ts";
import { checkDocument } from "./check.ts";
import { keyLines } from "./key_lines.ts";
import { bytesOf, defined, type LimitsTable, type PluginLimits, readLimits } from "./limits.ts";
import {
  type MusicServerConfiguration,
  type MusicServerTable,
  readMusicServer,
} from "./music_server.ts";

/** The configuration of one plugin, by key. */
export type PluginConfig = Record<string, Json>;

/** What is set for one plugin besides. */
export interface ConfiguredPlugin {
  /** `Enabled` */
  readonly enabled?: boolean;
  /** `Limits` */
  readonly limits?: PluginLimits;
}

/** A mistake in the file. */
export interface ConfigurationProblem extends Problem {
  /** Line of the key, from 1. */
  readonly line: number;
}

/** Which plugins a music server's questions go to, and in which order. */
export interface ConfiguredOrder {
  /** `Agents` */
  readonly agents?: readonly string[];
  /** `LyricsPriority` */
  readonly lyrics?: readonly string[];
  /** `Scrobblers` */
  readonly scrobblers?: readonly string[];
  /** `SonicSimilarity` */
  readonly similarity?: readonly string[];
}

/** What `soundproof.toml` says; a setting it does not name is absent. */
export interface Configuration {
  /** `[Server] Listen`. */
  readonly listen?: Listen;
  /** `[Server] TlsCertificate` and `TlsKey`: PEM files, as written. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** `[Server] AllowInsecure`: tokens may cross a network in clear. */
  readonly allowInsecure?: boolean;
  /** `[Server] PublicURL`: where the service is reached from outside. */
  readonly publicUrl?: string;
  /** `[Plugins] Enabled`. */
  readonly enabled?: boolean;
  /** `[Plugins] AutoReload`: whether the folder is followed. */
  readonly autoReload?: boolean;
  /** `[Plugins] Folder`, as written: relative to the file's own folder, or absolute. */
  readonly pluginsFolder?: string;
  /** `[Plugins] CacheSize`: WebAssembly whose compiled form is kept in memory. Bytes. */
  readonly compiledBytes?: number;
  /** `[Plugins] LogLevel`. */
  readonly logLevel?: LogLevel;
  /** `[Plugins.DefaultLimits]`. */
  readonly defaultLimits?: PluginLimits;
  /** `[Plugins] Agents`, `LyricsPriority`, `Scrobblers`, `SonicSimilarity`: ids of plugins. */
  readonly order?: ConfiguredOrder;
  /** `[Network] LocalAddresses`: IPv4 addresses and CIDRs that Deno is not to deny the process. */
  readonly localAddresses?: readonly string[];
  /** `[MusicServer]`. */
  readonly musicServer?: MusicServerConfiguration;
  /** `[PluginConfig.<id>]`, then `[PluginSettings.<id>.Config]`, by plugin id. */
  readonly plugins: Readonly<Record<string, PluginConfig>>;
  /** `[PluginSettings.<id>]`, by plugin id. */
  readonly settings: Readonly<Record<string, ConfiguredPlugin>>;
  /** What was not understood and is not applied, each with its path in the document. */
  readonly problems: readonly ConfigurationProblem[];
}

/** What an empty file says. */
export const NOTHING_CONFIGURED: Configuration = { plugins: {}, settings: {}, problems: [] };

type Table = Readonly<Record<string, unknown>>;

interface ServerTable {
  readonly Listen?: string;
  readonly TlsCertificate?: string;
  readonly TlsKey?: string;
  readonly AllowInsecure?: boolean;
  readonly PublicURL?: string;
}

/** A document as `schema/config.schema.json` lets it through. */
interface Document {
  readonly Server?: ServerTable;
  readonly Plugins?: {
    readonly Enabled?: boolean;
    readonly Folder?: string;
    readonly CacheSize?: string | number;
    readonly AutoReload?: boolean;
    readonly LogLevel?: string;
    readonly DefaultLimits?: LimitsTable;
    readonly Agents?: readonly string[];
    readonly LyricsPriority?: readonly string[];
    readonly Scrobblers?: readonly string[];
    readonly SonicSimilarity?: readonly string[];
  };
  readonly Network?: { readonly LocalAddresses?: readonly string[] };
  readonly PluginConfig?: Readonly<Record<string, PluginConfig>>;
  readonly PluginSettings?: Readonly<
    Record<
      string,
      { readonly Enabled?: boolean; readonly Limits?: LimitsTable; readonly Config?: PluginConfig }
    >
  >;
  readonly MusicServer?: MusicServerTable;
}

/**
 * Reads the text of a configuration file.
 *
 * @param text TOML 1.0
 * @param file its name, for the error's text
 * @throws {SoundproofError} `configuration.invalid` if it is not TOML: then there is no rest to start with
 */
export function parseConfiguration(text: string, file = "soundproof.toml"): Configuration {
  const plain = toPlain(parseToml(text, file));
  const lineOf = keyLines(text);
  const problems: ConfigurationProblem[] = [];
  const report = (path: readonly string[], found: string, wanted: string) =>
    problems.push({ path: ["$", ...path].join("."), line: lineOf(path), found, wanted });

  for (const { path, unknown, wanted } of checkDocument(plain)) {
    report(path, unknown ? "an unknown key" : shownAt(plain, path), wanted);
    remove(plain, path);
  }
  // The schema has had its say: what is left is of this form.
  const { Server, Plugins, Network, PluginConfig, PluginSettings, MusicServer } = plain as Document;
  const server = readServer(Server ?? {});
  if ("wanted" in server) report(["Server", server.key], server.found, server.wanted);
  const musicServer = MusicServer && readMusicServer(MusicServer);
  if (typeof musicServer === "string") report(["MusicServer"], "a table without it", musicServer);

  const plugins: Record<string, PluginConfig> = Object.create(null);
  const settings: Record<string, ConfiguredPlugin> = Object.create(null);
  for (const [id, config] of Object.entries(PluginConfig ?? {})) plugins[id] = config;
  for (const [id, { Enabled, Limits, Config }] of Object.entries(PluginSettings ?? {})) {
    settings[id] = defined({ enabled: Enabled, limits: Limits && readLimits(Limits) });
    if (Config !== undefined) {
      plugins[id] = Object.assign(Object.create(null), plugins[id], Config);
    }
  }
  return {
    ...defined({
      ...("wanted" in server ? {} : server),
      publicUrl: Server?.PublicURL,
      enabled: Plugins?.Enabled,
      autoReload: Plugins?.AutoReload,
      pluginsFolder: Plugins?.Folder,
      compiledBytes: bytesOf(Plugins?.CacheSize),
      logLevel: LOG_LEVELS.find((level) => level === Plugins?.LogLevel),
      defaultLimits: Plugins?.DefaultLimits && readLimits(Plugins.DefaultLimits),
      order: Plugins && readOrder(Plugins),
      localAddresses: Network?.LocalAddresses,
      musicServer: typeof musicServer === "string" ? undefined : musicServer,
    }),
    plugins,
    settings,
    problems: problems.sort((left, right) => left.line - right.line),
  };
}

/** Where to listen, or which setting is wrong. Off this machine nothing is told in clear unless that is allowed. */
function readServer({ Listen, TlsCertificate, TlsKey, AllowInsecure }: ServerTable):
  | Pick<Configuration, "listen" | "tls" | "allowInsecure">
  | { readonly key: string; readonly found: string; readonly wanted: string } {
  const listen = Listen === undefined ? undefined : parseListen(Listen);
  if ((TlsCertificate === undefined) !== (TlsKey === undefined)) {
    const key = TlsKey === undefined ? "TlsCertificate" : "TlsKey";
    return { key, found: "it alone", wanted: "TlsCertificate and TlsKey" };
  }
  if (listen !== undefined && !isLocal(listen) && TlsKey === undefined && !AllowInsecure) {
    const wanted = "a loopback address, or TlsCertificate and TlsKey, or AllowInsecure = true";
    return { key: "Listen", found: JSON.stringify(Listen), wanted };
  }
  return defined({
    listen,
    tls: TlsCertificate === undefined || TlsKey === undefined
      ? undefined
      : { certificate: TlsCertificate, key: TlsKey },
    allowInsecure: AllowInsecure,
  });
}

function readOrder(
  { Agents, LyricsPriority, Scrobblers, SonicSimilarity }: NonNullable<Document["Plugins"]>,
): ConfiguredOrder | undefined {
  const order: ConfiguredOrder = defined({
    agents: Agents,
    lyrics: LyricsPriority,
    scrobblers: Scrobblers,
    similarity: SonicSimilarity,
  });
  return Object.keys(order).length === 0 ? undefined : order;
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
    if (cause instanceof Deno.errors.NotFound && !required) {
      return NOTHING_CONFIGURED;
    }
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

/** Tables without a prototype, so that no key is special; TOML's dates as their text. */
function toPlain(table: Table): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(table)) plain[key] = plainValue(value);
  return plain;
}

function plainValue(value: unknown): unknown {
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  return isTable(value) ? toPlain(value) : value;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce((at, key) => isTable(at) ? at[key] : undefined, root);
}

function remove(root: Record<string, unknown>, path: readonly string[]): void {
  const table = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (isTable(table) && key !== undefined) delete table[key];
}

/** A value as a message may quote it. Settings of plugins and what leads to a music server can be secret. */
function shownAt(root: unknown, path: readonly string[]): string {
  const [section, , part] = path;
  const secret = section === "MusicServer" || section === "PluginConfig" ||
    (section === "PluginSettings" && part !== "Enabled" && part !== "Limits");
  if (secret) return "a value that is not shown";
  const value = valueAt(root, path);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
