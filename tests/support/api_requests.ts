import fc from "fast-check";
import type { Described, Schema } from "./api_document.ts";

/** A request as a client of the document would send it, or one that errs. */
export interface Made {
  readonly operation: Described;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** Values of a JSON schema; `named` are those that references mean. */
export function valuesOf(
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
): fc.Arbitrary<unknown> {
  const of = (part: unknown) => valuesOf(part as Schema, named);
  const { $ref, anyOf, enum: words, const: only, type } = schema;
  if (typeof $ref === "string") return of(named[$ref.slice($ref.lastIndexOf("/") + 1)]);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map(of));
  if (Array.isArray(words)) return fc.constantFrom(...words);
  if (only !== undefined) return fc.constant(only);
  switch (type) {
    case "string":
      return fc.string({
        minLength: Number(schema.minLength ?? 0),
        maxLength: 12,
        unit: "grapheme",
      });
    case "integer":
    case "number": {
      const bounds = { min: Number(schema.minimum ?? -5), max: Number(schema.maximum ?? 2 ** 31) };
      return type === "integer" ? fc.integer(bounds) : fc.double({ ...bounds, noNaN: true });
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(of(schema.items ?? {}), { maxLength: 3 });
    case "object": {
      const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => [name, of(part)]);
      if (parts.length === 0) return fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 });
      return fc.record(Object.fromEntries(parts), {
        requiredKeys: (schema.required ?? []) as never[],
        noNullPrototype: true,
      });
    }
    default:
      return fc.jsonValue();
  }
}

/** Requests of these operations: most as the document says, with known names and a good token; the others err somewhere. */
export function requestsOf(
  operations: readonly Described[],
  named: Readonly<Record<string, Schema>>,
  known: { readonly names: readonly string[]; readonly tokens: readonly string[] },
): fc.Arbitrary<Made> {
  const one = (operation: Described): fc.Arbitrary<Made> => {
    const { parameters, body } = operation;
    const text = parameters.map(({ in: place, schema }) =>
      place === "path"
        ? often(fc.constantFrom(...known.names), fc.string({ minLength: 1, unit: "binary" }))
        : often(valuesOf(schema, named).map(String), fc.string({ unit: "binary" }))
    );
    const sent = body === undefined ? fc.constantFrom(undefined, "{}") : often(
      valuesOf(body.schema, named).map((value) =>
        body.type === "application/json" ? JSON.stringify(value) : String(value)
      ),
      fc.oneof(fc.json(), fc.string(), fc.constant("")),
    );
    return fc.record({
      values: fc.tuple(...text),
      given: fc.tuple(
        ...parameters.map(({ required }) => fc.boolean().map((is) => is || required)),
      ),
      token: often(fc.constant("admin"), fc.constantFrom(...known.tokens)),
      body: operation.method === "GET" ? fc.constant(undefined) : sent,
    }).map(({ values, given, token, body }) => {
      let path = operation.path;
      const query = new URLSearchParams();
      const headers = new Headers({ authorization: `Bearer ${token}` });
      parameters.forEach((parameter, index) => {
        const value = values[index]!.toWellFormed();
        if (!given[index]) return;
        if (parameter.in === "path") {
          path = path.replace(`{${parameter.name}}`, () => encoded(value));
        } else if (parameter.in === "query") query.append(parameter.name, value);
        else if (/^[\x21-\x7e]+$/.test(value)) headers.set(parameter.name, value);
      });
      const target = query.size === 0 ? path : `${path}?${query}`;
      return { operation, target, headers: Object.fromEntries(headers), body };
    });
  };
  return fc.oneof(...operations.map(one));
}

/** A segment of a path; `.` and `..` would be another path, however they are written. */
function encoded(value: string): string {
  return /^\.\.?$/.test(value) ? "x" : encodeURIComponent(value);
}

function often<Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ arbitrary: usual, weight: 7 }, { arbitrary: odd, weight: 1 });
}
