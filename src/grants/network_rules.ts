import type { NetworkRules } from "../egress/mod.ts";
import type { NetworkPermission } from "../manifest/mod.ts";

/** The permissions that lead to the network. */
export type NetworkKey = "http" | "websocket";

/**
 * The rules that a permission stands for. An empty list of hosts means every host for `http`, and none for
 * `websocket` (`extism-abi.md`, 6.1).
 */
export function networkRules(key: NetworkKey, permission: NetworkPermission): NetworkRules {
  const { requiredHosts, allowedUrls } = permission;
  const isAny = key === "http" && requiredHosts?.length === 0;
  return {
    ...(requiredHosts !== undefined && { hosts: isAny ? "any" : requiredHosts }),
    ...(allowedUrls !== undefined && { urls: allowedUrls }),
  };
}

/** The host patterns of rules; `*` where they are any host's. Absent where they have none. */
export function hostsOf({ hosts }: NetworkRules): readonly string[] | undefined {
  return hosts === "any" ? ["*"] : hosts;
}
