/**
 * Where the first design puts what the other dialects keep with each permission.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import { isObject, type JsonObject, shown } from "./problem.ts";
import type { Json } from "./types.ts";

/** The document with a list of permission keys turned into an object of permissions without fields. */
export function keyedPermissions(document: Json): Json {
  if (!isObject(document)) return document;
  const { requiredPermissions: listed } = document;
  // A list with anything but keys in it is left for the schema to refuse.
  if (!Array.isArray(listed) || listed.some((key) => typeof key !== "string")) return document;
  const keyed = Object.fromEntries(listed.map((key) => [String(key), {}]));
  return { ...document, requiredPermissions: keyed };
}

/**
 * `requiredPermissions` with the rules that stand at the top level put into its `http`. Where `http`
 * has URL rules of its own these hold instead; redirects are followed only if neither place says no.
 */
export function firstDesignPermissions(document: JsonObject, warnings: Problem[]): JsonObject {
  const { requiredPermissions: listed, allowedUrls, allowRedirects } = document;
  const asked = isObject(listed) ? listed : {};
  const { http } = asked;
  if (!isObject(http)) {
    if (allowedUrls) {
      warnings.push({
        path: "$.allowedUrls",
        found: shown(allowedUrls),
        wanted: "the http permission beside it; without that nothing is granted",
      });
    }
    return asked;
  }
  const own = http.allowedUrls ?? allowedUrls ?? null;
  if (!own && !http.requiredHosts) {
    const wanted = "allowedUrls, here or at the top level; without them nothing can be reached";
    warnings.push({ path: "$.requiredPermissions.http", found: "no URL rules", wanted });
  }
  const follow = http.allowRedirects !== false && allowRedirects !== false;
  return { ...asked, http: { ...http, allowedUrls: own, allowRedirects: follow } };
}
