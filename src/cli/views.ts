import type { PluginSummary } from "../host/mod.ts";
import type { NetworkPermission } from "../manifest/mod.ts";
import type {
  HostFunctionDescription,
  ShapeDescription,
  TypeDescription,
} from "../services/mod.ts";
import type { Places } from "./places.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { harmless, shellQuote } from "./text.ts";
import { VERSION } from "./version.ts";

const ASKED = "nd_get_artist_biography";

/** What the service says when it is ready: where it is, what it runs, and a line to try. */
export function greeting(
  url: string,
  { tokenFile, pluginsDir }: Places,
  plugins: readonly PluginSummary[],
  terminal: Terminal,
): string {
  const agent = plugins.find(({ state, exports }) =>
    state === "running" && exports.includes(ASKED)
  );
  const lines = [
    `Soundproof ${VERSION} listens on ${url}`,
    `  token file  ${harmless(tokenFile)}`,
    `  plugins     ${harmless(pluginsDir)}`,
    "",
    pluginTable(plugins, terminal.width),
  ];
  if (agent !== undefined) {
    const token = harmless(`$(cat ${shellQuote(tokenFile)})`);
    lines.push(
      "Try it:",
      `  curl -H "Authorization: Bearer ${token}" \\`,
      `    -d '{"id":"1","name":"Nina Simone"}' \\`,
      `    ${shellQuote(`${url}/api/v1/plugins/${encodeURIComponent(agent.id)}/call/${ASKED}`)}`,
      "",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** One line a plugin. */
export function pluginTable(plugins: readonly PluginSummary[], width: number | undefined): string {
  if (plugins.length === 0) return "No plugins.\n";
  return formatTable(
    ["ID", "STATE", "NAME", "VERSION", "CAPABILITIES"],
    plugins.map(({ id, state, manifest, capabilities, error }) => [
      id,
      state,
      manifest?.name ?? "",
      manifest?.version ?? "",
      state === "failed" ? error?.code ?? "" : capabilities.join(", "),
    ]),
    width,
  );
}

/** One line a host function; shapes as `field: type`. */
export function functionTable(
  functions: readonly HostFunctionDescription[],
  width: number | undefined,
): string {
  return formatTable(
    ["MODULE", "NAME", "PERMISSION", "REQUEST", "RESPONSE"],
    functions.map(({ module, name, permission, request, response }) => [
      module,
      name,
      permission,
      shapeText(request),
      shapeText(response),
    ]),
    width,
  );
}

function shapeText(shape: ShapeDescription): string {
  const fields = Object.entries(shape).map(([name, type]) => `${name}: ${typeText(type)}`);
  return fields.join(", ");
}

function typeText(type: TypeDescription): string {
  return typeof type === "string" ? type : JSON.stringify(type).replaceAll('"', "");
}

/** All about one plugin, a fact a line. */
export function pluginDetails(plugin: PluginSummary): string {
  const { manifest, error } = plugin;
  const permissions = Object.entries(manifest?.permissions ?? {});
  const facts: (readonly [string, string | undefined])[] = [
    ["Id", plugin.id],
    ["State", plugin.state],
    ["Name", manifest?.name],
    ["Version", manifest?.version],
    ["Author", manifest?.author],
    ["Description", manifest?.description],
    ["Website", manifest?.website],
    ["Package", `${plugin.path} (${plugin.kind})`],
    ["SHA-256", plugin.sha256],
    ["Dialect", manifest?.dialect],
    ["Capabilities", plugin.capabilities.join(", ") || "none"],
    ["Exports", plugin.exports.join(", ") || "none"],
    ["Permissions", permissions.map(([key]) => key).join(", ") || "none"],
    ...permissions.map(([key, { reason }]) => [`  ${key}`, reason ?? "no reason given"] as const),
    ...permissions.flatMap(([key, permission]) => reachOf(key, permission)),
    ["Wider in Deno", plugin.openRules.join(", ")],
    ["Cells", String(plugin.cells)],
    ["Error", error && `${error.message} (${error.code})`],
    ...(error?.problems ?? []).map((problem) => ["", problemText(problem)] as const),
    ...plugin.warnings.map((problem) => ["Warning", problemText(problem)] as const),
  ];
  const shown = facts.filter(([, value]) => value !== undefined && value !== "");
  return keyValues(shown);
}

/** Where a network permission lets a plugin go. */
function reachOf(key: string, permission: object): [string, string][] {
  if (!("allowLocalNetwork" in permission)) return [];
  const { requiredHosts, allowedUrls, allowLocalNetwork } = permission as NetworkPermission;
  const rules = [
    ...requiredHosts ?? [],
    ...Object.entries(allowedUrls ?? {}).map(([url, methods]) => `${methods.join("|")} ${url}`),
  ];
  const anywhere = key === "http" && requiredHosts?.length === 0 ? "any public host" : "nothing";
  const local = allowLocalNetwork ? ", and asks for the local network" : "";
  return [[`  ${key} reaches`, `${rules.join(", ") || anywhere}${local}`]];
}

/** A fault of a document as one line. */
export function problemText(
  { path, found, wanted }: { path: string; found: string; wanted: string },
): string {
  return `${path}: found ${found}, want ${wanted}`;
}

function keyValues(facts: readonly (readonly [string, string | undefined])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value = ""]) => `${name.padEnd(width)}  ${harmless(value)}\n`).join("");
}
