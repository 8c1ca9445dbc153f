/**
 * URLs as they may be shown in errors and logs.
 *
 * @module
 */

/** Origin and path of a URL, without credentials, query and fragment, at most 200 characters. */
export function urlText(url: URL | string): string {
  const parsed = typeof url === "string" ? URL.parse(url) : url;
  if (parsed === null) return "(not a URL)";
  const text = `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
