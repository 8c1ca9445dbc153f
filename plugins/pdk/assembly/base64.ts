// Base64 with padding (RFC 4648, section 4): how bytes travel in the JSON of host functions.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;

/** Bytes as base64. */
export function encodeBase64(bytes: ArrayBuffer): string {
  const length = bytes.byteLength, from = changetype<usize>(bytes);
  const out = String.fromCharCode(PAD).repeat((length + 2) / 3 * 4);
  let to = changetype<usize>(out);
  for (let i = 0; i < length; i += 3) {
    const left = length - i;
    let bits = <u32> load<u8>(from + i) << 16;
    if (left > 1) bits |= <u32> load<u8>(from + i + 1) << 8;
    if (left > 2) bits |= <u32> load<u8>(from + i + 2);
    // The pads are there already: characters that stand for no byte are not written.
    for (let j = 0; j < min(left + 1, 4); j++) {
      store<u16>(to + (j << 1), <u16> ALPHABET.charCodeAt(bits >> (18 - 6 * j) & 63));
    }
    to += 8;
  }
  return out;
}

/** The bytes of base64, padded or not; `null` where it is none. */
export function decodeBase64(text: string): ArrayBuffer | null {
  let length = text.length;
  while (length > 0 && text.length - length < 2 && text.charCodeAt(length - 1) == PAD) length--;
  if ((length & 3) == 1) return null;
  const bytes = new ArrayBuffer(<i32> (<i64> length * 3 / 4));
  let to = changetype<usize>(bytes);
  let bits: u32 = 0, waiting = 0;
  for (let i = 0; i < length; i++) {
    const value = valueOf(text.charCodeAt(i));
    if (value < 0) return null;
    bits = bits << 6 | value;
    waiting += 6;
    if (waiting < 8) continue;
    waiting -= 8;
    store<u8>(to++, <u8> (bits >> waiting));
  }
  return bytes;
}

function valueOf(code: i32): i32 {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  return code == 0x2b ? 62 : code == 0x2f ? 63 : -1;
}
