import { join, resolve } from "node:path";
import { SoundproofError } from "../errors.ts";
import { type Address, type Configuration, readConfiguration } from "../configuration/mod.ts";
import type { CommonOptions } from "./arguments.ts";
import { exists } from "./source.ts";

/** Where the service listens unless told otherwise. */
export const DEFAULT_LISTEN: Address = { hostname: "127.0.0.1", port: 4747 };

/** Where everything of an installation is, in absolute paths. */
export interface Places {
  readonly dataDir: string;
  readonly configFile: string;
  readonly pluginsDir: string;
  readonly tokenFile: string;
}

/** Where things are by a command's options and its configuration, whose relative paths start at the file's folder. */
export function placesOf(
  options: CommonOptions,
  cwd: string,
  configuration: Pick<Configuration, "pluginsFolder">,
): Places {
  const dataDir = resolve(cwd, options.data);
  const configFile = configFileOf(options, cwd);
  return {
    dataDir,
    configFile,
    pluginsDir: configuration.pluginsFolder === undefined
      ? join(dataDir, "plugins")
      : resolve(configFile, "..", configuration.pluginsFolder),
    tokenFile: join(dataDir, "token"),
  };
}

/**
 * Reads the configuration that a command's options name.
 *
 * @throws {SoundproofError} `configuration.invalid`
 */
export function configurationOf(options: CommonOptions, cwd: string): Configuration {
  return readConfiguration(configFileOf(options, cwd), options.config !== undefined);
}

/** A sentence for each mistake in the configuration. */
export function problemTexts({ problems }: Configuration, { configFile }: Places): string[] {
  return problems.map(({ path, line, found, wanted }) =>
    `${configFile}: line ${line}: ${path} is not applied: found ${found}, want ${wanted}`
  );
}

function configFileOf(options: CommonOptions, cwd: string): string {
  return options.config === undefined
    ? resolve(cwd, options.data, "soundproof.toml")
    : resolve(cwd, options.config);
}

/** Checks that there is a data folder. @throws {SoundproofError} `cli.data_missing` */
export function requireData(dataDir: string): void {
  if (exists(dataDir)) return;
  throw new SoundproofError(
    "cli.data_missing",
    `Cannot open data folder "${dataDir}": it does not exist; start makes it, --data names another`,
  );
}
