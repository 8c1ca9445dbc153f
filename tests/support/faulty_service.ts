/**
 * The service, and in it, once it is ready, faults that nobody waits for, or a worker without permissions that signals its
 * process: `faulty_service.ts DATA_FOLDER fault|signal`.
 *
 * @module
 */

import { processTerminal } from "../../src/cli/terminal.ts";
import { serveHere } from "./serve_here.ts";

/** Deno listens for the signal from half a second after its start on. */
const SIGNALLER = `import process from "node:process";
setTimeout(() => process.kill(process.pid, "SIGUSR1"), 700);`;

const [data = "", kind] = Deno.args;
const terminal = processTerminal();
const code = await serveHere(data, {
  ...terminal,
  out(text) {
    terminal.out(text);
    if (kind === "signal") {
      new Worker(`data:text/javascript,${encodeURIComponent(SIGNALLER)}`, {
        type: "module",
        deno: { permissions: "none" },
      });
      return;
    }
    setTimeout(() => {
      throw new Error("thrown at nobody");
    });
    void Promise.reject(new Error("rejected for nobody"));
  },
});
Deno.exit(code);
