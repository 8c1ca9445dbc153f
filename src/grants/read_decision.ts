import { PERMISSION_KEYS, type PermissionKey } from "../manifest/mod.ts";
import type { Decision, NetworkNarrowing } from "./decision.ts";

/** Reads one field of a decision. @throws {TypeError} with a sentence on what it is not. */
type Reader<T> = (name: string, value: unknown) => T;

const READERS: { readonly [Field in keyof Decision]-?: Reader<Required<Decision>[Field]> } = {
  without: listOf(isPermission, "permissions"),
  http: narrowing,
  websocket: narrowing,
  localNetwork: flag,
  addresses: listOf(isName, "hosts, addresses and blocks"),
  users: allOr(listOf(isName, "names")),
  libraries: allOr(listOf(isId, "whole numbers")),
  writeLibraries: flag,
};

/**
 * A decision from the fields of a JSON object.
 *
 * @throws {TypeError} A sentence that names the first field that cannot be one, such as `users is no list of names`.
 */
export function readDecision(fields: Readonly<Record<string, unknown>>): Decision {
  const read = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (!isField(name)) throw new TypeError(`"${name.slice(0, 64)}" is no field of it`);
    return [name, READERS[name](name, value)];
  });
  return Object.fromEntries(read);
}

function isField(name: string): name is keyof Decision {
  return Object.hasOwn(READERS, name);
}

function flag(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} is no boolean`);
}

function allOr<T>(read: Reader<T>): Reader<T | "all"> {
  return (name, value) => value === "all" ? value : read(name, value);
}

function listOf<T>(is: (item: unknown) => item is T, what: string): Reader<T[]> {
  return (name, value) => {
    if (Array.isArray(value) && value.every(is)) return value;
    throw new TypeError(`${name} is no list of ${what}`);
  };
}

function narrowing(name: string, value: unknown): NetworkNarrowing {
  const { hosts, urls, ...others } = fieldsOf(name, value);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new TypeError(`"${unknown.slice(0, 64)}" is no field of ${name}`);
  }
  const names = listOf(isName, "host patterns");
  const methods = listOf(isName, "methods");
  return {
    ...(hosts !== undefined && { hosts: names(`${name}.hosts`, hosts) }),
    ...(urls !== undefined && {
      urls: Object.fromEntries(
        Object.entries(fieldsOf(`${name}.urls`, urls)).map(([pattern, list]) => [
          pattern,
          methods(`${name}.urls["${pattern.slice(0, 64)}"]`, list)
            .map((method) => method.toUpperCase()),
        ]),
      ),
    }),
  };
}

function fieldsOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} is no object`);
  }
  return { ...value };
}

function isPermission(value: unknown): value is PermissionKey {
  return PERMISSION_KEYS.some((key) => key === value);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
