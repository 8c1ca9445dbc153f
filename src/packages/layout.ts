/** Bytes of the records of a zip archive without their texts. Source: APPNOTE 6.3.10, 4.3. */
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** What each record begins with. */
const LOCAL = 0x0403_4b50;
const CENTRAL = 0x0201_4b50;
const END = 0x0605_4b50;
const DESCRIPTOR = 0x0807_4b50;
/** Flags of an ordinary entry: how well it is deflated, sizes after the data, a name in UTF-8. */
const SIZES_AFTER = 1 << 3;
const ORDINARY_FLAGS = (1 << 1) | (1 << 2) | SIZES_AFTER | (1 << 11);
/** Extra fields that say a record's sizes, or its name, once more. */
const ZIP64 = 0x0001;
const UNICODE_NAME = 0x7075;
/** What a size or an offset has where the true one is elsewhere. */
const ELSEWHERE = 0xffff_ffff;

/** An entry as the directory has it. */
interface Listed {
  readonly offset: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly name: Uint8Array;
  readonly extra: Uint8Array;
}

/**
 * What about an archive could be read in two ways: an entry that is told of in one place alone or told differently in
 * two, bytes that belong to nothing, a second end. An archive is sound where its entries, its directory and its end
 * follow each other without a gap, and the headers of each entry say the same.
 *
 * It is a second reader, which shares nothing with the library that unpacks. It knows no archives of several parts, no
 * zip64 (a package is never so large), and nothing encrypted.
 *
 * @param others What the library lists, in the order of the directory.
 * @returns A state for an error's text; `undefined` where nothing is wrong.
 */
export function layoutFault(
  bytes: Uint8Array,
  others: readonly { readonly offset: number; readonly rawFilename: Uint8Array }[],
): string | undefined {
  try {
    const end = readEnd(bytes);
    const entries = readDirectory(bytes, end);
    const isAgreed = entries.length === others.length &&
      entries.every(({ offset, name }, index) =>
        offset === others[index]?.offset && isEqual(name, others[index]?.rawFilename)
      );
    if (!isAgreed) throw new Fault("it has two directories");
    let at = 0;
    for (const entry of entries.sort((one, other) => one.offset - other.offset)) {
      if (entry.offset < at) throw new Fault(`its ${shown(entry)} overlaps another entry`);
      if (entry.offset > at) throw new Fault(`there are bytes before its ${shown(entry)}`);
      at = endOfEntry(bytes, entry);
    }
    if (at !== end.directory) throw new Fault("there are bytes before its directory, or in it");
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.message;
    if (thrown instanceof RangeError) return "its headers lead out of it";
    throw thrown;
  }
}

class Fault extends Error {}

function readEnd(bytes: Uint8Array): { at: number; directory: number; count: number } {
  const view = viewOf(bytes);
  let at = bytes.length - END_BYTES;
  // As all readers that begin at the end: the first that is found counts.
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw new Fault("it has no end");
  const [disk, directoryDisk, here, count] = [4, 6, 8, 10].map((field) =>
    view.getUint16(at + field, true)
  );
  const size = view.getUint32(at + 12, true);
  const directory = view.getUint32(at + 16, true);
  if (disk !== 0 || directoryDisk !== 0 || here !== count) throw new Fault("it has several parts");
  if (at + END_BYTES + view.getUint16(at + 20, true) !== bytes.length || directory + size !== at) {
    throw new Fault("its end is not where it says");
  }
  return { at, directory, count: count ?? 0 };
}

function readDirectory(
  bytes: Uint8Array,
  { at: end, directory, count }: { at: number; directory: number; count: number },
): Listed[] {
  const view = viewOf(bytes.subarray(0, end));
  const entries: Listed[] = [];
  let at = directory;
  for (; at < end; at += CENTRAL_BYTES) {
    if (view.getUint32(at, true) !== CENTRAL) throw new Fault("its directory is broken");
    const [nameLength = 0, extraLength = 0, commentLength = 0, disk] = [28, 30, 32, 34].map(
      (field) => view.getUint16(at + field, true),
    );
    const name = at + CENTRAL_BYTES;
    const entry: Listed = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      unpacked: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
      name: bytes.subarray(name, name + nameLength),
      extra: bytes.subarray(name + nameLength, name + nameLength + extraLength),
    };
    if (disk !== 0) throw new Fault("it has several parts");
    if ((entry.flags & ~ORDINARY_FLAGS) !== 0) throw new Fault(`its ${shown(entry)} has odd flags`);
    if ([entry.packed, entry.unpacked, entry.offset].includes(ELSEWHERE)) {
      throw new Fault(`its ${shown(entry)} has its sizes elsewhere`);
    }
    if (entry.name.at(-1) === 0x2f && entry.unpacked > 0) {
      throw new Fault(`its folder ${shown(entry)} has content`);
    }
    entries.push(entry);
    at += nameLength + extraLength + commentLength;
  }
  if (at !== end || entries.length !== count) throw new Fault("its directory has another length");
  return entries;
}

/** Checks an entry's own header, and what follows its data. @returns Where it ends. */
function endOfEntry(bytes: Uint8Array, entry: Listed): number {
  const view = viewOf(bytes);
  const { offset } = entry;
  const [flags, method, nameLength = 0, extraLength = 0] = [6, 8, 26, 28].map((field) =>
    view.getUint16(offset + field, true)
  );
  const sizes = [14, 18, 22].map((field) => view.getUint32(offset + field, true));
  const name = offset + LOCAL_BYTES;
  const extra = bytes.subarray(name + nameLength, name + nameLength + extraLength);
  const stated = [entry.crc, entry.packed, entry.unpacked];
  const isSame = view.getUint32(offset, true) === LOCAL &&
    flags === entry.flags && method === entry.method &&
    isEqual(bytes.subarray(name, name + nameLength), entry.name) &&
    sizes.every((value, index) =>
      value === stated[index] || (value === 0 && (entry.flags & SIZES_AFTER) !== 0)
    ) &&
    isEqual(field(extra, UNICODE_NAME), field(entry.extra, UNICODE_NAME));
  if (!isSame) throw new Fault(`the headers of its ${shown(entry)} differ`);
  if (field(extra, ZIP64) !== undefined || field(entry.extra, ZIP64) !== undefined) {
    throw new Fault(`its ${shown(entry)} has its sizes elsewhere`);
  }
  const after = name + nameLength + extraLength + entry.packed;
  if ((entry.flags & SIZES_AFTER) === 0) return after;
  const from = view.getUint32(after, true) === DESCRIPTOR ? after + 4 : after;
  if (stated.some((value, index) => view.getUint32(from + 4 * index, true) !== value)) {
    throw new Fault(`the sizes after its ${shown(entry)} differ`);
  }
  return from + 12;
}

/** The extra field of this number. @throws where the fields do not fill their place, or one is there twice. */
function field(extra: Uint8Array, number: number): Uint8Array | undefined {
  const view = viewOf(extra);
  let found: Uint8Array | undefined;
  let at = 0;
  while (at < extra.length) {
    const length = view.getUint16(at + 2, true);
    const value = extra.subarray(at + 4, at + 4 + length);
    if (value.length !== length) throw new Fault("an extra field leads out of its place");
    if (view.getUint16(at, true) === number) {
      if (found !== undefined) throw new Fault("an extra field is there twice");
      found = value;
    }
    at += 4 + length;
  }
  return found;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one?.length === other?.length && (one ?? []).every((byte, at) => byte === other?.[at]);
}

/** A name that was judged before: it can be shown. */
function shown({ name }: Listed): string {
  return `"${new TextDecoder().decode(name.subarray(0, 100))}"`;
}
