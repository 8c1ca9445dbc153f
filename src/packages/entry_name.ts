/** Names that mean a device on Windows, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
/** Longest name of an entry. Characters. */
const MAX_NAME = 1_024;

/**
 * What is wrong with the name of an archive's entry, by the rules of every system that may unpack it.
 *
 * Names that are never unpacked are judged too: whoever looks into the package must see what we see.
 *
 * @returns A state for an error's text; `undefined` where nothing is wrong.
 */
export function entryNameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > MAX_NAME) return `is longer than ${MAX_NAME} characters`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(name)) {
    return "has characters that cannot be seen";
  }
  if (name.includes("\\")) return "has a backslash";
  if (name.startsWith("/")) return "is absolute";
  if (name.includes(":")) return "has a colon";
  for (const segment of name.replace(/\/$/, "").split("/")) {
    if (segment === "" || segment === "." || segment === "..") return `has the step "${segment}"`;
    if (/[. ]$/.test(segment)) return "has a part that ends in a dot or a space";
    if (DEVICE.test(segment)) return "has a part that names a device";
  }
  return undefined;
}

/** One spelling for all names that are one file on some disk: case, Unicode form and final slash aside. */
export function oneSpelling(name: string): string {
  // Upper case first: `ß` and `ſ` have one, whose lower case is the same as of `ss` and `s`.
  return name.replace(/\/$/, "").normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}
