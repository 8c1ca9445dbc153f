import { type GuestMethod, method } from "./guest_method.ts";
import type { Input } from "./input.ts";
import * as album from "./messages/api/album_agent_pb.ts";
import * as artist from "./messages/api/artist_agent_pb.ts";
import { shownText } from "./text.ts";

const artistOf = (input: Input) => ({
  id: input.text("id"),
  name: input.text("name"),
  mbid: input.text("mbid"),
});
const albumOf = (input: Input) => ({
  name: input.text("name"),
  artist: input.text("artist"),
  mbid: input.text("mbid"),
});
const named = ({ name, mbid }: { name: Uint8Array; mbid: Uint8Array }) => ({
  name: shownText(name),
  mbid: shownText(mbid),
});
const imagesOf = ({ images }: { images: readonly artist.ExternalImage[] }) => ({
  images: images.map(({ url, size }) => ({ url: shownText(url), size })),
});

/** The methods of `MetadataAgent` (`protobuf-abi.md`, 2.2), by today's exports. */
export const METADATA_METHODS: Readonly<Record<string, GuestMethod>> = {
  nd_get_artist_mbid: method(
    "metadata_agent_get_artist_mbid",
    artist.ArtistMBIDRequestSchema,
    artist.ArtistMBIDResponseSchema,
    (input) => ({ id: input.text("id"), name: input.text("name") }),
    ({ mbid }) => ({ mbid: shownText(mbid) }),
  ),
  nd_get_artist_url: method(
    "metadata_agent_get_artist_url",
    artist.ArtistURLRequestSchema,
    artist.ArtistURLResponseSchema,
    artistOf,
    ({ url }) => ({ url: shownText(url) }),
  ),
  nd_get_artist_biography: method(
    "metadata_agent_get_artist_biography",
    artist.ArtistBiographyRequestSchema,
    artist.ArtistBiographyResponseSchema,
    artistOf,
    ({ biography }) => ({ biography: shownText(biography) }),
  ),
  nd_get_similar_artists: method(
    "metadata_agent_get_similar_artists",
    artist.ArtistSimilarRequestSchema,
    artist.ArtistSimilarResponseSchema,
    (input) => ({ ...artistOf(input), limit: input.int32("limit") }),
    ({ artists }) => ({ artists: artists.map(named) }),
  ),
  nd_get_artist_images: method(
    "metadata_agent_get_artist_images",
    artist.ArtistImageRequestSchema,
    artist.ArtistImageResponseSchema,
    artistOf,
    imagesOf,
  ),
  nd_get_artist_top_songs: method(
    "metadata_agent_get_artist_top_songs",
    artist.ArtistTopSongsRequestSchema,
    artist.ArtistTopSongsResponseSchema,
    (input) => ({
      id: input.text("id"),
      artistName: input.text("name"),
      mbid: input.text("mbid"),
      count: input.int32("count"),
    }),
    ({ songs }) => ({ songs: songs.map(named) }),
  ),
  nd_get_album_info: method(
    "metadata_agent_get_album_info",
    album.AlbumInfoRequestSchema,
    album.AlbumInfoResponseSchema,
    albumOf,
    ({ info }) =>
      info && {
        ...named(info),
        description: shownText(info.description),
        url: shownText(info.url),
      },
  ),
  nd_get_album_images: method(
    "metadata_agent_get_album_images",
    album.AlbumImagesRequestSchema,
    album.AlbumImagesResponseSchema,
    albumOf,
    imagesOf,
  ),
};
