/**
 * The doctor: what an installation is like, seen from inside the flags that the service runs under.
 *
 * The room promises that it looks before it says, that a wall is called sound only after a plugin has run against it, and
 * that it changes nothing: what it makes in the data folder is gone afterwards. Begin with `examine.ts`.
 *
 * @module
 */
export { examine, type Examined } from "./examine.ts";
export type { Finding } from "./finding.ts";
export { checkProcess, type ProcessView, THIS_PROCESS } from "./process_checks.ts";
export { ASKER, PROBE, PROBES } from "./probe_plugins.ts";
export { checkWalls, type WallProbe, WALLS } from "./wall_checks.ts";
