// A strict reader of JSON (RFC 8259). A fault ends the reading and is kept as a sentence.

import { Json, JsonKind } from "./json";
import { TextBuilder } from "./text_builder";

/** Deeper documents are refused: the reader calls itself, and a stack is finite. */
const MAX_DEPTH: i32 = 256;

const QUOTE: i32 = 0x22;
const COMMA: i32 = 0x2c;
const COLON: i32 = 0x3a;
const BACKSLASH: i32 = 0x5c;
const BRACKET_CLOSE: i32 = 0x5d;
const BRACE_CLOSE: i32 = 0x7d;
const END: i32 = -1;

/** Reads one document. */
export class JsonReader {
  private at: i32 = 0;
  private fault: string = "";

  constructor(private readonly source: string) {}

  document(): Json {
    const value = this.value(0);
    if (this.fault.length == 0 && this.next() != END) this.unexpected();
    return this.fault.length == 0 ? value : new Json(JsonKind.Invalid, this.fault);
  }

  private value(depth: i32): Json {
    switch (this.next()) {
      case 0x7b: // {
        return this.object(depth + 1);
      case 0x5b: // [
        return this.array(depth + 1);
      case QUOTE:
        return Json.text(this.text());
      case 0x74: // t
        return this.word("true", JsonKind.Boolean);
      case 0x66: // f
        return this.word("false", JsonKind.Boolean);
      case 0x6e: // n
        return this.word("null", JsonKind.Null);
      default:
        return this.number();
    }
  }

  private object(depth: i32): Json {
    const object = Json.object();
    this.at++;
    if (this.tooDeep(depth) || this.skips(BRACE_CLOSE)) return object;
    do {
      if (this.next() != QUOTE) return this.unexpected();
      const key = this.text();
      if (!this.skips(COLON)) return this.unexpected();
      object.set(key, this.value(depth));
    } while (this.skips(COMMA));
    return this.skips(BRACE_CLOSE) ? object : this.unexpected();
  }

  private array(depth: i32): Json {
    const array = Json.array();
    this.at++;
    if (this.tooDeep(depth) || this.skips(BRACKET_CLOSE)) return array;
    do {
      array.push(this.value(depth));
    } while (this.skips(COMMA));
    return this.skips(BRACKET_CLOSE) ? array : this.unexpected();
  }

  private tooDeep(depth: i32): bool {
    if (depth > MAX_DEPTH) this.fail("more than " + MAX_DEPTH.toString() + " levels");
    return this.fault.length > 0;
  }

  private word(word: string, kind: JsonKind): Json {
    if (!this.source.startsWith(word, this.at)) return this.unexpected();
    this.at += word.length;
    return new Json(kind, word);
  }

  private number(): Json {
    const from = this.at;
    if (this.peek() == 0x2d) this.at++; // -
    const leading = this.at;
    if (!this.digits()) return this.unexpected();
    if (this.at - leading > 1 && this.source.charCodeAt(leading) == 0x30) {
      this.at = leading + 1;
      return this.unexpected();
    }
    if (this.peek() == 0x2e) { // .
      this.at++;
      if (!this.digits()) return this.unexpected();
    }
    if ((this.peek() | 0x20) == 0x65) { // e, E
      this.at++;
      if (this.peek() == 0x2b || this.peek() == 0x2d) this.at++;
      if (!this.digits()) return this.unexpected();
    }
    return new Json(JsonKind.Number, this.source.substring(from, this.at));
  }

  private digits(): bool {
    const from = this.at;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) this.at++;
    return this.at > from;
  }

  private text(): string {
    let plainFrom = ++this.at;
    let before: TextBuilder | null = null; // what stands before `plainFrom`, if there were escapes
    while (true) {
      const code = this.peek();
      if (code < 0x20) { // a control character, or the end
        this.unexpected();
        return "";
      }
      this.at++;
      if (code == QUOTE) {
        return before === null
          ? this.source.substring(plainFrom, this.at - 1)
          : before.append(this.source, plainFrom, this.at - 1).toString();
      }
      if (code == BACKSLASH) {
        if (before === null) before = new TextBuilder();
        before.append(this.source, plainFrom, this.at - 1).unit(this.escape());
        if (this.fault.length > 0) return "";
        plainFrom = this.at;
      }
    }
  }

  /** The UTF-16 code unit that is escaped here. */
  private escape(): i32 {
    const code = this.peek();
    this.at++;
    switch (code) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f: // /
        return code;
      case 0x62: // b
        return 0x08;
      case 0x66: // f
        return 0x0c;
      case 0x6e: // n
        return 0x0a;
      case 0x72: // r
        return 0x0d;
      case 0x74: // t
        return 0x09;
      case 0x75: // u
        return this.codeUnit();
    }
    this.at--;
    this.unexpected();
    return 0;
  }

  private codeUnit(): i32 {
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const digit = hexDigit(this.peek());
      if (digit < 0) {
        this.unexpected();
        return 0;
      }
      unit = unit << 4 | digit;
      this.at++;
    }
    return unit;
  }

  /** Whether the next token is this one; goes past it. */
  private skips(code: i32): bool {
    if (this.fault.length > 0 || this.next() != code) return false;
    this.at++;
    return true;
  }

  /** The character here; {@link END} behind the last one. */
  private peek(): i32 {
    return this.at < this.source.length ? this.source.charCodeAt(this.at) : END;
  }

  /** The first character that is no white space. */
  private next(): i32 {
    let code = this.peek();
    while (code == 0x20 || code == 0x0a || code == 0x0d || code == 0x09) {
      this.at++;
      code = this.peek();
    }
    return code;
  }

  private unexpected(): Json {
    const code = this.peek();
    if (code == END) return this.fail("unexpected end");
    return this.fail("unexpected character at " + this.at.toString());
  }

  /** The first fault counts; those after it follow from it. */
  private fail(what: string): Json {
    if (this.fault.length == 0) this.fault = "Cannot read JSON: " + what;
    return Json.MISSING;
  }
}

function hexDigit(code: i32): i32 {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
