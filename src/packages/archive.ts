import {
  configure,
  type Entry,
  ERR_ENCRYPTED_CENTRAL_DIRECTORY,
  ERR_UNSAFE_FILENAME,
  Uint8ArrayReader,
  ZipReader,
} from "@zip.js/zip.js";
import { Pieces } from "../byte_stream.ts";
import { type ErrorCode, errorText, SoundproofError } from "../errors.ts";
import { entryNameFault, oneSpelling } from "./entry_name.ts";
import { layoutFault } from "./layout.ts";

configure({ useWebWorkers: false });

/** Entries of an archive that are looked at; more are refused. */
const MAX_ENTRIES = 1_000;
/** Unpacked bytes from which on the ratio counts: a short file of one letter is no bomb. */
const RATIO_FROM_BYTES = 1024 * 1024;
/** Unpacked bytes for each packed one. Modules have 3 to 5. */
const MAX_RATIO = 100;
/** Ways of packing: stored and deflated. */
const METHODS: ReadonlySet<number> = new Set([0, 8]);
/** Bits of a Unix mode that say what a file is, and their values for a file and a folder. */
const FILE_TYPE = 0o170000;
const ORDINARY_TYPES: ReadonlySet<number> = new Set([0, 0o100000, 0o040000]);

/**
 * Unpacks the named files of a zip archive, in memory, and nothing else of it. Every entry is judged, also those
 * that are not unpacked. Source: `hostile-input.md`, Packages.
 *
 * @param bytes The whole archive.
 * @param limits Most bytes each file may have when unpacked, by name; its keys are the names to unpack.
 * @throws {SoundproofError} `package.duplicate_entry`, `package.name_refused`, `package.symlink`,
 * `package.encrypted`, `package.bomb`, `package.too_large`, `package.file_missing`; `package.archive_invalid` for
 * anything else that two readers could read in two ways.
 */
export async function unpack<Name extends string>(
  bytes: Uint8Array,
  limits: Readonly<Record<Name, number>>,
): Promise<Record<Name, Uint8Array<ArrayBuffer>>> {
  const reader = new ZipReader(new Uint8ArrayReader(bytes), {
    strictness: "strict",
    filenameValidation: "strict",
    checkOverlappingEntry: true,
    checkSignature: true,
  });
  try {
    const entries = await listEntries(reader);
    const fault = layoutFault(bytes, [...entries.values()]);
    if (fault !== undefined) throw refused(fault);
    const files: Partial<Record<Name, Uint8Array<ArrayBuffer>>> = {};
    for (const [name, limit] of Object.entries<number>(limits) as [Name, number][]) {
      files[name] = await unpackEntry(entries.get(name), name, limit);
    }
    return files as Record<Name, Uint8Array<ArrayBuffer>>;
  } catch (thrown) {
    throw refusalOf(thrown);
  } finally {
    await reader.close();
  }
}

async function listEntries(reader: ZipReader<unknown>): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const spellings = new Set<string>();
  for await (const entry of reader.getEntriesGenerator()) {
    if (entries.size >= MAX_ENTRIES) throw refused(`it has more than ${MAX_ENTRIES} entries`);
    checkEntry(entry);
    const spelling = oneSpelling(entry.filename);
    if (spellings.has(spelling)) {
      throw refused(`it has "${entry.filename}" twice`, "package.duplicate_entry");
    }
    spellings.add(spelling);
    entries.set(entry.filename, entry);
  }
  return entries;
}

function checkEntry(entry: Entry): void {
  const { filename, rawFilename, compressionMethod, externalFileAttributes } = entry;
  // An extra field can carry a second name, which some readers take and others do not.
  const fault = new TextDecoder("utf-8", { ignoreBOM: true }).decode(rawFilename) === filename
    ? entryNameFault(filename)
    : "is not UTF-8, or another than in its extra field";
  if (fault !== undefined) {
    throw refused(`the name "${shown(filename)}" ${fault}`, "package.name_refused");
  }
  const types = [externalFileAttributes >>> 16, entry.unixMode ?? 0];
  if (types.some((mode) => !ORDINARY_TYPES.has(mode & FILE_TYPE))) {
    throw refused(`its "${filename}" is a link or a special file`, "package.symlink");
  }
  if (entry.encrypted) throw refused(`its "${filename}" is encrypted`, "package.encrypted");
  if (!METHODS.has(compressionMethod)) {
    throw refused(`its "${filename}" is packed by method ${compressionMethod}, wanted 0 or 8`);
  }
}

async function unpackEntry(
  entry: Entry | undefined,
  name: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (entry === undefined || entry.directory) {
    throw refused(`it is missing ${name}`, "package.file_missing");
  }
  const most = Math.max(RATIO_FROM_BYTES, entry.compressedSize * MAX_RATIO);
  const pieces = new Pieces();
  // Counted while it is unpacked: the sizes an archive states are its author's word.
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(chunk) {
      const length = pieces.length + chunk.byteLength;
      if (length > limit) {
        throw refused(`${name} is larger than ${limit} bytes`, "package.too_large");
      }
      if (length > most) {
        const state = `${name} unpacks to more than ${MAX_RATIO} times its size`;
        throw refused(state, "package.bomb");
      }
      pieces.add(chunk);
    },
  });
  await entry.getData(sink);
  return pieces.joined();
}

function refusalOf(thrown: unknown): SoundproofError {
  if (thrown instanceof SoundproofError) return thrown;
  const text = errorText(thrown);
  const { filename, reason } = thrown instanceof Error
    ? thrown as Error & { filename?: unknown; reason?: unknown }
    : {};
  if (text === ERR_UNSAFE_FILENAME) {
    return refused(`the name "${shown(String(filename))}" is unsafe`, "package.name_refused");
  }
  if (text === ERR_ENCRYPTED_CENTRAL_DIRECTORY) return refused(text, "package.encrypted");
  return refused(reason === undefined ? text : `${text}: ${String(reason)}`);
}

/** A name for an error's text: short, and with nothing in it that a terminal would obey. */
function shown(name: string): string {
  return name.slice(0, 100).replace(/[^\P{C}]/gu, "\ufffd");
}

function refused(
  state: string,
  code: ErrorCode = "package.archive_invalid",
): SoundproofError {
  return new SoundproofError(code, `Cannot read package: ${state}`);
}
