/** The line on which each key of a TOML document stands, by the key's path. */
export type KeyLines = (path: readonly string[]) => number;

/** A part of a key: bare, or in quotes of either kind. */
const KEY_PART = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*/y;
/** What a value is made of, as far as its end goes: strings, comments, brackets, line ends, anything else. */
const VALUE_PART =
  /"""(?:[^\\]|\\[^])*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[\]{}\n]|[^"'#[\]{}\n]+|["']/y;

/**
 * Finds the lines of keys in a document that is known to be TOML. A path that has no line of its own, such as one
 * within an inline table, has that of the nearest key around it.
 */
export function keyLines(text: string): KeyLines {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;
  let table: string[] = [];

  const note = (path: readonly string[]): void => {
    for (let length = path.length; length > 0; length--) {
      const key = JSON.stringify(path.slice(0, length));
      if (!lines.has(key)) lines.set(key, line);
    }
  };
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found = ""] = pattern.exec(text) ?? [];
    at += found.length;
    line += found.split("\n").length - 1;
    return found;
  };
  const skipValue = (): void => {
    for (let depth = 0, part = skip(VALUE_PART); part !== ""; part = skip(VALUE_PART)) {
      if (part === "[" || part === "{") depth++;
      if (part === "]" || part === "}") depth--;
      if (part === "\n" && depth <= 0) return;
    }
  };

  while (at < text.length) {
    skip(/(?:[\s\ufeff]|#[^\n]*)+/y);
    if (skip(/\[\[?/y) !== "") {
      table = readKey();
      note(table);
      skip(/[^\n]*/y);
      continue;
    }
    const key = readKey();
    if (key.length === 0) break;
    note([...table, ...key]);
    skip(/=/y);
    skipValue();
  }

  function readKey(): string[] {
    const parts: string[] = [];
    do {
      KEY_PART.lastIndex = at;
      const found = KEY_PART.exec(text);
      if (found === null) return parts;
      const [whole, quoted, literal, bare] = found;
      at += whole.length;
      parts.push(quoted === undefined ? literal ?? bare ?? "" : unescaped(quoted));
    } while (skip(/\./y) !== "");
    return parts;
  }

  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const known = lines.get(JSON.stringify(path.slice(0, length)));
      if (known !== undefined) return known;
    }
    return 1;
  };
}

function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(`"${quoted}"`));
  } catch {
    return quoted; // an escape that JSON has not: the line of the table around it will do
  }
}
