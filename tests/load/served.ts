/**
 * The service, and beside it in the same process a bare Hono route, for measuring one against the other:
 * `served.ts DATA_FOLDER`. Prints the address of the bare one as a line of JSON, then what `start --json` prints.
 *
 * @module
 */

import { Hono } from "hono";
import { processTerminal } from "../../src/cli/terminal.ts";
import { serveHere } from "../support/serve_here.ts";

const [data = ""] = Deno.args;
const bare = new Hono().post("/", async (context) => context.text(await context.req.text()));
const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, bare.fetch);
const terminal = processTerminal();
terminal.out(`${JSON.stringify({ bare: `http://127.0.0.1:${addr.port}/` })}\n`);
Deno.exit(await serveHere(data, terminal));
