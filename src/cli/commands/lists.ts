import type { Given } from "./command.ts";

/**
 * The items of a list option: with commas between, or a JSON array; an empty text has none. It can be given more than once.
 *
 * @throws {SoundproofError} `cli.usage`
 */
export function itemsOf(given: Given, option: string): string[] | undefined {
  const texts = given.texts(option);
  if (texts.length === 0) return undefined;
  return texts.flatMap((text) =>
    text.trimStart().startsWith("[")
      ? arrayItems(given, option, text)
      : text.split(",").map((item) => item.trim()).filter((item) => item !== "")
  );
}

/**
 * What `--NAME a,b` or `--all-NAME` says; an empty list takes everything away.
 *
 * @throws {SoundproofError} `cli.usage` for both at once.
 */
export function itemsOrAll(given: Given, name: string): string[] | "all" | undefined {
  const items = itemsOf(given, name);
  if (!given.flag(`all-${name}`)) return items;
  if (items !== undefined) given.refuse(`both --${name} and --all-${name}`);
  return "all";
}

/** What `--NAME` or `--no-NAME` says. @throws {SoundproofError} `cli.usage` for both at once. */
export function yesOrNo(given: Given, name: string): boolean | undefined {
  const [yes, no] = [given.flag(name), given.flag(`no-${name}`)];
  if (yes && no) given.refuse(`both --${name} and --no-${name}`);
  return yes ? true : no ? false : undefined;
}

function arrayItems(given: Given, option: string, text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return given.refuse(`--${option} begins like a JSON array and is none`);
  }
  if (!Array.isArray(value)) return given.refuse(`--${option} is no JSON array`);
  return value.map((item) =>
    typeof item === "string" || typeof item === "number"
      ? String(item)
      : given.refuse(`--${option} has ${JSON.stringify(item)}, want names or numbers`)
  );
}
