import { type Json, type Manifest, type Setting, settingsOf } from "../manifest/mod.ts";
import { harmless, wrap } from "./text.ts";
import { tomlKey, tomlValue } from "./toml.ts";

/** Columns of the template. */
const WIDTH = 80;
/** Longest default or choice that is written out, in characters. */
const MAX_SHOWN = 500;

/**
 * The settings of a plugin as TOML to be filled in: each with what its author says about it. What must be filled in is there to
 * be filled in; what has a default, or can be left out, stands behind a `#`, and every text behind `##`: none can pass for a setting.
 * Secrets are left empty.
 *
 * It is valid TOML whatever the manifest says, and a configuration that is understood.
 */
export function configTemplate(id: string, manifest: Manifest): string {
  const settings = settingsOf(manifest);
  const header = tomlKey(id);
  if (header === undefined || settings.length === 0) {
    return comment(`${manifest.name} (${id}) takes no settings.`);
  }
  return [
    comment(`Settings of ${manifest.name} (${id}), for soundproof.toml.`) +
    `[PluginConfig.${header}]\n`,
    ...settings.map(templateOf),
  ].join("\n");
}

function templateOf(setting: Setting): string {
  const { title, description, required, secret } = setting;
  const standard = secret ? undefined : setting.default;
  const facts = [
    typeText(setting),
    standard !== undefined ? `default: ${jsonText(standard)}` : required ? "required" : "optional",
    ...(secret ? ["secret"] : []),
  ];
  const text = [
    ...(title === undefined ? [] : [title]),
    ...(description === undefined ? [] : description.split(/\r\n|[\r\n]/)),
    facts.filter((fact) => fact !== "").join(", "),
  ].map(comment).join("");
  const key = tomlKey(setting.key);
  const value = valueOf(setting);
  if (key === undefined || value === undefined) {
    return `${text}${comment(`${jsonText(setting.key)} cannot be written in TOML`)}`;
  }
  const line = `${key} = ${value}`;
  return `${text}${required && standard === undefined ? line : `# ${line}`}\n`;
}

function typeText({ types, choices }: Setting): string {
  return choices === undefined
    ? types.join(" or ")
    : `${choices.length > 1 ? "one of " : ""}${choices.map(jsonText).join(", ")}`;
}

/** What stands there: the default, else a value that can stand there until it is filled in. */
function valueOf(setting: Setting): string | undefined {
  const { types, choices, example, secret } = setting;
  if (secret) return tomlValue(emptyOf(types));
  const said = setting.default ?? example;
  for (const value of [...(said === undefined ? choices ?? [] : [said]), emptyOf(types)]) {
    const text = tomlValue(value);
    if (text !== undefined && text.length <= MAX_SHOWN) return text;
  }
  return undefined;
}

function emptyOf(types: readonly string[]): Json {
  switch (types.find((type) => type !== "null")) {
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "";
  }
}

function jsonText(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** A text as comment lines; nothing in it can end the comment. */
function comment(text: string): string {
  return wrap(harmless(text), WIDTH - 3).split("\n").map((line) => `## ${line}`.trimEnd())
    .join("\n") + "\n";
}
