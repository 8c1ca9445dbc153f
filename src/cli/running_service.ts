import { join } from "node:path";
import { runningService } from "../state/mod.ts";

/** How long a process that holds the data folder may take to say that it is a service. Milliseconds. */
const PATIENCE_MS = 3_000;
const POLL_MS = 50;

/**
 * The API of the service that uses a data folder, if one does. Another command that uses it is waited for a while.
 *
 * @param pause For tests: how so many milliseconds go by.
 */
export async function findService(
  dataDir: string,
  pause: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
): Promise<string | undefined> {
  for (let leftMs = PATIENCE_MS; leftMs >= 0 && isLocked(dataDir); leftMs -= POLL_MS) {
    const service = runningService(dataDir);
    if (service !== undefined) return service.url;
    await pause(POLL_MS);
  }
  return undefined;
}

/** Whether a process uses a data folder. It is not kept from it by being asked: a shared lock is given back at once. */
function isLocked(dataDir: string): boolean {
  try {
    using file = Deno.openSync(join(dataDir, "lock"));
    return !file.tryLockSync(false);
  } catch {
    return false; // no lock file: nobody ever used it
  }
}
