/**
 * Regular expressions as upstream's schema library has them (Go, RE2) in JavaScript.
 *
 * @module
 */

/** Named classes that stand inside brackets. */
const CLASSES = new Map<string, string>([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["digit", "0-9"],
  ["lower", "a-z"],
  ["punct", "!-\\/:-@\\[-`{-~"],
  ["space", "\\t\\n\\v\\f\\r "],
  ["upper", "A-Z"],
  ["word", "0-9A-Za-z_"],
  ["xdigit", "0-9A-Fa-f"],
]);

/**
 * Compiles a `pattern`. Flags in front, `(?P<name>`, `\A`, `\z`, `\pL`, `\x{…}` and named classes are
 * translated; what Unicode mode alone refuses (`[\w\-]`) is compiled without it.
 *
 * @throws {SyntaxError} Where neither mode takes it.
 */
export function goPattern(pattern: string): RegExp {
  const flags = /^\(\?([imsU]+)\)/.exec(pattern);
  const source = pattern.slice(flags?.[0].length ?? 0)
    .replaceAll("(?P<", "(?<")
    .replace(/\\([Az])/g, (_, anchor) => anchor === "A" ? "^" : "$")
    .replace(/\\([pP])([A-Z])(?!\w)/g, "\\$1{$2}")
    .replaceAll("\\x{", "\\u{")
    .replace(/\[:(\w+):\]/g, (whole, name) => CLASSES.get(name) ?? whole);
  const ours = [...new Set(flags?.[1]?.replaceAll("U", ""))].join("");
  try {
    return new RegExp(source, `${ours}u`);
  } catch {
    return new RegExp(source, ours);
  }
}
