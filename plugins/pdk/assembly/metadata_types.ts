// What a server asks a MetadataAgent, and what it answers. Empty fields are left out of answers.

import { Json } from "./json";

/** An artist the server asks about. */
export class ArtistRequest {
  /** The server's own id. */
  readonly id: string;
  readonly name: string;
  /** MusicBrainz id; often empty. */
  readonly mbid: string;
  /** How many similar artists, songs or top songs are wanted; 0 where it says nothing. */
  readonly count: i32;

  constructor(request: Json) {
    this.id = request.get("id").text();
    this.name = request.get("name").text();
    this.mbid = request.get("mbid").text();
    this.count = request.get("count").int32(request.get("limit").int32());
  }
}

/** An album the server asks about. */
export class AlbumRequest {
  readonly name: string;
  /** Name of the album's artist. */
  readonly artist: string;
  /** MusicBrainz id; often empty. */
  readonly mbid: string;

  constructor(request: Json) {
    this.name = request.get("name").text();
    this.artist = request.get("artist").text();
    this.mbid = request.get("mbid").text();
  }
}

/** A track or an album for which similar songs are wanted. */
export class SimilarSongsRequest extends AlbumRequest {
  /** The server's own id. */
  readonly id: string;
  /** How many songs are wanted. */
  readonly count: i32;

  constructor(request: Json) {
    super(request);
    this.id = request.get("id").text();
    this.count = request.get("count").int32();
  }
}

/** A picture in an answer. */
export class Image {
  /** @param size Width in pixels; 0 for unknown. */
  constructor(public url: string, public size: i32) {}

  toJson(): Json {
    return Json.object().set("url", Json.text(this.url)).set("size", Json.integer(this.size));
  }
}

/** What is known of an album. */
export class AlbumInfo {
  mbid: string = "";
  description: string = "";
  url: string = "";

  constructor(public name: string) {}

  toJson(): Json {
    return Json.object()
      .set("name", Json.text(this.name))
      .set("mbid", Json.text(this.mbid))
      .set("description", Json.text(this.description))
      .set("url", Json.text(this.url));
  }
}
