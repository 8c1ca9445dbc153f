// JSON values. Numbers keep their digits, so that 64-bit integers and decimals pass through exactly.
// What is absent, malformed or of another kind answers with the given fallback and never traps.

import { JsonReader } from "./json_reader";
import { fitsU64, wholeDigits, writeNumber } from "./json_number";
import { writeText } from "./json_writer";
import { TextBuilder } from "./text_builder";

/** What a {@link Json} is. */
export enum JsonKind {
  /** No such key or index. */
  Missing,
  /** The text was not JSON; see {@link Json.error}. */
  Invalid,
  Null,
  Boolean,
  Number,
  Text,
  Array,
  Object,
}

/** A JSON value, to read or to build. */
@final
export class Json {
  /** What `get` and `at` answer where there is nothing. */
  static readonly MISSING: Json = new Json(JsonKind.Missing);

  private items: Json[] | null = null;
  private members: Map<string, Json> | null = null;

  /** @param scalar Digits of a number, a text, an error, or `true` and `false`. */
  constructor(readonly kind: JsonKind, private readonly scalar: string = "") {}

  /** Reads a JSON document; a malformed one gives a value of kind `Invalid`. */
  static parse(text: string): Json {
    return new JsonReader(text).document();
  }

  static null(): Json {
    return new Json(JsonKind.Null);
  }

  static text(value: string): Json {
    return new Json(JsonKind.Text, value);
  }

  static integer(value: i64): Json {
    return new Json(JsonKind.Number, value.toString());
  }

  static unsigned(value: u64): Json {
    return new Json(JsonKind.Number, value.toString());
  }

  /** JSON has no infinity and no NaN; they become `null`. */
  static float(value: f64): Json {
    return isFinite(value) ? new Json(JsonKind.Number, writeNumber(value)) : Json.null();
  }

  static boolean(value: bool): Json {
    return new Json(JsonKind.Boolean, value ? "true" : "false");
  }

  static array(): Json {
    const array = new Json(JsonKind.Array);
    array.items = [];
    return array;
  }

  static object(): Json {
    const object = new Json(JsonKind.Object);
    object.members = new Map<string, Json>();
    return object;
  }

  /** Whether there is a value, `null` excluded. */
  get exists(): bool {
    return this.kind > JsonKind.Null;
  }

  /** Why {@link Json.parse} gave an `Invalid` value; empty for all others. */
  get error(): string {
    return this.kind == JsonKind.Invalid ? this.scalar : "";
  }

  /** Number of elements or members. */
  get length(): i32 {
    const items = this.items, members = this.members;
    return items !== null ? items.length : members !== null ? members.size : 0;
  }

  /** The member of an object. */
  get(key: string): Json {
    const members = this.members;
    return members !== null && members.has(key) ? members.get(key) : Json.MISSING;
  }

  /** The element of an array. */
  at(index: i32): Json {
    const items = this.items;
    return items !== null && index >= 0 && index < items.length ? items[index] : Json.MISSING;
  }

  /** Keys of an object, in the order they were set. */
  keys(): string[] {
    const members = this.members;
    return members !== null ? members.keys() : [];
  }

  /** The texts of an array; elements of another kind are left out. */
  texts(): string[] {
    const texts: string[] = [];
    for (let i = 0; i < this.length; i++) {
      if (this.at(i).kind == JsonKind.Text) texts.push(this.at(i).text());
    }
    return texts;
  }

  /** Sets a member of an object. */
  set(key: string, value: Json): Json {
    const members = this.members;
    if (members !== null) members.set(key, value);
    return this;
  }

  /** Sets a member unless the text is empty, as hosts write optional fields. */
  setUnlessEmpty(key: string, value: string): Json {
    return value.length > 0 ? this.set(key, Json.text(value)) : this;
  }

  /** Appends to an array. */
  push(value: Json): Json {
    const items = this.items;
    if (items !== null) items.push(value);
    return this;
  }

  text(otherwise: string = ""): string {
    return this.kind == JsonKind.Text ? this.scalar : otherwise;
  }

  boolean(otherwise: bool = false): bool {
    return this.kind == JsonKind.Boolean ? this.scalar == "true" : otherwise;
  }

  float(otherwise: f64 = 0): f64 {
    return this.kind == JsonKind.Number ? F64.parseFloat(this.scalar) : otherwise;
  }

  /** A whole number that an `i64` holds, exactly; `3.0` and `3e2` are whole, `3.5` is not. */
  integer(otherwise: i64 = 0): i64 {
    const digits = this.digits(), negative = this.negative;
    if (!fitsU64(digits)) return otherwise;
    const size = U64.parseInt(digits);
    if (negative) return size <= <u64> i64.MIN_VALUE ? <i64> (0 - size) : otherwise;
    return size <= <u64> i64.MAX_VALUE ? <i64> size : otherwise;
  }

  /** A whole number that a `u64` holds, exactly. */
  unsigned(otherwise: u64 = 0): u64 {
    const digits = this.digits();
    return fitsU64(digits) && (!this.negative || digits == "0") ? U64.parseInt(digits) : otherwise;
  }

  /** A whole number that an `i32` holds. */
  int32(otherwise: i32 = 0): i32 {
    const value = this.integer(<i64> otherwise);
    return value == <i64> <i32> value ? <i32> value : otherwise;
  }

  /** The value as JSON. `Missing` and `Invalid` are written as `null`. */
  toString(): string {
    const out = new TextBuilder();
    this.write(out);
    return out.toString();
  }

  private write(out: TextBuilder): void {
    if (this.kind == JsonKind.Text) writeText(out, this.scalar);
    else if (this.kind == JsonKind.Array) this.writeItems(out);
    else if (this.kind == JsonKind.Object) this.writeMembers(out);
    else if (this.kind > JsonKind.Null) out.append(this.scalar);
    else out.append("null");
  }

  private writeItems(out: TextBuilder): void {
    out.append("[");
    for (let i = 0; i < this.length; i++) {
      if (i > 0) out.append(",");
      this.at(i).write(out);
    }
    out.append("]");
  }

  private writeMembers(out: TextBuilder): void {
    out.append("{");
    const keys = this.keys();
    for (let i = 0; i < keys.length; i++) {
      if (i > 0) out.append(",");
      writeText(out, keys[i]);
      out.append(":");
      this.get(keys[i]).write(out);
    }
    out.append("}");
  }

  private get negative(): bool {
    return this.scalar.length > 0 && this.scalar.charCodeAt(0) == 0x2d;
  }

  /** The digits of a whole number without its sign; empty where there is none. */
  private digits(): string {
    return this.kind == JsonKind.Number ? wholeDigits(this.scalar, this.negative ? 1 : 0) : "";
  }
}
