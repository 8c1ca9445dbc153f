// Numbers of JSON as texts: none of their digits is lost on the way through a guest.

const U64_MAX_DIGITS = "18446744073709551615";
const MAX_SAFE_INTEGER: f64 = 9007199254740991;

/** Whether decimal digits without leading zeros are a `u64`; the empty text is none. */
export function fitsU64(digits: string): bool {
  const length = digits.length;
  return length > 0 &&
    (length < U64_MAX_DIGITS.length || length == U64_MAX_DIGITS.length && digits <= U64_MAX_DIGITS);
}

/** The digits of a number from an offset on, if it is whole; empty if not. */
export function wholeDigits(number: string, from: i32): string {
  for (let i = from; i < number.length; i++) {
    const code = number.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return wholeDigitsOfFloat(number);
  }
  return number.substring(from);
}

/** `3.0` and `3e2` say a whole number in another way; beyond 2^53 a float cannot tell. */
function wholeDigitsOfFloat(number: string): string {
  const value = Math.abs(F64.parseFloat(number));
  return value <= MAX_SAFE_INTEGER && Math.trunc(value) == value ? (<u64> value).toString() : "";
}

/** A finite float in the fewest digits that read back as the same float. */
export function writeNumber(value: f64): string {
  const text = value.toString();
  return text.endsWith(".0") ? text.substring(0, text.length - 2) : text;
}
