import type { TSchema } from "@sinclair/typebox";
import { NAMED_CAPABILITY } from "./capability_schemas.ts";
import type { AnswerDefinition, Route } from "./route.ts";
import { NAMED, ProblemDetails } from "./schemas.ts";

/** Part of a JSON document. */
type Part = Readonly<Record<string, unknown>>;

/** An operation of an {@link OpenApiDocument}. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Part[];
  readonly requestBody?: Part;
  readonly responses: Readonly<Record<string, Part>>;
}

/** OpenAPI 3.1, as far as we write it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Part;
}

/** Version of what the paths promise. */
const API_VERSION = "1";

const WHY: Readonly<Record<number, string>> = {
  400: "A part of the request is not valid",
  401: "No valid token",
  403: "The token is not good for this, a page of elsewhere asks, or it may not be granted",
  404: "There is no such thing",
  408: "The body came too slowly",
  409: "The state of the plugin is against it",
  413: "The body is too long",
  421: "The `Host` is not a name of this service",
  422: "A package or a setting is not sound",
  429: "Too many requests of this address had no valid token",
  501: "The plugin does not implement this",
  502: "The plugin, or what it needs, is at fault",
  503: "Too much is under way",
  504: "The plugin did not answer in time",
};

/** The OpenAPI document of these routes. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: "3.1.0",
    info: {
      title: "Soundproof",
      version: API_VERSION,
      description: "Runs plugins of music servers that nobody has to trust. " +
        "Errors are problem details (RFC 9457) whose `code` programs can rely on.",
    },
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Scopes: admin, client, read" },
      },
      schemas: Object.fromEntries(
        [...NAMED, ...NAMED_CAPABILITY].map((schema) => [schema.$id, plain(schema, true)]),
      ),
    },
  };
}

function operation(route: Route): Operation {
  const { body } = route;
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    security: route.access === "anyone" ? [] : [{ token: [route.access] }],
    parameters: parametersOf(route),
    ...(body !== undefined && {
      requestBody: {
        description: body.description,
        required: !body.optional,
        content: { [body.type]: { schema: plain(body.schema) } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, answer]) => [status, answerOf(answer)]),
      ),
      ...Object.fromEntries(
        errorStatuses(route).map((status) => [
          status,
          answerOf({
            description: WHY[status] ?? "An error",
            content: { "application/problem+json": ProblemDetails },
          }),
        ]),
      ),
    },
  };
}

function parametersOf({ params, query, headers = {} }: Route): Part[] {
  const text = { type: "string" };
  return [
    ...Object.entries(params).map(([name, description]) => ({
      name,
      in: "path",
      required: true,
      description,
      schema: { ...text, minLength: 1 },
    })),
    ...Object.entries<TSchema>(query?.schema.properties ?? {}).map(([name, schema]) => ({
      name,
      in: "query",
      required: query?.schema.required?.includes(name) ?? false,
      schema: plain(schema),
    })),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: "header",
      required: false,
      description,
      schema: text,
    })),
  ];
}

/** The statuses of all errors a route can answer with. */
function errorStatuses({ access, body, errors = [] }: Route): number[] {
  return [
    ...new Set([
      ...[400, 403, 421, 503],
      ...(access === "anyone" ? [] : [401, 429]),
      ...(body === undefined ? [] : [408, 413]),
      ...errors,
    ]),
  ].sort((a, b) => a - b);
}

function answerOf({ description, content }: AnswerDefinition): Part {
  return {
    description,
    ...(content !== undefined && {
      content: Object.fromEntries(
        Object.entries(content).map(([type, schema]) => [type, { schema: plain(schema) }]),
      ),
    }),
  };
}

/** A schema as JSON, with a reference in the place of each that has a name. @param whole Whether its own name is left aside. */
function plain(schema: TSchema, whole = false): unknown {
  return JSON.parse(JSON.stringify(schema, function (this: unknown, key, value: unknown) {
    const isNamed = typeof value === "object" && value !== null && "$id" in value;
    if (!isNamed) return value;
    const { $id, ...rest } = value;
    return key === "" && whole ? rest : { $ref: `#/components/schemas/${$id}` };
  }));
}
