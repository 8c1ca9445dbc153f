/**
 * The gate's worker: the only place that opens connections for a plugin. Its one permission is
 * `net`, for the plugin's hosts and the gateway.
 *
 * @module
 */

import { serveGate, type WorkerScope } from "./gate_loop.ts";

serveGate(self as unknown as WorkerScope);
