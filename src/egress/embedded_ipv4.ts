/**
 * IPv4 addresses carried inside IPv6 addresses: what a translator, tunnel or kernel would in the end
 * connect to.
 *
 * @module
 */

/** How an IPv6 address carries IPv4 addresses. */
export interface EmbeddedIpv4 {
  /** Name of the form, such as `6to4`. */
  readonly form: string;
  /** Where the form is defined. */
  readonly source: string;
  /** The dotted addresses carried; the local NAT64 prefix can be read at four positions (RFC 6052). */
  readonly addresses: readonly string[];
}

interface Form {
  readonly form: string;
  readonly source: string;
  /** Leading bits that mark the form. */
  readonly prefix: readonly number[];
  /** Byte positions of each IPv4 address; `invert` for Teredo's obfuscated client. */
  readonly at: readonly { readonly bytes: readonly number[]; readonly invert?: true }[];
}

const LAST = [12, 13, 14, 15];
const ZEROS = (count: number): number[] => new Array<number>(count).fill(0);

const FORMS: readonly Form[] = [
  {
    form: "IPv4-mapped",
    source: "RFC 4291 2.5.5.2",
    prefix: [...ZEROS(10), 0xff, 0xff],
    at: [{ bytes: LAST }],
  },
  {
    form: "IPv4-translated",
    source: "RFC 7915",
    prefix: [...ZEROS(8), 0xff, 0xff, 0, 0],
    at: [{ bytes: LAST }],
  },
  { form: "IPv4-compatible", source: "RFC 4291 2.5.5.1", prefix: ZEROS(12), at: [{ bytes: LAST }] },
  {
    form: "NAT64",
    source: "RFC 6052",
    prefix: [0, 0x64, 0xff, 0x9b, ...ZEROS(8)],
    at: [{ bytes: LAST }],
  },
  {
    form: "local NAT64",
    source: "RFC 8215, RFC 6052 2.2",
    prefix: [0, 0x64, 0xff, 0x9b, 0, 1],
    at: [
      { bytes: LAST },
      { bytes: [6, 7, 9, 10] },
      { bytes: [7, 9, 10, 11] },
      { bytes: [9, 10, 11, 12] },
    ],
  },
  { form: "6to4", source: "RFC 3056", prefix: [0x20, 0x02], at: [{ bytes: [2, 3, 4, 5] }] },
  {
    form: "Teredo",
    source: "RFC 4380 4",
    prefix: [0x20, 0x01, 0, 0],
    at: [{ bytes: LAST, invert: true }, { bytes: [4, 5, 6, 7] }],
  },
];

/**
 * Takes the IPv4 addresses out of an IPv6 address.
 *
 * @param bytes the 16 bytes of the address
 * @returns the form and what it carries, or `undefined` where it carries none
 */
export function embeddedIpv4(bytes: readonly number[]): EmbeddedIpv4 | undefined {
  const text = (at: readonly number[], invert = false) =>
    at.map((index) => (bytes[index] ?? 0) ^ (invert ? 0xff : 0)).join(".");
  const form = FORMS.find(({ prefix }) => prefix.every((byte, index) => bytes[index] === byte));
  if (form !== undefined) {
    return {
      form: form.form,
      source: form.source,
      addresses: form.at.map(({ bytes, invert }) => text(bytes, invert)),
    };
  }
  // ISATAP marks the interface identifier, in any prefix; the first byte's 0x02 is the universal bit.
  const isatap = ((bytes[8] ?? 0) & ~0x02) === 0 && bytes[9] === 0 && bytes[10] === 0x5e &&
    bytes[11] === 0xfe;
  return isatap ? { form: "ISATAP", source: "RFC 5214 6.1", addresses: [text(LAST)] } : undefined;
}
