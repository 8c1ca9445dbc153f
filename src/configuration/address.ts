import { SoundproofError } from "../errors.ts";

/** Where the service listens. */
export interface Address {
  /** `localhost`, an IPv4 loopback address, or `::1` (without brackets). */
  readonly hostname: string;
  /** TCP port; 0 lets the system choose one. */
  readonly port: number;
}

const LOOPBACK = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])$/;

/**
 * Reads `HOST:PORT`. Only loopback is accepted: the API has no TLS, and its token would cross the network in clear.
 *
 * @throws {SoundproofError} `configuration.invalid`
 */
export function parseAddress(text: string): Address {
  const [, host = "", digits = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === "" || port > 65535) {
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot listen on "${text}": want HOST:PORT, such as 127.0.0.1:4747`,
    );
  }
  if (!LOOPBACK.test(host)) {
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot listen on "${text}": only loopback is served (localhost, 127.0.0.1, [::1])`,
    );
  }
  return { hostname: host.replace(/^\[|\]$/g, ""), port };
}
