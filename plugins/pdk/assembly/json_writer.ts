// Texts as JSON strings.

const HEX = "0123456789abcdef";

/** Appends a JSON string. Halves of broken surrogate pairs are escaped: UTF-8 has no form for them. */
export function writeText(parts: string[], text: string): void {
  parts.push('"');
  let plainFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const paired = isHigh(code) && i + 1 < text.length && isLow(text.charCodeAt(i + 1));
    if (paired) {
      i++;
    } else if (code < 0x20 || code == 0x22 || code == 0x5c || isHigh(code) || isLow(code)) {
      if (plainFrom < i) parts.push(text.substring(plainFrom, i));
      parts.push(escaped(code));
      plainFrom = i + 1;
    }
  }
  if (plainFrom < text.length) parts.push(plainFrom == 0 ? text : text.substring(plainFrom));
  parts.push('"');
}

function isHigh(code: i32): bool {
  return (code & 0xfc00) == 0xd800;
}

function isLow(code: i32): bool {
  return (code & 0xfc00) == 0xdc00;
}

function escaped(code: i32): string {
  switch (code) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0a:
      return "\\n";
    case 0x0c:
      return "\\f";
    case 0x0d:
      return "\\r";
  }
  return "\\u" + HEX.charAt(code >> 12) + HEX.charAt(code >> 8 & 15) + HEX.charAt(code >> 4 & 15) +
    HEX.charAt(code & 15);
}
