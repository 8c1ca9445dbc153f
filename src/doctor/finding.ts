import { errorText } from "../errors.ts";

/** What came of one check. */
export interface Finding {
  /** What was looked at, in one or two words. */
  readonly check: string;
  readonly state: "ok" | "warn" | "fail";
  /** What was seen, in plain words. */
  readonly saw: string;
}

/** What a check says; its name is known to who asks it. */
export type Seen = Omit<Finding, "check">;

/** All is as it should be. */
export function fine(saw: string): Seen {
  return { state: "ok", saw };
}

/** Something should be looked at, but holds nothing up. */
export function odd(saw: string): Seen {
  return { state: "warn", saw };
}

/** Something is not as it must be. */
export function broken(saw: string): Seen {
  return { state: "fail", saw };
}

/** Runs one check. What it throws is what it saw, and a failure: a check that cannot look has not seen that all is well. */
export async function look(check: string, see: () => Seen | Promise<Seen>): Promise<Finding> {
  try {
    return { check, ...await see() };
  } catch (thrown) {
    return { check, ...broken(errorText(thrown)) };
  }
}
