import { broken, type Finding, fine, look } from "./finding.ts";
import { checkFolder } from "./folder_checks.ts";
import { checkProcess } from "./process_checks.ts";
import { checkService, type Place } from "./service_checks.ts";
import { checkWalls } from "./wall_checks.ts";

/** What is examined. */
export interface Examined {
  /** Absolute path. One that does not exist is made for the time of the examination. */
  readonly dataDir: string;
  /** A sentence for each mistake in the configuration. */
  readonly problems: readonly string[];
  /** Where the service is to listen, if that is a port. */
  readonly listen?: Place;
  /** URL of the music server, if one is configured. */
  readonly musicServer?: string;
}

/** Checks everything, one thing after the other, and says what it saw of each. */
export async function examine(
  { dataDir, problems, listen, musicServer }: Examined,
): Promise<Finding[]> {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const isNew = [...Deno.readDirSync(dataDir)].length === 0;
  try {
    return [
      ...await checkProcess(),
      await look(
        "configuration",
        () =>
          problems.length === 0
            ? fine("nothing that is not understood")
            : broken(problems.join("; ")),
      ),
      ...await checkFolder(dataDir),
      ...await checkService(dataDir, listen, musicServer),
      ...await checkWalls(dataDir),
    ];
  } finally {
    if (isNew) Deno.removeSync(dataDir, { recursive: true });
  }
}
