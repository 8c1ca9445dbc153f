/** The gate's worker with the wall of URL rules taken down. */
import { serveGate, type WorkerScope } from "../../../src/egress/gate_loop.ts";

serveGate(self as unknown as WorkerScope, () => () => ({ allowed: true }));
