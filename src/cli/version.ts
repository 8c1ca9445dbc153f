import project from "../../deno.json" with { type: "json" };
import { SoundproofError } from "../errors.ts";

/** Soundproof's own version. */
export const VERSION: string = project.version;

/** The oldest Deno that was tried; older ones lack what the walls stand on. */
export const OLDEST_DENO = "2.9.6";

/**
 * Refuses a Deno that is too old. A pre-release (`2.9.6-rc.1`) counts as its release.
 *
 * @throws {SoundproofError} `cli.deno_too_old`
 */
export function checkDenoVersion(version: string): void {
  const [actual, oldest] = [parts(version), parts(OLDEST_DENO)];
  for (const [index, wanted] of oldest.entries()) {
    const part = actual[index] ?? 0;
    if (part > wanted) return;
    if (part < wanted) {
      throw new SoundproofError(
        "cli.deno_too_old",
        `Cannot start with Deno ${version}: want ${OLDEST_DENO} or newer (npm i -g deno)`,
      );
    }
  }
}

function parts(version: string): number[] {
  return version.replace(/[-+].*/, "").split(".").map((part) => parseInt(part) || 0);
}
