import type { CommandOn } from "./acts_on.ts";
import { call } from "./call_command.ts";
import { getConfig, setConfig } from "./config_command.ts";
import { decide } from "./decision_command.ts";
import { lookAtPlugin, showList } from "./look_command.ts";
import { change, install, update } from "./package_command.ts";
import type { Stage } from "./stage.ts";
import { withProgress } from "./progress.ts";
import { showStream } from "./stream_command.ts";

/**
 * Does what a command about the installation says; returns the exit code.
 *
 * @param signal Ends one that follows a stream.
 */
export async function perform(
  command: CommandOn<"installation">,
  stage: Stage,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  switch (command.kind) {
    case "list":
      return showList(await stage.admin.list(), stage);
    case "rescan":
      return showList(
        await withProgress(
          "Looking for packages",
          stage.terminal,
          async () => await stage.admin.rescan(),
        ),
        stage,
      );
    case "info":
    case "validate":
    case "config-template":
      return await lookAtPlugin(command, stage);
    case "install":
      return await install(command, stage);
    case "update":
      return await update(command, stage);
    case "rollback":
    case "refresh":
    case "remove":
      return await change(command, stage);
    case "enable":
    case "approve":
    case "disable":
    case "revoke":
      return await decide(command, stage);
    case "config-get":
      return await getConfig(command, stage);
    case "config-set":
      return await setConfig(command, stage);
    case "call":
      return await call(command, stage);
    case "logs":
    case "audit":
      return await showStream(command, stage, signal);
  }
}
