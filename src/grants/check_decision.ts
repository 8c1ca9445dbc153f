import { SoundproofError } from "../errors.ts";
import type { Manifest } from "../manifest/mod.ts";
import type { Decision } from "./decision.ts";
import type { EffectivePermissions } from "./effective.ts";
import { checkNarrowing } from "./narrow_network.ts";

/** A decision in the place of an earlier one: what it does not say stays. */
export function mergeDecisions(before: Decision, now: Decision): Decision {
  const said = Object.fromEntries(
    Object.entries(now).filter(([, value]) => value !== undefined),
  );
  return { ...before, ...said };
}

/**
 * Checks what an administrator says about a plugin against what it asks for.
 *
 * @throws {SoundproofError} `grant.invalid` where it opens what the manifest does not ask for.
 */
export function checkDecision({ permissions }: Manifest, decision: Decision): void {
  const { http, websocket } = permissions;
  checkNarrowing("http", http, decision.http ?? {});
  checkNarrowing("websocket", websocket, decision.websocket ?? {});
  const asked = [http, websocket].filter((permission) => permission !== undefined);
  const { localNetwork = false, addresses = [] } = decision;
  if ((localNetwork || addresses.length > 0) && asked.length === 0) {
    throw refusal("Cannot grant private addresses", "the manifest asks for no network permission");
  }
  if (localNetwork && !asked.every(({ allowLocalNetwork }) => allowLocalNetwork)) {
    const asks = asked.some(({ allowLocalNetwork }) => allowLocalNetwork);
    throw refusal(
      "Cannot grant private addresses",
      `the manifest ${
        asks
          ? "asks for the local network in one of http and websocket only"
          : "does not ask for the local network"
      }; name single addresses instead`,
    );
  }
}

/**
 * Checks that whose data a plugin gets was decided, where it asks for any. Source: `extism-abi.md` 4.4.
 *
 * @throws {SoundproofError} `grant.invalid` where it asks for users or libraries and is given none.
 */
export function checkAssignment(
  { permissions, assignment: { users, libraries } }: EffectivePermissions,
): void {
  if (permissions.users !== undefined && users.length === 0) {
    throw refusal(
      "Cannot enable plugin",
      "users permission requires configuration: select users or enable 'all users' access",
    );
  }
  if (permissions.library !== undefined && libraries.length === 0) {
    throw refusal(
      "Cannot enable plugin",
      "library permission requires configuration: select libraries or enable 'all libraries' access",
    );
  }
}

function refusal(what: string, state: string): SoundproofError {
  return new SoundproofError("grant.invalid", `${what}: ${state}`, { detail: state });
}
