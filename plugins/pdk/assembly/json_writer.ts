// Texts as JSON strings.

import { TextBuilder } from "./text_builder";

const HEX = "0123456789abcdef";

/** Appends a JSON string. Halves of broken surrogate pairs are escaped: UTF-8 has no form for them. */
export function writeText(out: TextBuilder, text: string): void {
  out.append('"');
  let plainFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isHigh(code) && i + 1 < text.length && isLow(text.charCodeAt(i + 1))) {
      i++;
    } else if (code < 0x20 || code == 0x22 || code == 0x5c || isHigh(code) || isLow(code)) {
      out.append(text, plainFrom, i);
      writeEscape(out, code);
      plainFrom = i + 1;
    }
  }
  out.append(text, plainFrom).append('"');
}

function isHigh(code: i32): bool {
  return (code & 0xfc00) == 0xd800;
}

function isLow(code: i32): bool {
  return (code & 0xfc00) == 0xdc00;
}

function writeEscape(out: TextBuilder, code: i32): void {
  out.append("\\");
  switch (code) {
    case 0x22:
    case 0x5c:
      out.unit(code);
      return;
    case 0x08:
      out.append("b");
      return;
    case 0x09:
      out.append("t");
      return;
    case 0x0a:
      out.append("n");
      return;
    case 0x0c:
      out.append("f");
      return;
    case 0x0d:
      out.append("r");
      return;
  }
  out.append("u");
  for (let shift = 12; shift >= 0; shift -= 4) out.unit(HEX.charCodeAt(code >> shift & 15));
}
