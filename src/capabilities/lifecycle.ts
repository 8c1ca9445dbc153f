import type { CallOptions, GuestCaller } from "./guest_caller.ts";

/** The export of this capability. */
export const LIFECYCLE_EXPORTS = ["nd_on_init"] as const;

/**
 * Tells a plugin that it has been loaded, if it wants to know. What it answers is not looked at
 * (`extism-abi.md`, 3.7).
 *
 * @throws {SoundproofError} A code of `guest.*` or `pool.*`; the plugin stays loaded all the same.
 */
export async function notifyInit(guest: GuestCaller, options: CallOptions = {}): Promise<void> {
  if (!guest.exports.has("nd_on_init")) return;
  await guest.call("nd_on_init", new TextEncoder().encode("{}"), options);
}
