/**
 * The permissions of a checked document, each dialect's defaults filled in.
 *
 * @module
 */

import { isObject, type JsonObject } from "./problem.ts";
import type {
  Dialect,
  Json,
  NetworkPermission,
  Permission,
  PermissionKey,
  Permissions,
  SubsonicapiPermission,
} from "./types.ts";

const PLAIN = [
  "artwork",
  "cache",
  "config",
  "matcher",
  "preferences",
  "scheduler",
  "scrobbleRetriever",
  "storage",
  "users",
] as const;

/** Every permission key, in order. */
export const PERMISSION_KEYS: readonly PermissionKey[] = Object.freeze(
  [...PLAIN, "http", "kvstore", "library", "subsonicapi", "taskqueue", "websocket"] as const,
).toSorted();

/** Reads permissions; `reasonText` makes an author's reason fit to be shown. */
export function readPermissions(
  dialect: Dialect,
  asked: JsonObject,
  reasonText: (key: string, reason: string) => string,
): Permissions {
  function base(key: string, fields: JsonObject): Permission {
    const { reason } = fields;
    return typeof reason === "string" ? { reason: reasonText(key, reason) } : {};
  }
  function part<T>(key: string, read: (fields: JsonObject, base: Permission) => T): T | undefined {
    const fields = Object.hasOwn(asked, key) ? asked[key] : undefined;
    return isObject(fields) ? read(fields, base(key, fields)) : undefined;
  }

  const plain = PLAIN.map((key) => [key, part(key, (_, base) => base)] as const)
    .filter(([, permission]) => permission !== undefined);
  const http = part("http", (fields, base) => network(dialect, fields, base));
  const kvstore = part("kvstore", ({ maxSize }, base) => ({
    ...base,
    ...typeof maxSize === "string" && maxSize !== "" && { maxSize },
  }));
  const library = part("library", ({ filesystem }, base) => ({
    ...base,
    filesystem: filesystem === true,
  }));
  const subsonicapi = part("subsonicapi", (fields, base) => subsonic(dialect, fields, base));
  const taskqueue = part("taskqueue", ({ maxConcurrency }, base) => ({
    ...base,
    maxConcurrency: typeof maxConcurrency === "number" ? maxConcurrency : 1,
  }));
  const websocket = part("websocket", (fields, base) => network(dialect, fields, base));
  return {
    ...Object.fromEntries(plain),
    ...http && { http },
    ...kvstore && { kvstore },
    ...library && { library },
    ...subsonicapi && { subsonicapi },
    ...taskqueue && { taskqueue },
    ...websocket && { websocket },
  };
}

/**
 * Network rules. Where a dialect's rules are missing they are made explicit: no `requiredHosts` in
 * Navidrome's is an empty list, and no `allowedUrls` in the others an empty table, which permits nothing.
 */
function network(dialect: Dialect, fields: JsonObject, base: Permission): NetworkPermission {
  const urls = urlRules(fields.allowedUrls);
  const hosts = Array.isArray(fields.requiredHosts) ? rules(fields.requiredHosts) : undefined;
  const hostsAreTheRule = dialect === "navidrome" || (dialect === "protobuf_on_extism" && !urls);
  const requiredHosts = hosts ?? (hostsAreTheRule ? [] : undefined);
  const allowedUrls = urls ?? (requiredHosts ? undefined : {});
  return {
    ...base,
    ...requiredHosts && { requiredHosts },
    ...allowedUrls && { allowedUrls },
    allowLocalNetwork: fields.allowLocalNetwork === true,
    allowRedirects: fields.allowRedirects !== false,
  };
}

function urlRules(value: Json | undefined): Record<string, string[]> | undefined {
  if (Array.isArray(value)) return Object.fromEntries(rules(value).map((url) => [url, ["*"]]));
  if (!isObject(value)) return undefined;
  // A null list of methods permits none, as upstream.
  return Object.fromEntries(
    Object.entries(value).map(([url, methods]) => [
      url,
      rules(Array.isArray(methods) ? methods : []).map((method) => method.toUpperCase()),
    ]),
  );
}

/** Upstream reads null as an empty text, which matches nothing: left out, it could open an empty list. */
function rules(list: readonly Json[]): string[] {
  return list.map((item) => typeof item === "string" ? item : "");
}

function subsonic(dialect: Dialect, fields: JsonObject, base: Permission): SubsonicapiPermission {
  const { allowedUsernames, allowAdmins } = fields;
  const usernames = Array.isArray(allowedUsernames) ? rules(allowedUsernames) : [];
  // Extism's hosts treat administrators like any user; a rule of the older generation can narrow that.
  const extism = dialect === "navidrome" || dialect === "protobuf_on_extism";
  return {
    ...base,
    ...usernames.length > 0 && { allowedUsernames: usernames },
    allowAdmins: allowAdmins === true || (extism && allowAdmins !== false),
  };
}
