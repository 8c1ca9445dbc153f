import type { Configuration } from "../configuration/mod.ts";
import { errorText } from "../errors.ts";
import { type Clock, SubsonicClient, systemClock } from "../services/mod.ts";
import { ArtworkLinks, ArtworkServer, type PlaybackSink, Sidecar } from "../sidecar/mod.ts";
import { clientOptions, sidecarFolder } from "./music_server.ts";
import type { Places } from "./places.ts";

/** What the service does beside a music server that speaks the Subsonic API. */
export interface SidecarService {
  /** Takes what the music server pushes. */
  readonly playback: Pick<Sidecar, "push">;
  /** Answers requests for pictures, which need no token; nothing for any other. */
  readonly artwork: Pick<ArtworkServer, "answer">;
  /** Watches no more. */
  close(): Promise<void>;
}

/** What a {@link SidecarService} is made from. */
export interface SidecarServiceOptions {
  readonly configuration: Configuration;
  readonly places: Pick<Places, "configFile" | "dataDir">;
  /** Where pictures are given out. */
  readonly baseUrl: string;
  /** Who is told what is played; nobody where no plugin is a scrobbler. */
  readonly scrobblers: PlaybackSink & { readonly plugins: readonly unknown[] };
  /** Told what does not work. */
  readonly log: (level: "info" | "warn", text: string) => void;
  /** The machine's unless given. */
  readonly clock?: Clock;
}

/** Begins to watch the configured music server; nothing where there is none, or its folder cannot be used. */
export function openSidecar(options: SidecarServiceOptions): SidecarService | undefined {
  const { places, baseUrl, scrobblers, log, clock = systemClock } = options;
  const { musicServer } = options.configuration;
  if (musicServer?.kind !== "subsonic") return undefined;
  try {
    const client = new SubsonicClient(clientOptions(musicServer, places.configFile));
    const folder = sidecarFolder(places.dataDir);
    const links = ArtworkLinks.open(folder, baseUrl);
    const sidecar = new Sidecar({
      client,
      sink: scrobblers,
      isWanted: () => scrobblers.plugins.length > 0,
      clock,
      folder,
      watches: musicServer.watches,
      log,
    });
    return {
      playback: sidecar,
      artwork: new ArtworkServer(links, client),
      close: () => sidecar.close(),
    };
  } catch (thrown) {
    log("warn", `Cannot watch the music server: ${errorText(thrown)}`);
    return undefined;
  }
}
