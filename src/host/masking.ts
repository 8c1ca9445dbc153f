import { configMap, type Json, type Manifest, secretKeys } from "../manifest/mod.ts";

/** Shorter values are not looked for: they would turn every text that has them by chance into stars. */
const MIN_CHARACTERS = 4;
/** What stands in the place of a secret. */
export const MASK = "***";

/**
 * What puts stars in the place of a plugin's sensitive settings, wherever they stand in a text. Of a setting that
 * holds more than one value each string in it is masked.
 */
export function maskerOf(
  manifest: Manifest,
  config: Readonly<Record<string, Json>>,
): (text: string) => string {
  const secrets = new Set<string>();
  const written = configMap(manifest, config);
  for (const key of secretKeys(manifest)) {
    for (const text of textsOf(config[key] ?? null)) secrets.add(text);
    const text = written.get(key);
    if (text !== undefined) secrets.add(text);
  }
  // The longest first: one may be a part of another.
  const wanted = [...secrets].filter(({ length }) => length >= MIN_CHARACTERS)
    .sort((a, b) => b.length - a.length);
  return (text) => wanted.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

function textsOf(value: Json): string[] {
  if (typeof value === "object") return Object.values(value ?? {}).flatMap(textsOf);
  return typeof value === "boolean" ? [] : [String(value)];
}
