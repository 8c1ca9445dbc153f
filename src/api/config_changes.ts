import type { Json } from "../manifest/mod.ts";

/** What stands in the place of a secret that is not shown. */
const HIDDEN = "***";

/** The changes that were sent, but for secrets that come back as they were shown: these stay as they are. */
export function configChanges(
  sent: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const changes: Record<string, Json> = Object.create(null);
  for (const [key, value] of Object.entries(sent)) {
    if (value !== HIDDEN) changes[key] = value;
  }
  return changes;
}
