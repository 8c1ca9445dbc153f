import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import schema from "../../schema/config.schema.json" with { type: "json" };

/** One setting that is not as `schema/config.schema.json` wants it. */
export interface SettingFault {
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** Whether there is no such setting. */
  readonly unknown: boolean;
  /** What is wanted there. */
  readonly wanted: string;
}

interface SchemaNode {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
}

let compiled: ValidateFunction | undefined;

/** Every setting of a document that is at fault, each once. */
export function checkDocument(document: object): SettingFault[] {
  compiled ??= new Ajv2020({
    allErrors: true,
    ownProperties: true,
    strict: false,
    strictNumbers: true,
  }).compile(schema);
  if (compiled(document)) return [];
  const faults = new Map<string, SettingFault>();
  for (const error of compiled.errors ?? []) {
    const fault = faultAt(keysOf(error));
    faults.set(JSON.stringify(fault.path), fault);
  }
  return [...faults.values()];
}

function keysOf({ instancePath, params }: ErrorObject): string[] {
  const keys = instancePath.split("/").slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const { additionalProperty } = params;
  return typeof additionalProperty === "string" ? [...keys, additionalProperty] : keys;
}

/** The setting on the way to a place: in the schema it has a description, the tables around it have none. */
function faultAt(keys: readonly string[]): SettingFault {
  let node: SchemaNode = schema;
  for (const [index, key] of keys.entries()) {
    const path = keys.slice(0, index + 1);
    const next = below(node, key);
    if (next === undefined) {
      return {
        path,
        unknown: true,
        wanted: `one of ${Object.keys(node.properties ?? {}).join(", ")}`,
      };
    }
    if (next.description !== undefined) {
      return { path, unknown: false, wanted: next.description };
    }
    node = next;
  }
  return { path: keys, unknown: false, wanted: "a table" };
}

function below({ properties = {}, additionalProperties }: SchemaNode, key: string) {
  const next = Object.hasOwn(properties, key)
    ? properties[key]
    : typeof additionalProperties === "object"
    ? additionalProperties
    : undefined;
  return next?.$ref === undefined ? next : definition(next.$ref);
}

function definition(ref: string): SchemaNode | undefined {
  const name = ref.replace("#/$defs/", "");
  const definitions: Readonly<Record<string, SchemaNode>> = schema.$defs;
  return definitions[name];
}
