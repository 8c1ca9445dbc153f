// Artists and songs by their tags, as servers and plugins name them to each other. Empty fields are left out.

import { jsonList } from "./capability";
import { Json } from "./json";

/** An artist. */
export class ArtistRef {
  id: string = "";
  /** MusicBrainz id. */
  mbid: string = "";
  sortName: string = "";
  /** What the artist did, such as `artist` or `composer`. */
  role: string = "";
  /** More of it, such as the instrument. */
  subRole: string = "";

  constructor(public name: string) {}

  static fromJson(json: Json): ArtistRef {
    const artist = new ArtistRef(json.get("name").text());
    artist.id = json.get("id").text();
    artist.mbid = json.get("mbid").text();
    artist.sortName = json.get("sortName").text();
    artist.role = json.get("role").text();
    artist.subRole = json.get("subRole").text();
    return artist;
  }

  static listFromJson(json: Json): ArtistRef[] {
    const artists: ArtistRef[] = [];
    for (let i = 0; i < json.length; i++) artists.push(ArtistRef.fromJson(json.at(i)));
    return artists;
  }

  toJson(): Json {
    return Json.object()
      .setUnlessEmpty("id", this.id)
      .set("name", Json.text(this.name))
      .setUnlessEmpty("mbid", this.mbid)
      .setUnlessEmpty("sortName", this.sortName)
      .setUnlessEmpty("role", this.role)
      .setUnlessEmpty("subRole", this.subRole);
  }
}

/** A song; the server looks for it in its own library. */
export class SongRef {
  id: string = "";
  /** MusicBrainz id of the recording. */
  mbid: string = "";
  isrc: string = "";
  artists: ArtistRef[] = [];
  album: string = "";
  /** MusicBrainz id of the release. */
  albumMbid: string = "";
  /** Length in milliseconds; 0 for unknown. */
  durationMs: u32 = 0;

  constructor(public name: string) {}

  static fromJson(json: Json): SongRef {
    const song = new SongRef(json.get("name").text());
    song.id = json.get("id").text();
    song.mbid = json.get("mbid").text();
    song.isrc = json.get("isrc").text();
    song.artists = ArtistRef.listFromJson(json.get("artists"));
    if (song.artists.length == 0 && json.get("artist").exists) {
      const artist = new ArtistRef(json.get("artist").text());
      artist.mbid = json.get("artistMbid").text();
      song.artists.push(artist);
    }
    song.album = json.get("album").text();
    song.albumMbid = json.get("albumMbid").text();
    song.durationMs = json.get("durationMs").exists
      ? <u32> json.get("durationMs").integer()
      : <u32> Math.round(Math.max(json.get("duration").float(), 0) * 1000);
    return song;
  }

  toJson(): Json {
    const song = Json.object()
      .setUnlessEmpty("id", this.id)
      .set("name", Json.text(this.name))
      .setUnlessEmpty("mbid", this.mbid)
      .setUnlessEmpty("isrc", this.isrc);
    if (this.artists.length > 0) {
      // Servers before 0.63 know only the single artist.
      song.set("artist", Json.text(this.artists[0].name))
        .setUnlessEmpty("artistMbid", this.artists[0].mbid)
        .set("artists", jsonList<ArtistRef>(this.artists));
    }
    song.setUnlessEmpty("album", this.album).setUnlessEmpty("albumMbid", this.albumMbid);
    if (this.durationMs > 0) {
      song.set("duration", Json.float(<f64> this.durationMs / 1000))
        .set("durationMs", Json.unsigned(this.durationMs));
    }
    return song;
  }
}

/** A track that is played, as the server tells scrobblers and lyrics plugins. */
@final
export class TrackInfo {
  /** The server's own id. */
  readonly id: string;
  readonly title: string;
  readonly album: string;
  /** The artists as the tags write them. */
  readonly artist: string;
  readonly albumArtist: string;
  readonly artists: ArtistRef[];
  readonly albumArtists: ArtistRef[];
  /** Length in seconds. */
  readonly duration: f64;
  readonly trackNumber: i32;
  readonly discNumber: i32;
  /** MusicBrainz ids; empty where the tags have none. */
  readonly mbzRecordingId: string;
  readonly mbzAlbumId: string;
  readonly mbzReleaseGroupId: string;
  readonly mbzReleaseTrackId: string;
  /** The library it is in; 0 unless the plugin may read that library's files. */
  readonly libraryId: i32;
  /** Its path below the library's folder; empty unless the plugin may read that library's files. */
  readonly path: string;

  constructor(json: Json) {
    this.id = json.get("id").text();
    this.title = json.get("title").text();
    this.album = json.get("album").text();
    this.artist = json.get("artist").text();
    this.albumArtist = json.get("albumArtist").text();
    this.artists = ArtistRef.listFromJson(json.get("artists"));
    this.albumArtists = ArtistRef.listFromJson(json.get("albumArtists"));
    this.duration = json.get("duration").float();
    this.trackNumber = json.get("trackNumber").int32();
    this.discNumber = json.get("discNumber").int32();
    this.mbzRecordingId = json.get("mbzRecordingId").text();
    this.mbzAlbumId = json.get("mbzAlbumId").text();
    this.mbzReleaseGroupId = json.get("mbzReleaseGroupId").text();
    this.mbzReleaseTrackId = json.get("mbzReleaseTrackId").text();
    this.libraryId = json.get("libraryId").int32();
    this.path = json.get("path").text();
  }
}
