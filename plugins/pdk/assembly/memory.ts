// Bytes and texts between the guest's memory and the kernel's, in steps of eight bytes.

import * as kernel from "./kernel";

/** UTF-8 of a text; halves of a broken surrogate pair become U+FFFD. */
export function encode(text: string): ArrayBuffer {
  return String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE);
}

/** The text of UTF-8 bytes. */
export function decode(bytes: ArrayBuffer): string {
  return String.UTF8.decode(bytes);
}

/** A new kernel block with these bytes; 0 for none. */
export function toKernel(bytes: ArrayBuffer): u64 {
  const length = <u64> bytes.byteLength;
  const handle = kernel.alloc(length);
  if (handle == 0) return 0;
  const from = changetype<usize>(bytes);
  let i: u64 = 0;
  for (; i + 8 <= length; i += 8) kernel.store_u64(handle + i, load<u64>(from + <usize> i));
  for (; i < length; i++) kernel.store_u8(handle + i, load<u8>(from + <usize> i));
  return handle;
}

/** A new kernel block with a text in UTF-8; 0 for the empty text. */
export function textToKernel(text: string): u64 {
  return toKernel(encode(text));
}

/** A copy of a kernel block; `null` for no block. */
export function copyFromKernel(handle: u64): ArrayBuffer | null {
  if (handle == 0) return null;
  const length = kernel.length(handle);
  const bytes = new ArrayBuffer(<i32> length);
  const to = changetype<usize>(bytes);
  let i: u64 = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + <usize> i, kernel.load_u64(handle + i));
  for (; i < length; i++) store<u8>(to + <usize> i, <u8> kernel.load_u8(handle + i));
  return bytes;
}

/** The same, and the block is released. */
export function takeFromKernel(handle: u64): ArrayBuffer | null {
  const bytes = copyFromKernel(handle);
  kernel.free(handle);
  return bytes;
}

/** The bytes the host gave to this call. */
export function input(): ArrayBuffer {
  const length = kernel.input_length();
  const bytes = new ArrayBuffer(<i32> length);
  const to = changetype<usize>(bytes);
  let i: u64 = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + <usize> i, kernel.input_load_u64(i));
  for (; i < length; i++) store<u8>(to + <usize> i, <u8> kernel.input_load_u8(i));
  return bytes;
}

/** The text the host gave to this call. */
export function inputText(): string {
  return decode(input());
}

/** Makes these bytes the answer of this call. */
export function output(bytes: ArrayBuffer): void {
  kernel.output_set(toKernel(bytes), <u64> bytes.byteLength);
}

/** Makes this text the answer of this call. */
export function outputText(text: string): void {
  output(encode(text));
}

/** Makes this text the error of this call, whatever the export returns; empty takes it back. */
export function setErrorText(text: string): void {
  kernel.error_set(textToKernel(text));
}
