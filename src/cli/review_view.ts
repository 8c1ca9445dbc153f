import type { PermissionReview, ReviewItem } from "../grants/mod.ts";
import { cut, harmless, wrap } from "./text.ts";

/** Columns of a review, also in a wider terminal: it is read. */
const WIDTH = 80;
/** Longest reason shown, in columns. */
const MAX_REASON = 800;

const CHANGES: Readonly<Record<ReviewItem["change"], string>> = {
  new: "new",
  wider: "more than was approved",
  narrower: "less than was approved",
  same: "as approved",
};

/**
 * What a package asks for, as a person decides on it: each permission with what it allows, what is unusual about it (`!`), the
 * author's reason in quotes, and, beside an approval, what is asked for anew (`+`) and no longer (`-`).
 *
 * @param who Asks, such as a plugin's name and version.
 * @param update Whether something was approved before, even if it asked for nothing.
 */
export function reviewText(
  who: string,
  review: PermissionReview,
  terminalWidth: number | undefined,
  update = false,
): string {
  const { items, dropped, functions } = review;
  const beside = update || dropped.length > 0 || items.some(({ change }) => change !== "new");
  const width = Math.min(terminalWidth ?? WIDTH, WIDTH);
  const lines = [
    wrap(harmless(`${who} asks for ${items.length === 0 ? "no permission." : "this:"}`), width),
    ...items.flatMap((item) => ["", ...itemLines(item, beside, width)]),
    ...(functions.length > 0 ? ["", ...functionLines(functions, width)] : []),
    ...(dropped.length > 0
      ? ["", indented("", `No longer asked for: ${dropped.join(", ")}`, width)]
      : []),
  ];
  const unusual = items.reduce((sum, item) => sum + item.unusual.length, 0);
  if (unusual > 0) {
    lines.push("", `${unusual} unusual thing${unusual > 1 ? "s" : ""}, marked with !`);
  }
  return `${lines.join("\n")}\n`;
}

function itemLines(item: ReviewItem, beside: boolean, width: number): string[] {
  const { permission, allows, unusual, reason, withheld, change, difference } = item;
  const state = [...(withheld ? ["withheld"] : []), ...(beside ? [CHANGES[change]] : [])];
  return [
    `${permission}${state.length > 0 ? ` (${state.join(", ")})` : ""}`,
    ...allows.map((text) => indented("  ", text, width)),
    ...unusual.map((text) => indented("  ! ", text, width)),
    ...(beside ? difference.map((line) => indented("  ", line, width)) : []),
    reason === ""
      ? "  The author gives no reason"
      : indented("  ", `"${cut(harmless(reason), MAX_REASON)}"`, width),
  ];
}

function functionLines(functions: readonly string[], width: number): string[] {
  return [
    indented(
      "",
      functions.includes("*")
        ? "Every host function of these permissions, where some were listed"
        : `Of their host functions these: ${functions.join(", ")}`,
      width,
    ),
  ];
}

/** Lines behind a mark, the later ones below the first. */
function indented(mark: string, text: string, width: number): string {
  const [first = "", ...rest] = wrap(harmless(text), width - mark.length).split("\n");
  return [`${mark}${first}`, ...rest.map((line) => " ".repeat(mark.length) + line)].join("\n");
}
