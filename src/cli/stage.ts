import type { Administration } from "../host/mod.ts";
import type { Terminal } from "./terminal.ts";

/** What a command that acts on the installation has to act with. */
export interface Stage {
  /** Does what it says: a host in this process, or the running service. */
  readonly admin: Administration;
  /** Whether that is the running service. */
  readonly service: boolean;
  readonly terminal: Terminal;
  /** Whether results are printed as JSON. */
  readonly json: boolean;
}
