/** What serves requests, until it is shut down. */
export interface Listener<Address extends Deno.Addr> {
  /** Where. */
  readonly addr: Address;
  /** Takes no more requests, and settles when those that came are answered. */
  shutdown(): Promise<void>;
}

/** A server, as far as it has to be known here. */
type Server<Address extends Deno.Addr> = Pick<
  Deno.HttpServer<Address>,
  "addr" | "finished" | "shutdown"
>;

/** How long connections that broke have to make room. Milliseconds. */
const ROOM_MS = 100;

/**
 * Serves, also after the system refused it a connection.
 *
 * `Deno.serve` ends when the process has no file descriptor left for one more connection: who opens enough of them, and says
 * nothing, would end the service. So the server that ended lets go of its connections, and another takes its place.
 *
 * @param open Listens; then again at the address that was taken first.
 * @param onFault Told why a server ended.
 * @throws what the first `open` throws
 */
export function keepListening<Address extends Deno.Addr>(
  open: (taken?: Address) => Server<Address>,
  onFault: (thrown: unknown) => void,
): Listener<Address> {
  let server = open();
  const { addr } = server;
  const ending: Promise<void>[] = [];
  let stopped = false;
  const again = async (): Promise<void> => {
    while (!stopped) {
      try {
        server = open(addr);
        return watch(server);
      } catch (thrown) {
        onFault(thrown);
        await pause();
      }
    }
  };
  const watch = (watched: Server<Address>): void => {
    watched.finished.catch(async (thrown) => {
      if (stopped) return;
      onFault(thrown);
      const end = watched.shutdown().catch(() => {});
      ending.push(end);
      void end.then(() => ending.splice(ending.indexOf(end), 1));
      await Promise.race([end, pause()]);
      await again();
    });
  };
  watch(server);
  return {
    addr,
    shutdown: async () => {
      stopped = true;
      await Promise.all([...ending, server.shutdown().catch(() => {})]);
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ROOM_MS));
}
