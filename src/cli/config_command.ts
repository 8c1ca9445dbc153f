import { errorText, SoundproofError } from "../errors.ts";
import type { ConfigView } from "../host/mod.ts";
import { type Json, type Setting, settingsOf } from "../manifest/mod.ts";
import type { ActionOf, SettingChange } from "./action.ts";
import type { Stage } from "./stage.ts";
import { readInputFile } from "./input.ts";
import { withProgress } from "./progress.ts";
import { formatTable } from "./table.ts";
import { printJson, type Terminal, warn } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Runs `plugin config get`. */
export async function getConfig(
  { id, key }: ActionOf<"config-get">,
  { admin, terminal, json }: Stage,
): Promise<number> {
  const view = await admin.config(id);
  if (key === undefined) return showConfig(view, json, terminal);
  const value = Object.hasOwn(view.values, key) ? view.values[key] : undefined;
  if (value === undefined) {
    throw new SoundproofError(
      "cli.setting_missing",
      `Cannot show setting "${key}" of plugin "${id}": it is not set, and has no default`,
    );
  }
  if (json) printJson(value, terminal);
  else terminal.out(`${terminal.width === undefined ? textOf(value) : linesOf(value)}\n`);
  return 0;
}

/** Runs `plugin config set`: the host checks the values by what the manifest says. */
export async function setConfig(
  { id, changes, file }: ActionOf<"config-set">,
  { admin, terminal, json }: Stage,
): Promise<number> {
  const { definition } = await admin.config(id);
  const settings = new Map(
    settingsOf(definition === undefined ? {} : { config: definition })
      .map((setting) => [setting.key, setting]),
  );
  const values = new Map<string, Json>(
    file === undefined ? [] : Object.entries(await readObject(file)),
  );
  for (const change of changes) {
    const setting = settings.get(change.key);
    if (setting?.secret && change.to === "text" && change.text !== "") {
      warn(
        `"${change.key}" is a secret, and could be read where it stood: --value-file ${change.key}=- takes it from stdin`,
        terminal,
      );
    }
    values.set(change.key, await valueOf(change, setting));
  }
  const view = await withProgress(
    `Loading ${harmless(id)}`,
    terminal,
    async () => await admin.setConfig(id, Object.fromEntries(values)),
  );
  return showConfig(view, json, terminal);
}

async function valueOf(change: SettingChange, setting: Setting | undefined): Promise<Json> {
  if (change.to === "default") return null;
  if (change.to === "text") return parseValue(change.text, setting);
  const text = new TextDecoder().decode(await readInputFile(change.path));
  return parseValue(text.replace(/\r?\n$/, ""), setting);
}

/** A typed value: the text itself where the setting is one or has this choice, else JSON if it is that. */
function parseValue(text: string, setting: Setting | undefined): Json {
  const { types = [], choices } = setting ?? {};
  if (choices?.includes(text)) return text;
  if (types.length > 0 && types.every((type) => type === "string" || type === "null")) return text;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text; // the host says what it wants there
  }
}

async function readObject(file: string): Promise<Record<string, Json>> {
  const text = new TextDecoder().decode(await readInputFile(file));
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // V8 quotes what it could not read, and that can be a secret.
    const where = errorText(cause).match(/position \d+/)?.[0] ?? "its end";
    throw invalid(`it is no JSON, at ${where}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("it is no JSON object");
  }
  return value;
}

function showConfig(view: ConfigView, json: boolean, terminal: Terminal): number {
  if (json) printJson(view, terminal);
  else terminal.out(configTable(view, terminal.width));
  return 0;
}

function configTable({ values, fixed }: ConfigView, width: number | undefined): string {
  const entries = Object.entries(values);
  if (entries.length === 0) return "No settings.\n";
  const rows = entries.map(([key, value]) => [
    key,
    fixed.includes(key) ? "soundproof.toml" : "",
    textOf(value),
  ]);
  return fixed.length > 0
    ? formatTable(["KEY", "SET IN", "VALUE"], rows, width)
    : formatTable(["KEY", "VALUE"], rows.map(([key = "", , value = ""]) => [key, value]), width);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function linesOf(value: Json): string {
  return textOf(value).split("\n").map(harmless).join("\n");
}

function invalid(state: string): SoundproofError {
  return new SoundproofError("cli.input_invalid", `Cannot read settings: ${state}`);
}
