import type { Decision, NetworkNarrowing } from "../grants/mod.ts";

/** What was decided about a plugin, a fact a line; what is as it is at first is not said. */
export function decisionFacts(decision: Decision = {}): (readonly [string, string])[] {
  const { users, libraries, writeLibraries, without, localNetwork, addresses } = decision;
  const facts: (readonly [string, string | undefined])[] = [
    ["Withheld", without?.join(", ")],
    ["Users", namesText(users)],
    ["Libraries", namesText(libraries)],
    ["Writes files", writeLibraries ? "yes" : undefined],
    ["Requests", narrowingText(decision.http)],
    ["WebSockets", narrowingText(decision.websocket)],
    ["Local network", localNetwork ? "open, if it asks for them" : undefined],
    ["Open addresses", addresses?.join(", ")],
  ];
  return facts.flatMap(([name, value]) => value ? [[name, value] as const] : []);
}

function namesText(chosen: readonly (string | number)[] | "all" | undefined): string | undefined {
  return chosen === "all" ? "all, later ones too" : chosen?.join(", ");
}

function narrowingText({ hosts, urls }: NetworkNarrowing = {}): string | undefined {
  const rules = Object.entries(urls ?? {}).map(([pattern, methods]) =>
    `${methods.join("|") || "nothing"} ${pattern}`
  );
  if (urls !== undefined) return `only ${rules.join(", ") || "nowhere"}`;
  return hosts === undefined ? undefined : `only to ${hosts.join(", ") || "nowhere"}`;
}
