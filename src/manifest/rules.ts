/**
 * Rules between the parts of a manifest, and between a manifest and its module.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import type { Dialect, Manifest, PermissionKey } from "./types.ts";

/** Extism ABI 4.2: a permission, and the one it cannot be without. */
const NEEDS: readonly (readonly [PermissionKey, PermissionKey])[] = [
  ["subsonicapi", "users"],
  ["scrobbleRetriever", "users"],
  ["matcher", "library"],
];

/** Extism ABI 3.4: any one of them makes a scrobbler. */
const SCROBBLER_EXPORTS = [
  "nd_scrobbler_is_authorized",
  "nd_scrobbler_now_playing",
  "nd_scrobbler_scrobble",
  "nd_scrobbler_playback_report",
];

/** Extism ABI 4.3: a permission, and the export that its host service calls. */
const CALLBACKS: readonly (readonly [PermissionKey, string])[] = [
  ["scheduler", "nd_scheduler_callback"],
  ["taskqueue", "nd_task_execute"],
];

/** Whether the rules of the Extism generation hold; the older generations know none of them. */
function isExtism(dialect: Dialect): boolean {
  return dialect === "navidrome" || dialect === "protobuf_on_extism";
}

/** Permissions that lack the one they need, at parse time (Extism ABI 4.2). */
export function checkNeeds(dialect: Dialect, declared: ReadonlySet<string>): Problem[] {
  if (!isExtism(dialect)) return [];
  return NEEDS
    .filter(([permission, needed]) => declared.has(permission) && !declared.has(needed))
    .map(([permission, needed]) => ({
      path: `$.permissions.${permission}`,
      found: `no '${needed}' permission`,
      wanted: `'${permission}' permission requires '${needed}' permission to be declared`,
    }));
}

/**
 * What a manifest lacks for the module it stands beside, or the module for it; to be asked at load,
 * once the exports are known (Extism ABI 4.3; protobuf ABI 4.2 for rules caught "at runtime build").
 */
export function checkExports(manifest: Manifest, exports: ReadonlySet<string>): Problem[] {
  const { permissions, dialect } = manifest;
  const problems: Problem[] = [];
  if (dialect === "protobuf") {
    for (const key of ["http", "websocket"] as const) {
      const urls = permissions[key]?.allowedUrls;
      if (urls && Object.keys(urls).length === 0) {
        problems.push({
          path: `$.permissions.${key}.allowedUrls`,
          found: "no pattern",
          wanted: "allowedUrls must contain at least one URL pattern",
        });
      }
    }
  }
  if (!isExtism(dialect)) return problems;
  const scrobbles = SCROBBLER_EXPORTS.find((name) => exports.has(name));
  if (scrobbles && !permissions.users) {
    problems.push({
      path: "$.permissions.users",
      found: `nothing, and the export ${scrobbles}`,
      wanted: "scrobbler capability requires 'users' permission to be declared in manifest",
    });
  }
  for (const [key, name] of CALLBACKS) {
    if (permissions[key] && !exports.has(name)) {
      problems.push({
        path: `$.permissions.${key}`,
        found: `a module without ${name}`,
        wanted: `'${key}' permission requires plugin to export '${name}' function`,
      });
    }
  }
  return problems;
}
