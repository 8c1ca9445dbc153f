/**
 * The gate's worker: the only place that opens connections for a plugin. Its one permission is
 * `net`, for the plugin's hosts and the gateway.
 *
 * @module
 */

import { serveGate, type WorkerScope } from "./gate_loop.ts";

/** The worker's global scope, which the types of the main thread do not have. */
declare const self: WorkerScope;

serveGate(self);
