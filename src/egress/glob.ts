/**
 * Globs in linear memory and time proportional to pattern × text, whatever the pattern: no regular
 * expression, no recursion over the text.
 *
 * @module
 */

/** One step of a compiled glob: any run, or one character accepted by `accepts`. */
type Step = "run" | ((character: string) => boolean);

/** Alternatives a pattern may stand for after `{x,y}` is written out. */
const MAX_ALTERNATIVES = 64;

/** Whether a text is one of those a glob describes. */
export type GlobMatcher = (text: string) => boolean;

/**
 * Writes out `{x,y}`.
 *
 * @returns the alternatives, or `undefined` where braces do not pair, nest, or stand for more than 64
 */
export function alternatives(pattern: string): readonly string[] | undefined {
  let done = [""];
  let rest = pattern;
  while (rest !== "") {
    const open = rest.search(/[{}]/);
    if (open === -1) return done.map((head) => head + rest);
    const close = rest.indexOf("}", open);
    const inner = rest.slice(open + 1, close);
    if (rest[open] === "}" || close === -1 || inner.includes("{")) return undefined;
    const choices = inner.split(",").map((choice) => rest.slice(0, open) + choice);
    if (done.length * choices.length > MAX_ALTERNATIVES) return undefined;
    done = done.flatMap((head) => choices.map((choice) => head + choice));
    rest = rest.slice(close + 1);
  }
  return done;
}

/** Reads the class that opens at `at`: `[abc]`, `[a-c]`, `[!a]`. */
function characterClass(pattern: string, at: number): { step: Step; next: number } | undefined {
  const negated = pattern[at + 1] === "!" || pattern[at + 1] === "^";
  const start = at + (negated ? 2 : 1);
  const end = pattern.indexOf("]", start + 1);
  if (end === -1) return undefined;
  const members = pattern.slice(start, end);
  const ranges: [string, string][] = [];
  for (let index = 0; index < members.length; index++) {
    const low = members.charAt(index);
    const isRange = members[index + 1] === "-" && index + 2 < members.length;
    ranges.push([low, isRange ? members.charAt(index + 2) : low]);
    if (isRange) index += 2;
  }
  const step = (character: string) =>
    ranges.some(([low, high]) => low <= character && character <= high) !== negated;
  return { step, next: end + 1 };
}

function compileSteps(pattern: string): Step[] | undefined {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length;) {
    const character = pattern.charAt(at);
    if (character === "[") {
      const read = characterClass(pattern, at);
      if (read === undefined) return undefined;
      steps.push(read.step);
      at = read.next;
      continue;
    }
    if (character === "]") return undefined;
    if (character === "*") {
      if (steps.at(-1) !== "run") steps.push("run");
    } else if (character === "?") steps.push(() => true);
    else steps.push((other) => other === character);
    at++;
  }
  return steps;
}

/** Greedy match with one way back, to the last run: at most steps × text comparisons. */
function matches(steps: readonly Step[], text: string): boolean {
  let step = 0;
  let at = 0;
  let runStep = -1;
  let runAt = 0;
  while (at < text.length) {
    const wanted = steps[step];
    if (wanted === "run") {
      runStep = step++;
      runAt = at;
    } else if (wanted?.(text.charAt(at))) {
      step++;
      at++;
    } else if (runStep !== -1) {
      step = runStep + 1;
      at = ++runAt;
    } else return false;
  }
  while (steps[step] === "run") step++;
  return step === steps.length;
}

/**
 * Compiles a glob over a whole text: `*` any run, dots included; `?` one character; `[abc]`, `[a-c]`,
 * `[!a]` one of a class; `{x,y}` alternatives (Extism's syntax).
 *
 * @returns the matcher, or `undefined` where the glob is not valid
 */
export function compileGlob(pattern: string): GlobMatcher | undefined {
  const compiled = alternatives(pattern)?.map(compileSteps);
  if (compiled === undefined) return undefined;
  const valid = compiled.filter((steps) => steps !== undefined);
  if (valid.length !== compiled.length) return undefined;
  return (text) => valid.some((steps) => matches(steps, text));
}

/** Matches a text in which only `*` (any run) is special. */
export function matchesStars(pattern: string, text: string): boolean {
  const steps = [...pattern].map((character): Step =>
    character === "*" ? "run" : (other) => other === character
  );
  return matches(steps, text);
}
