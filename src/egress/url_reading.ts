/**
 * The two ways a server may read the path of a request, so that a rule on paths can be held under both.
 *
 * @module
 */

/**
 * A path as `plain` (percent-encoded unreserved characters decoded, as RFC 3986 6.2.2 has it) and as
 * `deep` (what a server sees that decodes everything, again and again, reads `\` as `/`, drops `;x`
 * parameters from dot segments, and joins slashes). `deep` is absent where no reading is safe: control
 * characters, bytes that are not UTF-8, or more than {@link MAX_ROUNDS} layers of encoding.
 */
export interface PathReadings {
  readonly plain: string;
  readonly deep: string | undefined;
}

/** Layers of percent-encoding that are undone. */
const MAX_ROUNDS = 4;
const UNRESERVED = /%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi;
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** RFC 3986 5.2.4 on a path that starts with a slash. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    const dots = /^(\.\.?)(?:;.*)?$/.exec(segment)?.[1];
    if (dots === undefined) kept.push(segment);
    else {
      if (dots === "..") kept.pop();
      if (last) kept.push("");
    }
  });
  return `/${kept.join("/")}`;
}

/** Undoes one layer of percent-encoding; `undefined` where the bytes are not UTF-8. */
function decodeOnce(text: string): string | undefined {
  try {
    // Escapes only, so that a lone percent sign does not stop the decoding of what follows it.
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => decodeURIComponent(escapes));
  } catch {
    return undefined;
  }
}

function deepReading(path: string): string | undefined {
  let text: string | undefined = path;
  for (let round = 0; /%[0-9a-f]{2}/i.test(text); round++) {
    text = round === MAX_ROUNDS ? undefined : decodeOnce(text);
    if (text === undefined) return undefined;
  }
  if (CONTROL.test(text)) return undefined;
  return removeDotSegments(text.replaceAll("\\", "/").replace(/\/{2,}/g, "/"));
}

/**
 * Reads a path both ways.
 *
 * @param path `URL.pathname`, or the path of a pattern; starts with `/`
 */
export function readPath(path: string): PathReadings {
  const plain = path
    .replace(UNRESERVED, (encoded) => String.fromCharCode(parseInt(encoded.slice(1), 16)))
    .replace(/%[0-9a-f]{2}/gi, (encoded) => encoded.toUpperCase());
  return { plain: removeDotSegments(plain), deep: deepReading(path) };
}
