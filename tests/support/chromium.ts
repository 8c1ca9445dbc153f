import { kill } from "./kill.ts";
import { tempDir } from "./temp_dir.ts";

/** Whether there is a Chromium to try pages in. */
export const hasChromium: boolean = (() => {
  try {
    return new Deno.Command("chromium", { args: ["--version"] }).outputSync().success;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
})();

/**
 * Opens a page in a Chromium of its own, to which every name that ends with `.test` is this machine, until `done`.
 *
 * A page that it has from loopback may ask loopback: what newer browsers add against pages of public addresses is not
 * what is tried.
 */
export async function visit<Found>(url: string, done: Promise<Found>): Promise<Found> {
  const folder = tempDir();
  const browser = new Deno.Command("chromium", {
    args: [
      "--headless",
      "--no-sandbox", // A test may run as root, for whom Chromium has none.
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-extensions",
      "--no-first-run",
      "--no-proxy-server",
      "--host-resolver-rules=MAP *.test 127.0.0.1",
      "--remote-debugging-port=0",
      `--user-data-dir=${folder.path}`,
      url,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("The page told nothing")), 60_000);
  try {
    const left = browser.status.then(({ code }) => {
      throw new Error(`Chromium left with ${code}`);
    });
    return await Promise.race([done, late.promise, left]);
  } finally {
    clearTimeout(timer);
    kill(browser, "SIGTERM");
    await browser.status;
    await removed(folder);
  }
}

/** Its helpers outlive it by a moment, and write until they end. */
async function removed(folder: Disposable): Promise<void> {
  for (let triesLeft = 100; triesLeft > 0; triesLeft--) {
    try {
      return folder[Symbol.dispose]();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  folder[Symbol.dispose]();
}
