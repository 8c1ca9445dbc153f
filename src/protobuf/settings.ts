import type { Json } from "../manifest/mod.ts";

/**
 * Settings as guests of this generation read them (`protobuf-abi.md`, 5.10): truth as `1` and `0`, numbers in
 * decimal; lists and objects, of which that generation knows nothing, are JSON. Navidrome gave names in lower
 * case, whatever the file said, and plugins look for those: a name is there as it is written and in lower case.
 */
export function settingsOf(settings: Readonly<Record<string, Json>>): Map<string, string> {
  const written = Object.entries(settings).filter(([, value]) => value !== null)
    .map(([name, value]) => [name, textOf(value)] as const);
  return new Map([
    ...written.map(([name, text]) => [name.toLowerCase(), text] as const),
    ...written,
  ]);
}

function textOf(value: Json): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  return JSON.stringify(value);
}
