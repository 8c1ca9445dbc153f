import { ServiceError, type Services } from "../services/mod.ts";
import type { EnvFunction } from "./functions.ts";
import { answers, type HostFunction, type HostFunctions } from "./host_function.ts";
import * as artwork_ from "./messages/host/artwork_pb.ts";
import * as config_ from "./messages/host/config_pb.ts";
import * as subsonic_ from "./messages/host/subsonicapi_pb.ts";
import { bytesOf, entriesOf, textOf } from "./text.ts";

/** The function of the `config` permission (`protobuf-abi.md`, 5.10). */
export function configFunctions(config: Services["config"]): HostFunctions<EnvFunction<"config">> {
  return {
    get_plugin_config: answers(
      config_.GetPluginConfigRequestSchema,
      config_.GetPluginConfigResponseSchema,
      () => ({ config: entriesOf(config.entries) }),
    ),
  };
}

/** The functions of the `artwork` permission (`protobuf-abi.md`, 5.11). Without an address, it is empty. */
export function artworkFunctions(
  artwork: Services["artwork"],
): HostFunctions<EnvFunction<"artwork">> {
  const url = (
    find: (picture: { id: string; size: number }) => Promise<{ url: string }>,
  ): HostFunction =>
    answers(
      artwork_.GetArtworkUrlRequestSchema,
      artwork_.GetArtworkUrlResponseSchema,
      async ({ id, size }) => {
        try {
          return { url: bytesOf((await find({ id: textOf(id), size })).url) };
        } catch (thrown) {
          if (!(thrown instanceof ServiceError)) throw thrown;
          return {};
        }
      },
    );
  return {
    get_artist_url: url((picture) => artwork.getArtistUrl(picture)),
    get_album_url: url((picture) => artwork.getAlbumUrl(picture)),
    get_track_url: url((picture) => artwork.getTrackUrl(picture)),
  };
}

/** The function of the `subsonicapi` permission (`protobuf-abi.md`, 5.12). */
export function subsonicFunctions(
  subsonic: Services["subsonicapi"],
): HostFunctions<EnvFunction<"subsonicapi">> {
  return {
    call: answers(
      subsonic_.CallRequestSchema,
      subsonic_.CallResponseSchema,
      async ({ url }, signal) => {
        try {
          return { json: new Uint8Array(await subsonic.json({ uri: textOf(url) }, signal)) };
        } catch (thrown) {
          if (!(thrown instanceof ServiceError)) throw thrown;
          return { error: bytesOf(thrown.message) };
        }
      },
    ),
  };
}
