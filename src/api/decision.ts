import { SoundproofError } from "../errors.ts";
import { type Assignment, type LocalGrant, NOTHING_LOCAL } from "../grants/mod.ts";

/** What is decided with enabling a plugin. */
export interface Decision {
  readonly local: LocalGrant;
  readonly assignment: Partial<Assignment>;
}

/**
 * Reads a decision: `users` (names), `allUsers`, `libraries` (ids), `allLibraries`, `allowWriteAccess` as Navidrome's
 * API spells them, and `localNetwork` and `addresses`, the private addresses to open. An explicit list comes before an
 * "all"; an assignment that is absent stays as it was, a private address that is absent is not open.
 *
 * @param body JSON, or nothing at all
 * @throws {SoundproofError} `api.body_invalid`
 */
export function readDecision(body: Uint8Array): Decision {
  if (body.byteLength === 0) return { local: NOTHING_LOCAL, assignment: {} };
  const { localNetwork, addresses, ...fields } = fieldsOf(body);
  if (localNetwork !== undefined && typeof localNetwork !== "boolean") {
    throw invalid("localNetwork is no boolean");
  }
  if (addresses !== undefined && !isListOf(addresses, isName)) {
    throw invalid("addresses is no list of hosts, addresses and blocks");
  }
  return {
    local: { network: localNetwork ?? false, addresses: addresses ?? [] },
    assignment: readAssignment(fields),
  };
}

function readAssignment(fields: Record<string, unknown>): Partial<Assignment> {
  const { users, allUsers, libraries, allLibraries, allowWriteAccess, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`"${unknown.slice(0, 64)}" is no field of it`);
  for (const [name, value] of Object.entries({ allUsers, allLibraries, allowWriteAccess })) {
    if (value !== undefined && typeof value !== "boolean") throw invalid(`${name} is no boolean`);
  }
  if (users !== undefined && !isListOf(users, isName)) throw invalid("users is no list of names");
  if (libraries !== undefined && !isListOf(libraries, isId)) {
    throw invalid("libraries is no list of whole numbers");
  }
  return {
    ...(allUsers === true ? { users: "all" } : allUsers === false ? { users: [] } : {}),
    ...(users !== undefined && { users }),
    ...(allLibraries === true
      ? { libraries: "all" }
      : allLibraries === false
      ? { libraries: [] }
      : {}),
    ...(libraries !== undefined && { libraries }),
    ...(typeof allowWriteAccess === "boolean" && { writeLibraries: allowWriteAccess }),
  };
}

function fieldsOf(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw invalid("it is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("it is no JSON object");
  }
  return { ...value };
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function invalid(state: string): SoundproofError {
  return new SoundproofError("api.body_invalid", `Cannot read the decision: ${state}`);
}
