import { Telemetry } from "../../src/telemetry/mod.ts";

/** Telemetry of a host without plugins. */
export function quietTelemetry(): Telemetry {
  const nothing = () => [];
  return new Telemetry({
    plugins: nothing,
    cells: nothing,
    queue: nothing,
    kvstore: nothing,
    tasks: nothing,
    scrobbles: nothing,
    leftAlone: nothing,
  });
}
