import { compileUrlRules } from "../egress/mod.ts";
import {
  formatSize,
  type NetworkPermission,
  type PermissionKey,
  type Permissions,
} from "../manifest/mod.ts";
import { storeBytes } from "./facts.ts";
import { hostsOf, type NetworkKey, networkRules } from "./network_rules.ts";

/** What a permission comes to, for a person who decides on it. */
export interface PlainWords {
  /** What it allows, a sentence a line. */
  readonly allows: readonly string[];
  /** What is unusual about it, a sentence a line. */
  readonly unusual: readonly string[];
}

const WORDS: {
  readonly [Key in PermissionKey]: (permission: Permissions[Key] & object) => PlainWords;
} = {
  artwork: () => usual("Get addresses under which cover art can be fetched"),
  cache: () => usual("Keep things in memory for a while"),
  config: () => usual("Read its own settings"),
  http: (permission) => network("http", permission),
  kvstore: ({ maxSize }) => {
    const bytes = storeBytes(maxSize);
    const size = bytes === Infinity ? `"${maxSize}"` : formatSize(bytes);
    return usual(`Keep up to ${size} of values in a store of its own`);
  },
  library: ({ filesystem }) => ({
    allows: [
      "See the libraries it is given",
      ...(filesystem
        ? ["Read the files in their folders, and write there if that is granted"]
        : []),
    ],
    unusual: filesystem ? ["It reads files of libraries"] : [],
  }),
  matcher: () => usual("Find songs in the libraries it is given"),
  preferences: () => usual("Keep values for each of the users it is given"),
  scheduler: () => usual("Run at times that it sets"),
  scrobbleRetriever: () => usual("Read what the users it is given have played, and when"),
  storage: () => ({
    allows: ["Keep files in a folder of its own"],
    unusual: ["It keeps files on the disk"],
  }),
  subsonicapi: ({ allowedUsernames, allowAdmins }) => ({
    allows: [
      `Do what ${
        allowedUsernames === undefined
          ? "the users it is given"
          : `the user${allowedUsernames.length > 1 ? "s" : ""} ${allowedUsernames.join(", ")}`
      } can do through the server's Subsonic API`,
    ],
    unusual: allowAdmins
      ? ["Administrators can be among these users; it can do then what they can"]
      : [],
  }),
  taskqueue: ({ maxConcurrency }) =>
    usual(`Work on tasks in the background, ${maxConcurrency} at once`),
  users: () => usual("See the names of the users it is given, and which are administrators"),
  websocket: (permission) => network("websocket", permission),
};

/** A permission in plain words. */
export function plainWords<Key extends PermissionKey>(
  key: Key,
  permission: Permissions[Key] & object,
): PlainWords {
  return WORDS[key](permission);
}

function usual(allows: string): PlainWords {
  return { allows: [allows], unusual: [] };
}

function network(key: NetworkKey, permission: NetworkPermission): PlainWords {
  const rules = networkRules(key, permission);
  const hosts = hostsOf(rules);
  const urls = Object.entries(rules.urls ?? {}).filter(([, methods]) => methods.length > 0);
  const verb = key === "http" ? "Send requests" : "Open WebSockets";
  const { ignored } = compileUrlRules(rules);
  return {
    allows: [
      ...(hosts ?? []).map((host) => `${verb} to ${host === "*" ? "any host" : host}`),
      ...(hosts !== undefined && urls.length > 0 ? ["Of these, only what is listed here:"] : []),
      ...urls.map(([url, methods]) =>
        key === "http" ? `Send ${methodsText(methods)} requests to ${url}` : `${verb} to ${url}`
      ),
      ...(hosts?.length === 0 || (hosts === undefined && urls.length === 0)
        ? ["Nothing: it names no host"]
        : []),
      ...(permission.allowLocalNetwork
        ? ["Reach this machine and private networks too, if that is granted"]
        : []),
    ],
    unusual: [
      ...(reachesAny(hosts, urls.map(([url]) => url)) ? ["It reaches any host"] : []),
      ...urls.filter(([url]) => /^(http|ws):/i.test(url)).map(([url]) =>
        `${url} is not encrypted: it can be read and changed on its way`
      ),
      ...(permission.allowLocalNetwork ? ["It asks for the local network"] : []),
      ...ignored.map((rule) => `"${rule}" can match nothing`),
    ],
  };
}

function methodsText(methods: readonly string[]): string {
  return methods.includes("*") ? "all" : methods.join(", ");
}

/** Whether both kinds of rule, where both are there, leave every host open. */
function reachesAny(hosts: readonly string[] | undefined, urls: readonly string[]): boolean {
  const anyHost = hosts?.includes("*") ?? true;
  const anyUrl = urls.some((url) => url === "*" || /^[^/]*\/\/\*(?=[:/?#]|$)/.test(url));
  return hosts === undefined ? anyUrl : anyHost && (urls.length === 0 || anyUrl);
}
