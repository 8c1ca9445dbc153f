/**
 * The rules of the source tree, as a function from files to the sentences that say what breaks them.
 *
 * @module
 */
import { posix } from "node:path";

/** The rooms of `src/`, top first: a room imports only from those after it. */
export const ROOMS = [
  "cli",
  "doctor",
  "api",
  "testing",
  "sidecar",
  "host",
  "configuration",
  "protobuf",
  "capabilities",
  "services",
  "packages",
  "grants",
  "manifest",
  "egress",
  "cell",
  "state",
  "telemetry",
] as const;

const MAX_LINES = 400;

const COMMENTS = /^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

const SPECIFIERS = [
  /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
  /^\s*import\s*["']([^"']+)["']/gm,
  /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g,
  /\bnew\s+(?:URL|Worker)\(\s*["'`]([^"'`]+\.ts)["'`]/g,
  /\bimport\.meta\.resolve\(\s*["'`]([^"'`]+)["'`]/g,
];

/**
 * Checks a tree.
 *
 * @param files Texts by path from the root, such as `src/cell/mod.ts`.
 * @returns One sentence a violation; none for a good tree.
 */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    const lines = text.replace(/\n$/, "").split("\n").length;
    if (lines > MAX_LINES) found.push(`${path} has ${lines} lines, more than ${MAX_LINES}`);
    for (const specifier of specifiersOf(text)) {
      const fault = importFault(path, specifier);
      if (fault !== undefined) found.push(`${path} imports "${specifier}": ${fault}`);
    }
  }
  for (const room of new Set([...files.keys()].flatMap((path) => roomOf(path) ?? []))) {
    const door = files.get(`src/${room}/mod.ts`);
    if (!isRoom(room)) found.push(`src/${room} is no room of the table`);
    if (door === undefined) found.push(`src/${room} has no mod.ts`);
    else if (!/^\s*\/\*\*(?:(?!\*\/)[\s\S])*@module/.test(door)) {
      found.push(`src/${room}/mod.ts does not begin with a module doc comment`);
    }
  }
  return found;
}

/** Every module that a file names: imports, exports, types, dynamic imports and worker URLs. */
export function specifiersOf(text: string): string[] {
  const code = text.replace(COMMENTS, "");
  return SPECIFIERS.flatMap((pattern) =>
    Array.from(code.matchAll(pattern), ([, name]) => name ?? "")
  );
}

function importFault(path: string, specifier: string): string | undefined {
  if (!path.startsWith("src/") && path !== "mod.ts") return undefined;
  if (/^(?:https?|jsr|file|data):/.test(specifier)) {
    return "only npm packages and node modules come from outside";
  }
  if (!specifier.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith("src/")) {
    return target.endsWith(".json") || target === "mod.ts" && path === "mod.ts"
      ? undefined
      : "it is outside of src";
  }
  const [from, to] = [roomOf(path), roomOf(target)];
  if (to === undefined) return undefined; // src/errors.ts, below all
  if (from === to) return undefined;
  if (from === undefined && path !== "mod.ts") return "what is below all rooms imports none";
  if (target !== `src/${to}/mod.ts`) return `the door of that room is src/${to}/mod.ts`;
  if (from !== undefined && rank(to) <= rank(from)) return `${from} is below ${to}`;
  return undefined;
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\/./.exec(path)?.[1];
}

function isRoom(name: string): boolean {
  return rank(name) >= 0;
}

function rank(room: string): number {
  return (ROOMS as readonly string[]).indexOf(room);
}
