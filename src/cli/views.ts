import type { PluginSummary } from "../host/mod.ts";
import type { PermissionReview } from "../grants/mod.ts";
import type {
  HostFunctionDescription,
  ShapeDescription,
  TypeDescription,
} from "../services/mod.ts";
import { titleOf } from "./decision_command.ts";
import { decisionFacts } from "./decision_view.ts";
import type { Places } from "./places.ts";
import { reviewText } from "./review_view.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { harmless, shellQuote, wrap } from "./text.ts";
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
    const [, socket] = /^unix:(.+)$/.exec(url) ?? [];
    const way = socket === undefined ? "" : `--unix-socket ${harmless(shellQuote(socket))} `;
    const base = socket === undefined ? url : "http://localhost";
    const token = harmless(`$(cat ${shellQuote(tokenFile)})`);
    lines.push(
      "Try it:",
      `  curl ${way}-H "Authorization: Bearer ${token}" \\`,
      `    -d '{"id":"1","name":"Nina Simone"}' \\`,
      `    ${shellQuote(`${base}/api/v1/plugins/${encodeURIComponent(agent.id)}/call/${ASKED}`)}`,
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

/** All about one plugin: a fact a line, then what it asks for. */
export function pluginDetails(
  plugin: PluginSummary,
  review: PermissionReview | undefined,
  width: number | undefined,
): string {
  const { manifest, error } = plugin;
  // The module of an installed plugin is looked into when it is loaded; that of a package already was.
  const unknown = plugin.id !== "" && plugin.state !== "running";
  const none = unknown ? "known once it runs" : "none";
  const facts: (readonly [string, string | undefined])[] = [
    ["Id", plugin.id],
    ["State", plugin.id === "" ? "" : plugin.state],
    ["Name", manifest?.name],
    ["Version", manifest?.version],
    ["Author", manifest?.author],
    ["Description", manifest?.description],
    ["Website", manifest?.website],
    ["Package", `${plugin.path} (${plugin.kind})`],
    ["SHA-256", plugin.sha256],
    ["Dialect", manifest?.dialect],
    ["Capabilities", plugin.capabilities.join(", ") || none],
    ["Exports", plugin.exports.join(", ") || none],
    ["Wider in Deno", plugin.openRules.join(", ")],
    ...decisionFacts(plugin.decision),
    ["Cells", String(plugin.cells)],
    ["Error", error && `${error.message} (${error.code})`],
    ...(error?.problems ?? []).map((problem) => ["", problemText(problem)] as const),
    ...plugin.warnings.map((problem) => ["Warning", problemText(problem)] as const),
  ];
  const shown = facts.filter(([, value]) => value !== undefined && value !== "");
  const details = keyValues(shown, width);
  if (review === undefined) return details;
  return `${details}\n${reviewText(titleOf(plugin), review, width)}`;
}

/** A fault of a document as one line. */
export function problemText(
  { path, found, wanted }: { path: string; found: string; wanted: string },
): string {
  return `${path}: found ${found}, want ${wanted}`;
}

/** Facts below each other; in a terminal what is longer than a line goes on below. */
function keyValues(
  facts: readonly (readonly [string, string | undefined])[],
  terminalWidth: number | undefined,
): string {
  const left = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, value = ""]) => {
    const safe = harmless(value);
    const text = terminalWidth === undefined
      ? safe
      : wrap(safe, Math.max(20, terminalWidth - left));
    return `${name.padEnd(left)}${text.replaceAll("\n", `\n${" ".repeat(left)}`)}\n`;
  });
  return lines.join("");
}
