import { SoundproofError } from "../errors.ts";
import type { Manifest } from "../manifest/mod.ts";

/** Whose data a plugin gets: what an administrator assigned to it. */
export interface Assignment {
  /** Names of users, equal in any letter case; `"all"` for every user, later ones too. */
  readonly users: readonly string[] | "all";
  /** Ids of libraries; `"all"` for every library, later ones too. */
  readonly libraries: readonly number[] | "all";
  /** Whether it may write into the folders of its libraries. */
  readonly writeLibraries: boolean;
}

/** Nobody's data. */
export const NOTHING_ASSIGNED: Assignment = Object.freeze({
  users: [],
  libraries: [],
  writeLibraries: false,
});

/**
 * Checks what is assigned when a plugin is enabled. Source: `extism-abi.md` 4.4. What is assigned beyond the
 * permissions has no effect.
 *
 * @throws {SoundproofError} `grant.invalid` where the manifest asks for users or libraries and none is assigned.
 */
export function checkAssignment({ permissions }: Manifest, assignment: Assignment): void {
  if (permissions.users !== undefined && assignment.users.length === 0) {
    throw refusal(
      "users permission requires configuration: select users or enable 'all users' access",
    );
  }
  if (permissions.library !== undefined && assignment.libraries.length === 0) {
    throw refusal(
      "library permission requires configuration: select libraries or enable 'all libraries' access",
    );
  }
}

function refusal(text: string): SoundproofError {
  return new SoundproofError("grant.invalid", `Cannot enable plugin: ${text}`, { detail: text });
}
