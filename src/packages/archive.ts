import { configure, type Entry, Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { errorText, SoundproofError } from "../errors.ts";

configure({ useWebWorkers: false });

/** Entries of an archive that are looked at; more are refused. */
const MAX_ENTRIES = 1_000;
/** Bits of a Unix mode that say what a file is, and their value for a symbolic link. */
const FILE_TYPE = 0o170000;
const LINK = 0o120000;

/**
 * Unpacks the named files of a zip archive, in memory, and nothing else of it.
 *
 * @param bytes The whole archive.
 * @param limits Most bytes each file may have when unpacked, by name; its keys are the names to unpack.
 * @throws {SoundproofError} `package.archive_invalid` for anything two readers could read in two ways,
 * `package.file_missing`, `package.too_large`.
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
    const files: Partial<Record<Name, Uint8Array<ArrayBuffer>>> = {};
    for (const [name, limit] of Object.entries<number>(limits) as [Name, number][]) {
      files[name] = await unpackEntry(entries.get(name), name, limit);
    }
    return files as Record<Name, Uint8Array<ArrayBuffer>>;
  } catch (thrown) {
    if (thrown instanceof SoundproofError) throw thrown;
    throw invalid(errorText(thrown));
  } finally {
    await reader.close();
  }
}

async function listEntries(reader: ZipReader<unknown>): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of reader.getEntriesGenerator()) {
    if (entries.size >= MAX_ENTRIES) throw invalid(`it has more than ${MAX_ENTRIES} entries`);
    // Two names that differ in case or Unicode form are one file on some disks.
    const twin = entry.filename.normalize("NFC").toLowerCase();
    for (const known of entries.keys()) {
      if (known.normalize("NFC").toLowerCase() === twin) {
        throw invalid(`it has "${entry.filename}" twice`);
      }
    }
    entries.set(entry.filename, entry);
  }
  return entries;
}

async function unpackEntry(
  entry: Entry | undefined,
  name: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (entry === undefined || entry.directory) {
    throw new SoundproofError("package.file_missing", `Cannot read package: it is missing ${name}`);
  }
  if ((entry.externalFileAttributes >>> 16 & FILE_TYPE) === LINK) {
    throw invalid(`its ${name} is a link`);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  // Counted while it is unpacked: the sizes an archive states are its author's word.
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(chunk) {
      length += chunk.byteLength;
      if (length > limit) {
        throw new SoundproofError(
          "package.too_large",
          `Cannot read package: ${name} is larger than ${limit} bytes`,
        );
      }
      chunks.push(chunk);
    },
  });
  await entry.getData(sink);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function invalid(state: string): SoundproofError {
  return new SoundproofError("package.archive_invalid", `Cannot read package: ${state}`);
}
