/**
 * Telemetry: what a host does, as numbers for Prometheus and as traces for OpenTelemetry.
 *
 * The room promises that telling costs a call microseconds, that labels come from what an administrator installed and
 * never from what a caller or a guest makes up, and that no value of a request is among them. It knows nothing of who
 * tells. Begin with `telemetry.ts`.
 *
 * @module
 */

export type { Reading } from "./instruments.ts";
export type { WorkSpan } from "./spans.ts";
export {
  type CallTelemetry,
  type Ending,
  type Gauges,
  type Numbers,
  Telemetry,
} from "./telemetry.ts";
