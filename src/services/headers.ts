/**
 * HTTP header names and values as guests give and get them.
 *
 * @module
 */

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What no field value may hold: control characters but the tab. */
// deno-lint-ignore no-control-regex
const NOT_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;

/** How many fields one request may have, and how many bytes in all. */
const MAX_FIELDS = 200;
const MAX_BYTES = 65_536;

/** Whether a text is a token: a method, a field name. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** `content-type` as `Content-Type`; names that are no tokens stay as they are. */
export function canonicalName(name: string): string {
  if (!isToken(name)) return name;
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (letter) => letter.toUpperCase());
}

/** What is wrong with these headers, as Go's HTTP client says it; `undefined` when nothing is. */
export function headerFault(headers: ReadonlyMap<string, string>): string | undefined {
  if (headers.size > MAX_FIELDS) return `too many header fields: maximum of ${MAX_FIELDS}`;
  let bytes = 0;
  for (const [name, value] of headers) {
    if (!isToken(name)) {
      return `net/http: invalid header field name ${JSON.stringify(name.slice(0, 64))}`;
    }
    if (NOT_VALUE.test(value)) {
      return `net/http: invalid header field value for ${JSON.stringify(name.slice(0, 64))}`;
    }
    bytes += name.length + value.length;
  }
  return bytes > MAX_BYTES ? `header exceeds maximum of ${MAX_BYTES} bytes` : undefined;
}
