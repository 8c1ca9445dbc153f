import { DataFolder, type TokenRecord, TokenStore } from "../state/mod.ts";
import type { ActionOf } from "./action.ts";
import type { CommonOptions } from "./arguments.ts";
import { requireData } from "./places.ts";
import { formatTable } from "./table.ts";
import { printJson, type Terminal } from "./terminal.ts";

/** A command about tokens. */
export type TokenAction = ActionOf<"token-create" | "token-list" | "token-revoke">;

/** Opens the tokens of a data folder for one command and does what it says; a running service knows of it at once. */
export function runTokenCommand(
  command: CommonOptions & TokenAction,
  dataDir: string,
  terminal: Terminal,
): number {
  requireData(dataDir);
  using store = new TokenStore(DataFolder.tokensOf(dataDir));
  return performToken(command, store, terminal);
}

/** Does what a command says with an open store; returns the exit code. */
export function performToken(
  command: CommonOptions & TokenAction,
  store: TokenStore,
  terminal: Terminal,
): number {
  switch (command.kind) {
    case "token-create": {
      const { token, record } = store.create(command.name, command.scopes);
      if (command.json) printJson({ token, ...record }, terminal);
      else {
        terminal.out(`${token}\n`);
        terminal.err(`Keep it: it is not shown again. It holds for ${record.scopes.join(", ")}\n`);
      }
      return 0;
    }
    case "token-list": {
      const tokens = store.list();
      if (command.json) printJson({ tokens }, terminal);
      else terminal.out(tokenTable(tokens, terminal.width));
      return 0;
    }
    case "token-revoke": {
      const record = store.revoke(command.name);
      if (command.json) printJson(record, terminal);
      else terminal.out(`${record.name} is revoked\n`);
      return 0;
    }
  }
}

function tokenTable(tokens: readonly TokenRecord[], width: number | undefined): string {
  if (tokens.length === 0) return "No tokens.\n";
  return formatTable(
    ["NAME", "SCOPES", "CREATED", "LAST USED", "STATE"],
    tokens.map(({ name, scopes, createdAt, usedAt, revokedAt }) => [
      name,
      scopes.join(", "),
      minuteText(createdAt),
      usedAt === undefined ? "never" : minuteText(usedAt),
      revokedAt === undefined ? "holds" : "revoked",
    ]),
    width,
  );
}

/** A time to the minute, in UTC. */
function minuteText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
