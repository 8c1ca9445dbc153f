/**
 * Zip archives written byte by byte, so that tests can write the ones that a decent library will not.
 *
 * @module
 */

import { deflateRawSync } from "node:zlib";

/** One entry, and the lies that may be told about it. */
export interface ZipEntry {
  /** Written in UTF-8; bytes are written as they are. */
  readonly name: string | Uint8Array;
  readonly data: Uint8Array | string;
  /** Name in the entry's own header, where it is not that of the directory. */
  readonly localName?: string;
  /** Stored unless `true`. */
  readonly deflated?: boolean;
  /** Number of a way of packing, whatever the data is packed by. */
  readonly method?: number;
  /** General purpose flags: 1 is encrypted. */
  readonly flags?: number;
  /** Flags in the entry's own header, where they are not those of the directory. */
  readonly localFlags?: number;
  /** Packed size that both headers state. */
  readonly statedPackedSize?: number;
  /** Unpacked size that the entry's own header states. */
  readonly localSize?: number;
  /** Extra fields, in both headers. */
  readonly extra?: Uint8Array;
  /** Unpacked size that both headers state. */
  readonly statedSize?: number;
  /** Checksum that both headers state. */
  readonly statedCrc?: number;
  /** Attributes as a Unix host writes them: a mode in the top 16 bits. */
  readonly externalAttributes?: number;
  /** Extra fields of the entry's own header, where they are not those of the directory. */
  readonly localExtra?: Uint8Array;
  /** Sizes are told after the data, as by who writes into a pipe; with this checksum. */
  readonly sizesAfter?: "right" | "wrong";
  /** Is in the archive, and not in its directory. */
  readonly unlisted?: true;
  /** Places the directory's pointer at the entry of this index instead of its own. */
  readonly sameDataAs?: number;
}

/** Bytes around the archive. */
export interface ZipSurroundings {
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
  readonly comment?: string;
  /** Where the last record says that the directory begins. */
  readonly statedDirectory?: number;
  /** Entries that the last record counts. */
  readonly statedEntries?: number;
}

const encoder = new TextEncoder();

/** Writes an archive. */
export function zip(
  entries: readonly ZipEntry[],
  around: ZipSurroundings = {},
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [around.before ?? new Uint8Array()];
  const length = () => parts.reduce((sum, part) => sum + part.byteLength, 0);
  const offsets: number[] = [];
  const directory: Uint8Array[] = [];
  for (const entry of entries) {
    const data = typeof entry.data === "string" ? encoder.encode(entry.data) : entry.data;
    const packed = entry.deflated ? new Uint8Array(deflateRawSync(data)) : data;
    const name = typeof entry.name === "string" ? encoder.encode(entry.name) : entry.name;
    const localName = entry.localName === undefined ? name : encoder.encode(entry.localName);
    const extra = entry.extra ?? new Uint8Array();
    const localExtra = entry.localExtra ?? extra;
    const offset = offsets[entry.sameDataAs ?? -1] ?? length();
    const size = entry.statedSize ?? data.byteLength;
    const after = entry.sizesAfter;
    const common = (nameLength: number, flags: number, unpacked: number, extraLength: number) =>
      [
        [2, 20],
        [2, flags],
        [2, entry.method ?? (entry.deflated ? 8 : 0)],
        [4, 0x5a21_0000],
        [4, entry.statedCrc ?? crc32(data)],
        [4, entry.statedPackedSize ?? packed.byteLength],
        [4, unpacked],
        [2, nameLength],
        [2, extraLength],
      ] as const;
    const flags = entry.flags ?? (after === undefined ? 0 : 8);
    if (entry.sameDataAs === undefined) {
      const fields = common(
        localName.byteLength,
        entry.localFlags ?? flags,
        entry.localSize ?? size,
        localExtra.byteLength,
      );
      const header = little([[4, 0x0403_4b50], ...fields]);
      if (after !== undefined) header.fill(0, 14, 26);
      parts.push(header, localName, localExtra, packed);
      if (after !== undefined) {
        const crc = crc32(data) + (after === "wrong" ? 1 : 0);
        parts.push(
          little([[4, 0x0807_4b50], [4, crc], [4, packed.byteLength], [4, data.byteLength]]),
        );
      }
    }
    offsets.push(offset);
    if (entry.unlisted) continue;
    directory.push(
      little([
        [4, 0x0201_4b50],
        [2, 0x0314],
        ...common(name.byteLength, flags, size, extra.byteLength),
        [2, 0],
        [2, 0],
        [2, 0],
        [4, entry.externalAttributes ?? 0],
        [4, offset],
      ]),
      name,
      extra,
    );
  }
  const start = length();
  parts.push(...directory);
  const count = around.statedEntries ?? entries.filter(({ unlisted }) => !unlisted).length;
  const comment = encoder.encode(around.comment ?? "");
  parts.push(
    little([
      [4, 0x0605_4b50],
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, length() - start],
      [4, around.statedDirectory ?? start],
      [2, comment.byteLength],
    ]),
    comment,
    around.after ?? new Uint8Array(),
  );
  const whole = new Uint8Array(length());
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Numbers as bytes, the lowest first. */
export function little(fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, i) => value >>> (8 * i))),
  );
}

/** The checksum that zip archives carry. */
export function crc32(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}
