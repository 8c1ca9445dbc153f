import { isIP, isIPv6 } from "node:net";
import type { Decision } from "../grants/mod.ts";

/** One address of each private block of RFC 1918: what a grant of the local network is mostly for. */
const LOCAL_NETWORK = ["10.0.0.1", "172.16.0.1", "192.168.0.1"];

/**
 * What of a decision can have no effect, since the process itself may not connect there.
 *
 * The service is started with deny rules for every private IPv4 block that its configuration does not
 * open, and Deno cannot take a rule back while it runs. Names cannot be told before they are resolved.
 *
 * @param isDenied Whether a deny rule of the process covers an address.
 * @returns Names of what is denied, empty where nothing is.
 */
export function deniedAddresses(
  { localNetwork = false, addresses = [] }: Decision,
  isDenied: (address: string) => boolean = isDeniedHere,
): string[] {
  const denied = addresses.filter((entry) => {
    const [base = ""] = entry.split("/");
    return isIP(base) !== 0 && isDenied(base);
  });
  return localNetwork && LOCAL_NETWORK.every(isDenied) ? ["the local network", ...denied] : denied;
}

function isDeniedHere(address: string): boolean {
  const host = isIPv6(address) ? `[${address}]` : address;
  return Deno.permissions.querySync({ name: "net", host }).state === "denied";
}

/** Why a decision cannot have its effect while this process runs, if it cannot. */
export function deniedText(decision: Decision): string | undefined {
  const denied = deniedAddresses(decision);
  return denied.length === 0
    ? undefined
    : `the process was started without access to ${
      denied.join(", ")
    }; open it in the configuration ([Network] LocalAddresses) and start the service again`;
}
