/**
 * JSON values as TOML 1.0, on one line. Source: toml.io/en/v1.0.0.
 *
 * @module
 */
import type { Json } from "../manifest/mod.ts";

/** A key, in quotes where it must; undefined where TOML cannot write it. */
export function tomlKey(key: string): string | undefined {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
}

/** A value; undefined where TOML cannot write it, as it has no null. */
export function tomlValue(value: Json): string | undefined {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "boolean":
      return String(value);
    case "number":
      return numberText(value);
  }
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.map(tomlValue);
    return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
  }
  const members = Object.entries(value).map(([key, member]) => {
    const [name, text] = [tomlKey(key), tomlValue(member)];
    return name === undefined || text === undefined ? undefined : `${name} = ${text}`;
  });
  if (members.includes(undefined)) return undefined;
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** Integers beyond 2^53 are floats: as integers a reader would have to take them exactly. */
function numberText(value: number): string {
  const text = JSON.stringify(value);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? `${text}.0` : text;
}

/** A basic string. Half of a surrogate pair is no character, and has no escape. */
function quoted(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  const escaped = text.replace(
    // deno-lint-ignore no-control-regex -- these must be escaped; the others would be hard to see
    /[\u0000-\u001f"\\\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) =>
      character === '"' || character === "\\"
        ? `\\${character}`
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}
