import { SoundproofError } from "../errors.ts";
import type { LogRecord } from "../host/mod.ts";
import type { AuditRecord } from "../state/mod.ts";
import type { ActionOf } from "./action.ts";
import type { Stage } from "./stage.ts";
import { printJsonLine } from "./terminal.ts";
import { harmless, wrap } from "./text.ts";

/** Refuses what only a running service has. @throws {SoundproofError} `cli.service_missing` */
export function checkStream(
  { kind, follow }: ActionOf<"logs" | "audit">,
  service: boolean,
): void {
  if (service || (kind === "audit" && !follow)) return;
  const what = kind === "logs" ? "show logs" : "follow the audit record";
  throw new SoundproofError(
    "cli.service_missing",
    `Cannot ${what}: no service runs on this data folder`,
  );
}

/**
 * Runs `plugin logs` and `plugin audit`: a line a record, oldest first; in a terminal what is longer goes on below.
 *
 * @param signal Ends one that follows.
 * @throws {SoundproofError} `cli.service_missing`
 */
export async function showStream(
  command: ActionOf<"logs" | "audit">,
  { admin, service, terminal, json }: Stage,
  signal: AbortSignal,
): Promise<number> {
  checkStream(command, service);
  const { kind, id, follow } = command;
  const options = { live: follow, signal, ...(id !== undefined && { plugin: id }) };
  let shown = 0;
  const show = (record: object, text: string) => {
    shown++;
    if (json) printJsonLine(record, terminal);
    else terminal.out(`${lines(text, terminal.width)}\n`);
  };
  if (kind === "logs") {
    for await (const record of admin.follow("log", options)) show(record, logText(record));
  } else {
    for await (const record of admin.follow("audit", options)) show(record, auditText(record));
  }
  if (shown === 0 && !json && !follow) terminal.err("Nothing is recorded\n");
  return 0;
}

function logText({ time, level, plugin, message }: LogRecord): string {
  return `${time} ${level.padEnd(5)} ${plugin === undefined ? "" : `${plugin}: `}${message}`;
}

function auditText({ time, plugin, code, subject, reason }: AuditRecord): string {
  const facts = [new Date(time).toISOString(), plugin || "-", code];
  const words = [subject, reason].filter((text) => text !== "" && text !== "{}").join(": ");
  return [...facts, words].join(" ").trimEnd();
}

function lines(text: string, width: number | undefined): string {
  const safe = harmless(text);
  if (width === undefined) return safe;
  return wrap(safe, Math.max(20, width - 2)).replaceAll("\n", "\n  ");
}
