// Artist pages, biographies and pictures from Wikimedia. What is not known is "not found"; what could
// not be asked is a fault, after which the server may ask again.

import { ArtistRequest, Image, MetadataAgent, registerMetadataAgent } from "@soundproof/pdk";
import { findArtist } from "./artist";
import { commonsFile, pictureUrl, wikipediaFile } from "./picture";
import { introduction, pageImage } from "./wikipedia";

export {
  nd_get_artist_biography,
  nd_get_artist_images,
  nd_get_artist_url,
} from "@soundproof/pdk";

/** Widths in which Wikimedia serves pictures; others are refused. Servers show large, medium, small. */
const WIDTHS: i32[] = [1280, 500, 250];

class Wikimedia extends MetadataAgent {
  override artistUrl(request: ArtistRequest): string {
    const artist = findArtist(request.mbid, request.name);
    return artist === null ? "" : artist.article;
  }

  override artistBiography(request: ArtistRequest): string {
    const artist = findArtist(request.mbid, request.name);
    return artist === null || artist.article == "" ? "" : introduction(artist.article);
  }

  override artistImages(request: ArtistRequest): Image[] {
    const artist = findArtist(request.mbid, request.name);
    if (artist === null) return [];
    let file = commonsFile(artist.picture);
    if (file == "" && artist.article != "") {
      file = wikipediaFile(artist.article, pageImage(artist.article));
    }
    if (file == "") return [];
    const images: Image[] = [];
    for (let i = 0; i < WIDTHS.length; i++) {
      images.push(new Image(pictureUrl(file, WIDTHS[i]), WIDTHS[i]));
    }
    return images;
  }
}

registerMetadataAgent(new Wikimedia());
