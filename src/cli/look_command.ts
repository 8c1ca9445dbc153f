import { basename, resolve } from "node:path";
import { SoundproofError } from "../errors.ts";
import { type PermissionReview, reviewPermissions } from "../grants/mod.ts";
import { inspectPackage, type PluginSummary } from "../host/mod.ts";
import { pluginId } from "../packages/mod.ts";
import type { ActionOf } from "./action.ts";
import { configTemplate } from "./config_template.ts";
import type { Stage } from "./stage.ts";
import { printJson, reportError, type Terminal, warn } from "./terminal.ts";
import { harmless } from "./text.ts";
import { pluginDetails, pluginTable, problemText } from "./views.ts";

type Looking = ActionOf<"info" | "validate" | "config-template">;

/** Runs `plugin info`, `validate` or `config-template` on a package that need not be installed. */
export async function lookAtPackage(
  { kind, json }: Looking & { readonly json: boolean },
  path: string,
  terminal: Terminal,
): Promise<number> {
  try {
    const plugin = await inspectPackage(resolve(path));
    const { manifest } = plugin;
    switch (kind) {
      case "info":
        return showDetails(
          plugin,
          manifest && reviewPermissions(manifest, undefined),
          json,
          terminal,
        );
      case "validate":
        return showVerdict(plugin, json, terminal);
      case "config-template":
        return showTemplate({ ...plugin, id: idOfPackage(path) }, json, terminal);
    }
  } catch (error) {
    if (!json || !(error instanceof SoundproofError)) throw error;
    const { code, message, problems } = error;
    printJson({ valid: false, error: { code, message, problems } }, terminal);
    return 1;
  }
}

/** Runs the same on an installed plugin. */
export async function lookAtPlugin(
  { kind, subject }: Looking,
  { admin, terminal, json }: Stage,
): Promise<number> {
  const id = "id" in subject ? subject.id : "";
  const plugin = await admin.info(id);
  switch (kind) {
    case "info": {
      const review = plugin.manifest === undefined ? undefined : await admin.review(id);
      return showDetails(plugin, review, json, terminal);
    }
    case "validate":
      return showVerdict(plugin, json, terminal);
    case "config-template":
      return showTemplate(plugin, json, terminal);
  }
}

/** Runs `plugin list` and shows what `plugin rescan` has found. */
export function showList(
  plugins: readonly PluginSummary[],
  { terminal, json }: Pick<Stage, "terminal" | "json">,
): number {
  if (json) printJson({ plugins }, terminal);
  else terminal.out(pluginTable(plugins, terminal.width));
  return 0;
}

/** The id that a package would be installed under. @throws {SoundproofError} `package.id_invalid` */
export function idOfPackage(path: string): string {
  return pluginId(basename(resolve(path)));
}

function showDetails(
  plugin: PluginSummary,
  review: PermissionReview | undefined,
  json: boolean,
  terminal: Terminal,
): number {
  if (json) printJson({ ...plugin, ...(review && { review }) }, terminal);
  else terminal.out(pluginDetails(plugin, review, terminal.width));
  return 0;
}

function showTemplate(plugin: PluginSummary, json: boolean, terminal: Terminal): number {
  const { id, manifest, error } = plugin;
  if (manifest === undefined) {
    const { code = "package.unreadable", message = `Cannot read "${id}"` } = error ?? {};
    throw new SoundproofError(code, message, error);
  }
  const template = configTemplate(id, manifest);
  if (json) printJson({ template }, terminal);
  else terminal.out(template);
  return 0;
}

function showVerdict(plugin: PluginSummary, json: boolean, terminal: Terminal): number {
  const { error, warnings } = plugin;
  if (json) {
    printJson({ valid: error === undefined, ...(error && { error }), warnings }, terminal);
    return error === undefined ? 0 : 1;
  }
  for (const warning of warnings) warn(problemText(warning), terminal);
  if (error) return reportError(new SoundproofError(error.code, error.message, error), terminal);
  const { name = plugin.id, version = "" } = plugin.manifest ?? {};
  terminal.out(`${harmless(`${name} ${version}`)} is sound\n`);
  return 0;
}
