import { formatSize, parseSize, type Permissions } from "../manifest/mod.ts";
import type { NetworkKey } from "./network_rules.ts";

/** Bytes of a key-value store whose manifest names none (`extism-abi.md`, 2.5). */
const DEFAULT_STORE_BYTES = 1024 * 1024;

/** The fact that administrators may be among the users of `subsonicapi`. */
export const ADMINISTRATORS = "administrators";
/** The fact that private and loopback addresses are asked for. */
export const LOCAL_NETWORK = "local network";
/** The fact that redirects are followed. */
export const REDIRECTS = "redirects";

/**
 * What a permission lets a plugin do, in single facts that can be compared: lines without reasons, equal where they
 * mean the same. What only narrows it, such as that redirects are not followed, is the absence of a fact.
 */
export const FACTS: {
  readonly [Key in keyof Permissions]: (permission: Permissions[Key] & object) => string[];
} = {
  http: (permission) => networkFacts("http", permission),
  kvstore: ({ maxSize }) => [`${formatSize(storeBytes(maxSize))} of storage`],
  library: ({ filesystem }) => filesystem ? ["files of libraries"] : [],
  subsonicapi: ({ allowedUsernames, allowAdmins }) => [
    ...(allowedUsernames?.map((name) => `user ${name}`) ?? ["any user it is assigned"]),
    ...(allowAdmins ? [ADMINISTRATORS] : []),
  ],
  taskqueue: ({ maxConcurrency }) => [`${maxConcurrency} at once`],
  websocket: (permission) => networkFacts("websocket", permission),
};

/** Bytes that a plugin may store; `Infinity` where the manifest's own words cannot be read. */
export function storeBytes(maxSize: string | undefined): number {
  try {
    return maxSize === undefined ? DEFAULT_STORE_BYTES : parseSize(maxSize);
  } catch {
    return Infinity;
  }
}

function networkFacts(key: NetworkKey, permission: Permissions[NetworkKey] & object): string[] {
  const { requiredHosts, allowedUrls, allowLocalNetwork, allowRedirects } = permission;
  const isAny = key === "http" && requiredHosts?.length === 0;
  return [
    ...(isAny ? ["*"] : requiredHosts ?? []).map(hostFact),
    ...Object.entries(allowedUrls ?? {}).flatMap(([url, methods]) =>
      [...new Set(methods)].sort().map((method) => urlFact(key, method, url))
    ),
    ...(allowLocalNetwork ? [LOCAL_NETWORK] : []),
    ...(allowRedirects && key === "http" ? [REDIRECTS] : []),
  ];
}

/** A host pattern, as facts name it. */
export function hostFact(host: string): string {
  return host === "*" ? "any host" : `host ${host}`;
}

/** A URL rule for one method, as facts name it. */
export function urlFact(key: NetworkKey, method: string, url: string): string {
  if (key === "websocket") return url;
  return `${method === "*" ? "any method" : method} ${url}`;
}
