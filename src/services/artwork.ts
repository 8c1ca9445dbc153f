/**
 * Public addresses of pictures. Source: `extism-abi.md` 2.11.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { ArtworkKind, MusicServer } from "./music_server.ts";
import { ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";

interface Picture {
  readonly id: string;
  readonly size: number;
}

/** Answers the `artwork_*` functions. */
export class Artwork implements ServiceMethods<"artwork"> {
  readonly #server: MusicServer | undefined;

  constructor(server: MusicServer | undefined) {
    this.#server = server;
  }

  getArtistUrl(picture: Picture): Promise<{ url: string }> {
    return this.#url("artist", picture);
  }
  getAlbumUrl(picture: Picture): Promise<{ url: string }> {
    return this.#url("album", picture);
  }
  getTrackUrl(picture: Picture): Promise<{ url: string }> {
    return this.#url("track", picture);
  }
  getPlaylistUrl(picture: Picture): Promise<{ url: string }> {
    return this.#url("playlist", picture);
  }

  async #url(kind: ArtworkKind, { id, size }: Picture): Promise<{ url: string }> {
    try {
      return { url: await this.#server?.artwork?.url(kind, id, Math.max(0, size)) ?? "" };
    } catch (error) {
      throw new ServiceError(errorText(error));
    }
  }
}
