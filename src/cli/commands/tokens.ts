import { TOKEN_SCOPES } from "../../state/mod.ts";
import { command } from "./command.ts";
import { itemsOf } from "./lists.ts";

/** `token create` */
export const tokenCreate = command({
  name: "token create",
  words: ["NAME"],
  does: "makes a token for the API and shows it, this once",
  options: {
    scope: {
      value: "SCOPES",
      many: true,
      help: "what it is good for: admin, client (calls of capabilities), read (metrics and lists)",
    },
  },
  read(given) {
    const named = itemsOf(given, "scope") ?? given.refuse("--scope is missing");
    const unknown = named.find((name) => !TOKEN_SCOPES.some((scope) => scope === name));
    if (unknown !== undefined || named.length === 0) {
      given.refuse(`--scope has "${unknown ?? ""}", want ${TOKEN_SCOPES.join(", ")}`);
    }
    return {
      kind: "token-create",
      name: given.words[0] ?? "",
      scopes: TOKEN_SCOPES.filter((scope) => named.includes(scope)),
    };
  },
});

/** `token list` */
export const tokenList = command({
  name: "token list",
  does: "every token, what it is good for and when it was used",
  read: () => ({ kind: "token-list" }),
});

/** `token revoke` */
export const tokenRevoke = command({
  name: "token revoke",
  words: ["NAME"],
  does: "takes a token back, at once",
  read: ({ words: [name = ""] }) => ({ kind: "token-revoke", name }),
});
