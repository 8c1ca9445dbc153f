import type { OpenApiDocument, Operation } from "./openapi.ts";

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font:600 1rem ui-monospace,monospace;margin:2.5rem 0 .3rem;word-break:break-all}
h2 b{display:inline-block;min-width:4.5rem;color:#0a58a5}p{margin:.3rem 0}code,pre{font:.88rem ui-monospace,monospace}
table{border-collapse:collapse;width:100%;margin:.6rem 0}td{border-top:1px solid #ddd;padding:.2rem .6rem .2rem 0;vertical-align:top}
td:first-child{white-space:nowrap;width:1%}pre{background:#f4f4f4;padding:.6rem;overflow:auto;border-radius:4px}
nav a{display:block;font:.88rem ui-monospace,monospace}a{color:#0a58a5}small{color:#666}
@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}pre{background:#222}td{border-color:#333}
h2 b,a{color:#79b8ff}small{color:#999}}`;

/** The page's policy: its own style by its hash, and nothing else: no script, no request, no frame. */
export async function docsPolicy(): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  const text = btoa(String.fromCharCode(...new Uint8Array(hash)));
  return `default-src 'none'; style-src 'sha256-${text}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** The document as a page that needs nothing besides itself. */
export function docsPage({ info, paths, components }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const links = operations.map(({ path, method, operation }) =>
    `<a href="#${operation.operationId}">${method.toUpperCase().padEnd(7)}${safe(path)}</a>`
  );
  const sections = operations.map(({ path, method, operation }) =>
    section(path, method, operation)
  );
  const { schemas } = components;
  const shapes = Object.entries(typeof schemas === "object" ? schemas ?? {} : {}).map(
    ([name, schema]) => `<h2 id="${name}">${name}</h2>${json(schema)}`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${safe(info.title)} API</title><style>${STYLE}</style></head><body>
<h1>${safe(info.title)} API</h1><p>${words(info.description)}</p>
<p>For programs: <a href="openapi.json">openapi.json</a></p>
<nav>${links.join("\n")}</nav>
${sections.join("\n")}
<h1>Shapes</h1>
${shapes.join("\n")}
</body></html>
`;
}

function section(path: string, method: string, operation: Operation): string {
  const { operationId, summary, description, security, parameters, requestBody, responses } =
    operation;
  const [scope = "no token"] = security.flatMap((one) => Object.values(one).flat());
  const rows = parameters.map(({ name, description, schema, ...where }) =>
    row(
      `<code>${safe(String(name))}</code>`,
      `${safe(where.in)} ${words(description ?? "")}`,
      schema,
    )
  );
  const answers = Object.entries(responses).map(([status, { description, content }]) =>
    row(`<code>${status}</code>`, words(description), Number(status) < 400 ? content : undefined)
  );
  return `<h2 id="${operationId}"><b>${method.toUpperCase()}</b>${safe(path)}</h2>
<p>${words(summary)}. ${words(description ?? "")} <small>${safe(scope)}</small></p>
<table>${rows.join("")}${
    requestBody === undefined
      ? ""
      : row("body", words(requestBody.description), requestBody.content)
  }</table>
<table>${answers.join("")}</table>`;
}

function row(first: string, second: string, shape: unknown): string {
  return `<tr><td>${first}</td><td>${second}${shape === undefined ? "" : json(shape)}</td></tr>`;
}

function json(value: unknown): string {
  const text = safe(JSON.stringify(value, null, 2));
  const linked = text.replace(
    /#\/components\/schemas\/(\w+)/g,
    (whole, name) => `<a href="#${name}">${whole}</a>`,
  );
  return `<pre>${linked}</pre>`;
}

function words(text: unknown): string {
  return safe(text).replace(/`([^`]*)`/g, "<code>$1</code>");
}

function safe(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
