import assert from "node:assert/strict";

/** An operation of `/openapi.json`, as far as tests follow it. */
export interface Described {
  readonly method: string;
  readonly path: string;
  /** The scope it needs; undefined where anyone may ask. */
  readonly scope: string | undefined;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: "path" | "query" | "header";
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly body:
    | { readonly required: boolean; readonly type: string; readonly schema: Schema }
    | undefined;
  /** Media types of each answer, with their schemas, by status. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, { readonly schema: Schema }>>>>;
}

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** The document, as far as tests read it. */
export interface Document {
  readonly info: Schema;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

type Media = Readonly<Record<string, { readonly schema: Schema }>>;

interface Operation {
  readonly security: readonly { readonly token: readonly string[] }[];
  readonly parameters: Described["parameters"];
  readonly requestBody?: { readonly required: boolean; readonly content: Media };
  readonly responses: Readonly<Record<string, { readonly content?: Media }>>;
}

/** The document an API gives out, as it came and operation by operation. */
export async function readDocument(app: {
  request(path: string): Response | Promise<Response>;
}): Promise<{ document: Document; operations: Described[] }> {
  const response = await app.request("/openapi.json");
  assert.equal(response.status, 200);
  const document: Document = await response.json();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describedBy(method, path, operation))
  );
  return { document, operations };
}

function describedBy(method: string, path: string, operation: Operation): Described {
  const { security, parameters, requestBody, responses } = operation;
  const [taken] = Object.entries(requestBody?.content ?? {});
  return {
    method: method.toUpperCase(),
    path,
    scope: security[0]?.token[0],
    parameters,
    body: taken && {
      required: requestBody?.required ?? false,
      type: taken[0],
      schema: taken[1].schema,
    },
    answers: Object.fromEntries(
      Object.entries(responses).map(([status, { content = {} }]) => [status, content]),
    ),
  };
}
