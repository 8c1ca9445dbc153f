import { SoundproofError } from "../errors.ts";
import type { TokenRecord } from "../state/mod.ts";
import type { Failures } from "./failures.ts";
import type { Access } from "./route.ts";

/** What knows the tokens that hold. */
export interface TokenFinder {
  /** Whose token this is, if it holds. */
  find(token: string): Pick<TokenRecord, "name" | "scopes"> | undefined;
}

/** Who asks. */
export interface Caller {
  /** The token's name. */
  readonly name: string;
  /** Whether its token still holds. */
  readonly holds: () => boolean;
}

/**
 * Lets only requests through whose bearer token (RFC 6750) is good for what they ask.
 *
 * @param access `undefined` where any token will do.
 * @param address Where the request comes from.
 * @throws {SoundproofError} `api.unauthorized`, `api.scope_missing`, `api.too_many_failures`
 */
export function admit(
  request: Request,
  access: Exclude<Access, "anyone"> | undefined,
  { tokens, failures, address }: {
    readonly tokens: TokenFinder;
    readonly failures: Failures;
    readonly address: string;
  },
): Caller {
  const token = bearerToken(request.headers.get("authorization"));
  const found = token === undefined ? undefined : tokens.find(token);
  if (found === undefined || token === undefined) {
    const waitMs = failures.add(address);
    if (waitMs > 0) {
      throw new SoundproofError(
        "api.too_many_failures",
        `Cannot answer: too many requests from here had no valid token; wait ${
          Math.ceil(waitMs / 1000)
        } s`,
      );
    }
    throw new SoundproofError(
      "api.unauthorized",
      "Cannot answer without a valid token: want the header Authorization: Bearer TOKEN",
    );
  }
  const { name, scopes } = found;
  if (access !== undefined && !scopes.includes(access) && !scopes.includes("admin")) {
    throw new SoundproofError(
      "api.scope_missing",
      `Cannot answer token "${name}": it is good for ${scopes.join(", ")}, want ${access}`,
    );
  }
  return { name, holds: () => tokens.find(token)?.name === name };
}

function bearerToken(authorization: string | null): string | undefined {
  return /^Bearer +(\S{1,256}) *$/i.exec(authorization ?? "")?.[1];
}
