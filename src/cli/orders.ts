/** What a launcher writes into the stdin of its service to have it read its configuration again. Its end is the order to stop. */
export const RELOAD = "reload\n";

const HAS_SIGNALS = Deno.build.os !== "windows";

/**
 * Heeds what the service is told while it runs; the promise resolves when it is to stop.
 *
 * It stops at SIGINT, at SIGTERM, and when the launcher is gone. It reloads when its launcher says so, or at SIGHUP where it
 * has none: with one, a SIGHUP is the terminal's that both are in, and the launcher knows what to make of it.
 *
 * @param exposed Called at SIGUSR1, at which Deno opens its inspector: whoever can connect on this machine would be let
 * into the process. Nothing turns that off, and a worker without permissions can send it. So it must end the process.
 */
export function heedOrders(
  launched: boolean,
  reload: () => void,
  exposed: () => never,
): Promise<void> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", resolve);
    if (HAS_SIGNALS) {
      Deno.addSignalListener("SIGTERM", resolve);
      Deno.addSignalListener("SIGHUP", launched ? () => {} : reload);
      Deno.addSignalListener("SIGUSR1", exposed);
    }
    if (launched) void heedLauncher(Deno.stdin.readable, reload).then(resolve);
  });
}

async function heedLauncher(stdin: ReadableStream<Uint8Array>, reload: () => void): Promise<void> {
  let rest = "";
  try {
    for await (const text of stdin.pipeThrough(new TextDecoderStream())) {
      rest += text;
      for (; rest.startsWith(RELOAD); rest = rest.slice(RELOAD.length)) reload();
    }
  } catch {
    // a broken pipe is an end too
  }
}
