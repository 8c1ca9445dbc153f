/**
 * The service in this process, without its launcher, for programs that do something beside it.
 *
 * @module
 */

import { placesOf } from "../../src/cli/places.ts";
import { serve } from "../../src/cli/serve.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { NOTHING_CONFIGURED } from "../../src/configuration/mod.ts";

/** Runs `start --json` on a free port until it is told to stop; gives its exit code. */
export function serveHere(data: string, terminal: Terminal): Promise<number> {
  const command = {
    kind: "start" as const,
    data,
    json: true,
    listen: { hostname: "127.0.0.1", port: 0 },
    launched: false,
    insecure: false,
    firstStart: false,
  };
  const places = placesOf({ data, json: true }, Deno.cwd(), NOTHING_CONFIGURED);
  return serve(command, places, NOTHING_CONFIGURED, terminal);
}
