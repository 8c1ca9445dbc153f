import { type Decision, readDecision as readFields } from "../grants/mod.ts";
import type { Decision as Sent, Shape } from "./schemas.ts";

/**
 * A decision as it was sent. `allUsers`, `allLibraries` and `allowWriteAccess` are what Navidrome's API calls these
 * parts of it: an explicit list comes before an "all", and no "all" means none.
 */
export function readDecision(sent: Shape<typeof Sent>): Decision {
  const { allUsers, allLibraries, allowWriteAccess, ...fields } = sent;
  return readFields({
    ...(allUsers !== undefined && { users: allUsers ? "all" : [] }),
    ...(allLibraries !== undefined && { libraries: allLibraries ? "all" : [] }),
    ...(allowWriteAccess !== undefined && { writeLibraries: allowWriteAccess }),
    ...fields,
  });
}
