import { type Widening, widerRules } from "../egress/mod.ts";
import {
  type NetworkPermission,
  PERMISSION_KEYS,
  type PermissionKey,
  type Permissions,
} from "../manifest/mod.ts";
import {
  ADMINISTRATORS,
  FACTS,
  hostFact,
  LOCAL_NETWORK,
  REDIRECTS,
  storeBytes,
  urlFact,
} from "./facts.ts";
import { type NetworkKey, networkRules } from "./network_rules.ts";
import type { Asked } from "./permission_text.ts";

/** How a permission stands beside what was approved of it. */
export interface PermissionChange {
  readonly change: "new" | "wider" | "narrower" | "same";
  /** `+` what is asked for and was not approved, `-` what was approved and is not asked for any more. */
  readonly difference: readonly string[];
}

/**
 * One permission beside what was approved. Reasons, the order of keys and of lists, and what a list says twice make no
 * difference.
 */
export function comparePermission<Key extends PermissionKey>(
  key: Key,
  approved: Permissions[Key],
  asked: Permissions[Key] & object,
): PermissionChange {
  const now = factsOf(key, asked);
  if (approved === undefined) return { change: "new", difference: now.map((fact) => `+ ${fact}`) };
  const then = factsOf(key, approved);
  const wider = WIDER[key]?.(approved, asked) ?? [];
  const added = [...new Set([...now.filter((fact) => !then.includes(fact)), ...wider])];
  const gone = then.filter((fact) => !now.includes(fact));
  return {
    change: wider.length > 0 ? "wider" : added.length + gone.length > 0 ? "narrower" : "same",
    difference: [...added.map((fact) => `+ ${fact}`), ...gone.map((fact) => `- ${fact}`)],
  };
}

/** Host functions that are asked for and were not approved, where a manifest lists them; `*` for all there are. */
export function newFunctions(approved: Asked, asked: Asked): string[] {
  if (approved.hostFunctions === undefined) return [];
  const known = new Set(approved.hostFunctions);
  return asked.hostFunctions?.filter((name) => !known.has(name)) ?? ["*"];
}

/** Whether something is asked for that was not approved. */
export function asksForMore(approved: Asked, asked: Asked): boolean {
  return newFunctions(approved, asked).length > 0 || PERMISSION_KEYS.some((key) => {
    const permission = asked.permissions[key];
    if (permission === undefined) return false;
    const { change } = comparePermission(key, approved.permissions[key], permission);
    return change === "new" || change === "wider";
  });
}

function factsOf<Key extends PermissionKey>(key: Key, permission: Permissions[Key] & object) {
  return FACTS[key]?.(permission) ?? [];
}

/** What each permission allows beyond an earlier one, as facts. A permission without fields is as it was. */
const WIDER: {
  readonly [Key in keyof Permissions]: (
    approved: Permissions[Key] & object,
    asked: Permissions[Key] & object,
  ) => string[];
} = {
  http: (approved, asked) => widerNetwork("http", approved, asked),
  kvstore: (approved, asked) =>
    storeBytes(asked.maxSize) > storeBytes(approved.maxSize) ||
      (asked.maxSize !== approved.maxSize && storeBytes(asked.maxSize) === Infinity)
      ? factsOf("kvstore", asked)
      : [],
  library: (approved, asked) =>
    asked.filesystem && !approved.filesystem ? factsOf("library", asked) : [],
  subsonicapi: (approved, asked) =>
    newFacts("subsonicapi", approved, asked)
      // Names that were not limited so far are limited now.
      .filter((fact) => fact === ADMINISTRATORS || approved.allowedUsernames !== undefined),
  taskqueue: (approved, asked) =>
    asked.maxConcurrency > approved.maxConcurrency ? factsOf("taskqueue", asked) : [],
  websocket: (approved, asked) => widerNetwork("websocket", approved, asked),
};

function newFacts<Key extends PermissionKey>(
  key: Key,
  approved: Permissions[Key] & object,
  asked: Permissions[Key] & object,
): string[] {
  const then = factsOf(key, approved);
  return factsOf(key, asked).filter((fact) => !then.includes(fact));
}

function widerNetwork(
  key: NetworkKey,
  approved: NetworkPermission,
  asked: NetworkPermission,
): string[] {
  const wider = widerRules(networkRules(key, approved), networkRules(key, asked));
  const flags = newFacts(key, approved, asked).filter((fact) =>
    fact === LOCAL_NETWORK || fact === REDIRECTS
  );
  return [...wider.flatMap((widening) => widerFacts(key, widening)), ...flags];
}

function widerFacts(key: NetworkKey, { rule, methods, insteadOf }: Widening): string[] {
  if (methods === undefined) return [hostFact(rule)];
  const what = insteadOf === undefined ? rule : `${insteadOf}, which ${rule} covers now`;
  return methods.map((method) => urlFact(key, method, what));
}
