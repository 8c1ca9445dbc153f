import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { broken, type Finding, fine, look, odd, type Seen } from "./finding.ts";

/** Files and folders that are looked at. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly path: string;
  readonly isFile: boolean;
  readonly mode: number;
  readonly uid: number;
}

/** Checks a data folder that exists: whose it is, who can look into it, and whether its databases are whole. Changes nothing. */
export async function checkFolder(dataDir: string): Promise<Finding[]> {
  const entries = entriesOf(dataDir);
  return [
    await look("data folder", () => judgeEntries(dataDir, entries)),
    await look("databases", () => judgeDatabases(dataDir, entries)),
    await look("clock", () => judgeClock(dataDir)),
  ];
}

function entriesOf(dataDir: string): Entry[] {
  const entries: Entry[] = [];
  const waiting = [dataDir];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { isFile, isDirectory, mode, uid } = Deno.lstatSync(path);
    if (!isFile && !isDirectory) continue; // a link's own mode says nothing
    entries.push({ path, isFile, mode: (mode ?? 0) & 0o777, uid: uid ?? 0 });
    if (entries.length + waiting.length > MAX_ENTRIES) break;
    if (isDirectory) {
      for (const { name } of Deno.readDirSync(path)) waiting.push(join(path, name));
    }
  }
  return entries;
}

function judgeEntries(dataDir: string, entries: readonly Entry[]): Seen {
  const [root] = entries;
  if (root === undefined || root.isFile) return broken(`"${dataDir}" is no folder`);
  if (Deno.build.os === "windows") return odd(`"${dataDir}": modes are not looked at on Windows`);
  const name = (path: string) => relative(dataDir, path) || dataDir;
  const open = entries.find(({ mode }) => (mode & 0o077) !== 0);
  if (open !== undefined) {
    const count = entries.filter(({ mode }) => (mode & 0o077) !== 0).length;
    const wanted = open.isFile ? "600" : "700";
    const saw = `"${name(open.path)}" has mode ${open.mode.toString(8)}, want ${wanted}`;
    const isShut = (root.mode & 0o077) === 0;
    const text = `${saw}; ${count} such`;
    return isShut ? odd(`${text}, but nobody else can enter "${dataDir}"`) : broken(text);
  }
  const foreign = entries.find(({ uid }) => uid !== root.uid);
  if (foreign !== undefined) {
    return odd(`"${name(foreign.path)}" belongs to user ${foreign.uid}, the folder to ${root.uid}`);
  }
  return fine(`${entries.length} entries of user ${root.uid}, for nobody else to read`);
}

function judgeDatabases(dataDir: string, entries: readonly Entry[]): Seen {
  const paths = entries.filter(({ path, isFile }) => isFile && path.endsWith(".db"));
  for (const { path } of paths) {
    const fault = faultOf(path);
    if (fault !== undefined) return broken(`"${relative(dataDir, path)}": ${fault}`);
  }
  return fine(`${paths.length} open and are whole`);
}

/** What SQLite finds wrong in a file. */
function faultOf(path: string): string | undefined {
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 3_000 });
    const found = database.prepare("PRAGMA integrity_check(1)").get();
    return found?.integrity_check === "ok" ? undefined : String(found?.integrity_check);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** What the clock is held against: a file that was written just now, and one second each way. */
function judgeClock(dataDir: string): Seen {
  const path = Deno.makeTempFileSync({ dir: dataDir, prefix: "doctor-" });
  try {
    const { mtime } = Deno.statSync(path);
    return judgeTimes(Date.now(), mtime?.getTime() ?? 0);
  } finally {
    Deno.removeSync(path);
  }
}

/**
 * Judges the machine's time.
 *
 * @param now Milliseconds since the Unix epoch, as is `written`: when a file that was just written says it was.
 */
export function judgeTimes(now: number, written: number): Seen {
  const time = new Date(now).toISOString().slice(0, 19) + "Z";
  const year = new Date(now).getUTCFullYear();
  if (year < 2026 || year > 2100) return broken(`it is ${time}, which cannot be`);
  const apartMs = Math.abs(now - written);
  return apartMs > 2_000
    ? odd(`it is ${time}, but files are written ${Math.round(apartMs / 1000)} s away from it`)
    : fine(`it is ${time}, and files agree`);
}
