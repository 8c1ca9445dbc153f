import { type TObject, type TSchema, Type } from "@sinclair/typebox";
import { SoundproofError } from "../errors.ts";
import { isOf, problemsOf } from "./check.ts";
import type { Shape } from "./schemas.ts";

/** The query that a route takes. */
export interface QueryDefinition<Query> {
  /** Its parameters. */
  readonly schema: TSchema;
  /** @throws {SoundproofError} `api.query_invalid` for what is wrong, unknown, or there twice */
  read(query: URLSearchParams): Query;
}

/** No parameter at all. */
export const NO_QUERY: QueryDefinition<Record<never, never>> = queryOf(Type.Object({}));

/** A query whose parameters are the properties of an object; whole numbers and booleans are read from their text. */
export function queryOf<Schema extends TObject>(schema: Schema): QueryDefinition<Shape<Schema>> {
  const properties: Readonly<Record<string, TSchema>> = schema.properties;
  return {
    schema,
    read(query) {
      const values: Record<string, unknown> = {};
      for (const [name, text] of query) {
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        if (property === undefined) throw refusal(name, text, "no such parameter");
        if (Object.hasOwn(values, name)) throw refusal(name, text, "it once");
        values[name] = valueOf(property, text);
      }
      if (isOf(schema, values)) return values;
      const [problem] = problemsOf(schema, values);
      const name = problem?.path.slice(2) ?? "";
      throw refusal(name, query.get(name) ?? "", problem?.wanted ?? "another value");
    },
  };
}

function valueOf({ type }: TSchema, text: string): unknown {
  if (type === "integer") return wholeNumber(text) ?? text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** A whole number from its digits, if it is one that can be counted with. */
export function wholeNumber(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

function refusal(name: string, text: string, wanted: string): SoundproofError {
  const [shortName, shortText] = [name.slice(0, 64), text.slice(0, 64)];
  return new SoundproofError(
    "api.query_invalid",
    `Cannot take ${shortName} "${shortText}": want ${wanted}`,
  );
}
