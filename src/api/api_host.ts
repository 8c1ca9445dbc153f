import type {
  LyricsProviders,
  MetadataAgents,
  Scrobblers,
  SimilarityProviders,
} from "../capabilities/mod.ts";
import type { Administration } from "../host/mod.ts";
import type { Sidecar } from "../sidecar/mod.ts";
import type { Numbers } from "../telemetry/mod.ts";

/** What the API needs of a host; {@link Administration} and the capabilities say what each does and throws. */
export interface ApiHost extends Administration {
  /** What the host does, in numbers. */
  readonly telemetry: Numbers;
  /** The metadata agents that run, as one. */
  readonly metadata: Pick<MetadataAgents, keyof MetadataAgents>;
  /** The plugins that have lyrics, as one. */
  readonly lyrics: Pick<LyricsProviders, "plugins" | "ofTrack">;
  /** The plugins that know which songs sound alike, as one. */
  readonly similarity: Pick<SimilarityProviders, "plugins" | "similarTracks" | "path">;
  /** The scrobblers that run, as one, and the plays that wait for them. */
  readonly scrobblers: Pick<
    Scrobblers,
    "plugins" | "nowPlaying" | "playbackReport" | "scrobble" | "failed" | "requeue" | "discard"
  >;
}

/** What takes the steps of players from a music server that pushes them. */
export type Playback = Pick<Sidecar, "push">;
