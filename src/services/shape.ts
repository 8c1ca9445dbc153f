/**
 * The types that fields of requests and answers can have: how each is read, written and described.
 *
 * The rules are those of `extism-abi.md` section 2.1. On the way in: missing or `null` is the zero value,
 * unknown fields are ignored, field names match in any letter case, bytes are base64 or an array of
 * numbers, and a value of a wrong type is an error. On the way out: a field with its zero value is left
 * out. 64-bit integers are `bigint` here and plain JSON numbers there, exact over the whole range.
 *
 * @module
 */

/** A request that is not what its shape wants. The text goes to the guest as it is. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** What {@link describe} gives for a shape: field name to type. */
export type ShapeDescription = { readonly [field: string]: TypeDescription };
/** A type's name, or the shape of an object or of an array's elements. */
export type TypeDescription = string | ShapeDescription | readonly [TypeDescription];

/** How one field is read (as `T`), written (from `W`) and described. */
export interface Field<T, W = T> {
  /** Its type, for documents. */
  readonly type: TypeDescription;
  /** The value of a missing or `null` field. */
  readonly zero: T;
  /** Reads a value that is neither missing nor `null`; `at` names the field in errors. */
  read(value: unknown, at: string): T;
  /** The JSON text of a value, or `undefined` when an answer leaves it out. */
  write(value: W): string | undefined;
  /** The text of a field that an answer carries even when nobody gave it a value. */
  readonly textWhenMissing?: string;
}

/** The fields of an object. */
export type Shape = { readonly [name: string]: Field<unknown, never> };
/** The object that a shape decodes to. */
export type Decoded<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Field<infer T, never> ? T : never;
};
/** The object that a shape encodes; what is missing in it is left out. */
export type Encodable<S extends Shape> = {
  readonly [K in keyof S]?: (S[K] extends Field<unknown, infer W> ? W : never) | undefined;
};

/** A number as it was written, kept where a double could have changed it. */
export class NumberText {
  constructor(readonly source: string) {}
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value instanceof NumberText) return `number ${value.source.slice(0, 40)}`;
  return typeof value === "number" ? `number ${value}` : typeof value;
}

function wrong(value: unknown, at: string, type: string): JsonError {
  const where = at === "" ? "request" : `field ${at}`;
  return new JsonError(`cannot unmarshal ${typeName(value)} into ${where} of type ${type}`);
}

function readInteger(value: unknown, at: string, type: string, bits: 32 | 64): bigint {
  let integer: bigint;
  if (typeof value === "number" && Number.isSafeInteger(value)) integer = BigInt(value);
  // Longer than any 64-bit integer: not worth turning into a number.
  else if (value instanceof NumberText && /^-?\d{1,20}$/.test(value.source)) {
    integer = BigInt(value.source);
  } else throw wrong(value, at, type);
  if (BigInt.asIntN(bits, integer) !== integer) throw wrong(value, at, type);
  return integer;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof NumberText);
}

function readBytes(value: unknown, at: string): Uint8Array {
  if (typeof value === "string") {
    try {
      return Uint8Array.fromBase64(value, { lastChunkHandling: "strict" });
    } catch {
      throw new JsonError(`cannot unmarshal string into field ${at}: illegal base64 data`);
    }
  }
  if (!Array.isArray(value)) throw wrong(value, at, "bytes");
  const bytes = new Uint8Array(value.length);
  for (const [index, item] of value.entries()) {
    if (!Number.isInteger(item) || item < 0 || item > 255) {
      throw wrong(item, `${at}[${index}]`, "uint8");
    }
    bytes[index] = item;
  }
  return bytes;
}

function readString(value: unknown, at: string): string {
  if (typeof value !== "string") throw wrong(value, at, "string");
  return value.toWellFormed();
}

function readMap<T, W>(value: unknown, at: string, item: Field<T, W>): ReadonlyMap<string, T> {
  if (!isObject(value)) throw wrong(value, at, "map");
  const map = new Map<string, T>();
  for (const [key, entry] of Object.entries(value)) {
    map.set(
      key.toWellFormed(),
      readField(item, entry, `${at}[${JSON.stringify(key.slice(0, 64))}]`),
    );
  }
  return map;
}

function readArray<T, W>(value: unknown, at: string, item: Field<T, W>): T[] {
  if (!Array.isArray(value)) throw wrong(value, at, "array");
  return value.map((entry, index) => readField(item, entry, `${at}[${index}]`));
}

function readField<T, W>(field: Field<T, W>, value: unknown, at: string): T {
  return value === null || value === undefined ? field.zero : field.read(value, at);
}

/** Writes what a field would leave out as well. */
function writeAnyway<T, W>(field: Field<T, W>, value: W): string {
  return field.write(value) ?? zeroText(value);
}

function zeroText(value: unknown): string {
  if (typeof value === "bigint") return "0";
  if (value instanceof Uint8Array) return '""';
  if (value instanceof Map) return "{}";
  // JSON has no text for NaN and infinities, and decoders of guests refuse null.
  if (typeof value === "number") return "0";
  return JSON.stringify(value) ?? "null";
}

/** Reads an object's fields; `at` is empty for the request itself. */
export function readShape<S extends Shape>(shape: S, value: unknown, at: string): Decoded<S> {
  if (!isObject(value)) throw wrong(value, at, "object");
  const decoded: Record<string, unknown> = {};
  const names = foldedNames(shape);
  for (const [name, field] of Object.entries(shape)) decoded[name] = field.zero;
  for (const [key, entry] of Object.entries(value)) {
    const name = Object.hasOwn(shape, key) ? key : names.get(key.toLowerCase());
    const field = name === undefined ? undefined : shape[name];
    if (name === undefined || field === undefined) continue;
    // As upstream: a null leaves what an earlier spelling of the same field has set.
    if (entry !== null) decoded[name] = field.read(entry, at === "" ? name : `${at}.${name}`);
  }
  // Every field of the shape has been set above, by its own reader or to its own zero value.
  return decoded as Decoded<S>;
}

const folded = new WeakMap<Shape, ReadonlyMap<string, string>>();

function foldedNames(shape: Shape): ReadonlyMap<string, string> {
  let names = folded.get(shape);
  if (names === undefined) {
    names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
    folded.set(shape, names);
  }
  return names;
}

/** The JSON text of an object, without the fields that are left out. */
export function writeShape<S extends Shape>(shape: S, value: Encodable<S>): string {
  const fields: string[] = [];
  for (const name of Object.keys(shape)) {
    // Encodable gives each field's value the type that field writes.
    const field = shape[name] as Field<unknown> | undefined;
    const entry = value[name];
    if (field === undefined) continue;
    const text = entry === undefined ? field.textWhenMissing : field.write(entry);
    if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(",")}}`;
}

/** A string; lone surrogates become U+FFFD. */
export const string: Field<string> = {
  type: "string",
  zero: "",
  read: readString,
  write: (value) => value === "" ? undefined : JSON.stringify(value),
};

/** A boolean. */
export const bool: Field<boolean> = {
  type: "bool",
  zero: false,
  read(value, at) {
    if (typeof value !== "boolean") throw wrong(value, at, "bool");
    return value;
  },
  write: (value) => value ? "true" : undefined,
};

/** A signed 32-bit integer. */
export const int32: Field<number> = {
  type: "int32",
  zero: 0,
  read: (value, at) => Number(readInteger(value, at, "int32", 32)),
  // A music server's numbers are not ours: what is no 32-bit integer would be no JSON a guest can read.
  write: (value) => (value | 0) === 0 ? undefined : String(value | 0),
};

/** A signed 64-bit integer, exact over its whole range. */
export const int64: Field<bigint> = {
  type: "int64",
  zero: 0n,
  read: (value, at) => readInteger(value, at, "int64", 64),
  write: (value) => value === 0n ? undefined : value.toString(),
};

/** A finite double. */
export const float64: Field<number> = {
  type: "float64",
  zero: 0,
  read(value, at) {
    const number = value instanceof NumberText ? Number(value.source) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) throw wrong(value, at, "float64");
    return number;
  },
  write: (value) => value === 0 || !Number.isFinite(value) ? undefined : String(value),
};

/** Bytes: standard base64 with padding, or on the way in an array of numbers. */
export const bytes: Field<Uint8Array> = {
  type: "bytes",
  zero: new Uint8Array(0),
  read: readBytes,
  write: (value) => value.length === 0 ? undefined : `"${value.toBase64()}"`,
};

/** A map from strings to values of one type. An answer's map keeps entries with a zero value. */
export function map<T, W>(
  item: Field<T, W>,
): Field<ReadonlyMap<string, T>, ReadonlyMap<string, W>> {
  return {
    type: { "*": item.type },
    zero: new Map(),
    read: (value, at) => readMap(value, at, item),
    write(value) {
      if (value.size === 0) return undefined;
      const entries = [...value].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
      return `{${
        entries.map(([key, entry]) => `${JSON.stringify(key)}:${writeAnyway(item, entry)}`).join(
          ",",
        )
      }}`;
    },
  };
}

/** An array of values of one type. */
export function list<T, W>(item: Field<T, W>): Field<readonly T[], readonly W[]> {
  return {
    type: typeof item.type === "string" ? `${item.type}[]` : [item.type],
    zero: [],
    read: (value, at) => readArray(value, at, item),
    write: (value) =>
      value.length === 0
        ? undefined
        : `[${value.map((entry) => writeAnyway(item, entry)).join(",")}]`,
  };
}

/** An object with fields of its own. A missing one decodes to all zero values. */
export function object<S extends Shape>(shape: S): Field<Decoded<S>, Encodable<S>> {
  return {
    type: describe(shape),
    zero: readShape(shape, {}, ""),
    read: (value, at) => readShape(shape, value, at),
    write: (value) => writeShape(shape, value),
  };
}

/** A field that an answer carries even when it has its zero value. */
export function always<T, W>(field: Field<T, W>): Field<T, W> {
  return {
    ...field,
    write: (value) => writeAnyway(field, value),
    textWhenMissing: zeroText(field.zero),
  };
}

/** A field that tells missing or `null` (`null`) from its zero value; an answer leaves `null` out. */
export function nullable<T, W>(field: Field<T, W>): Field<T | null, W | null> {
  return {
    type: field.type,
    zero: null,
    read: (value, at) => field.read(value, at),
    write: (value) => value === null ? undefined : writeAnyway(field, value),
  };
}

/** The shape in plain JSON, for documents and `plugin functions`. */
export function describe(shape: Shape): ShapeDescription {
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.type]));
}
