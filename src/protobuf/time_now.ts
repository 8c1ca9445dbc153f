/**
 * The time as guests of this generation are told it (`protobuf-abi.md`, 5.8).
 *
 * @module
 */

/** Name of the zone this machine lives in: an IANA name, as documented, where upstream says `Local`. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * An instant in the form of RFC 3339 with the offset of a zone: no zeros at the end of the fraction, and no
 * fraction where it is zero.
 */
export function rfc3339(unixMs: number, zone: string): string {
  const offset = offsetOf(unixMs, zone);
  const minutes = Number(`${offset.slice(0, 1)}1`) *
    (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
  const local = new Date(unixMs + minutes * 60_000).toISOString();
  return local.replace(/\.?0*Z$/, "") + (minutes === 0 ? "Z" : offset);
}

/** Such as `+05:30`. */
function offsetOf(unixMs: number, zone: string): string {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  const name = format.formatToParts(unixMs).find(({ type }) => type === "timeZoneName")?.value;
  return /[+-]\d\d:\d\d/.exec(name ?? "")?.[0] ?? "+00:00";
}
