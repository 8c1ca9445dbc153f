import type { Configuration } from "../configuration/mod.ts";
import { examine, type Finding } from "../doctor/mod.ts";
import { DEFAULT_LISTEN, type Places, problemTexts } from "./places.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Examines an installation and says what was seen; returns 1 if anything failed. */
export async function runDoctor(
  places: Places,
  configuration: Configuration,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const { musicServer, listen = DEFAULT_LISTEN } = configuration;
  const findings = await examine({
    dataDir: places.dataDir,
    problems: problemTexts(configuration, places),
    ...("port" in listen && { listen }),
    ...(musicServer?.kind === "subsonic" && { musicServer: musicServer.url }),
  });
  if (json) printJson(findings, terminal);
  else for (const finding of findings) terminal.out(`${line(finding)}\n`);
  return findings.some(({ state }) => state === "fail") ? 1 : 0;
}

function line({ check, state, saw }: Finding): string {
  return `${state.padEnd(4)}  ${check.padEnd(16)}  ${harmless(saw)}`;
}
