// A track of the library with everything the server knows of it.

import { Json } from "./json";
import { ArtistRef } from "./music";

/**
 * A track, read from the host's answer as you ask for it. Times are Unix seconds, durations seconds. What may be
 * unknown where 0 is a value of its own is −1 (whole numbers, times) or NaN (gain and peak) when it is.
 */
@final
export class Track {
  constructor(private readonly json: Json) {}

  get id(): string { return this.text("id"); }
  get libraryId(): i32 { return this.int32("libraryId"); }
  get libraryName(): string { return this.text("libraryName"); }
  /** Below the library's folder; empty unless the manifest asks for `filesystem`. */
  get path(): string { return this.text("path"); }
  /** Whether the file is gone. */
  get missing(): bool { return this.bool("missing"); }
  get title(): string { return this.text("title"); }
  get album(): string { return this.text("album"); }
  get artist(): string { return this.text("artist"); }
  get albumArtist(): string { return this.text("albumArtist"); }
  get albumId(): string { return this.text("albumId"); }
  get sortTitle(): string { return this.text("sortTitle"); }
  get sortAlbumName(): string { return this.text("sortAlbumName"); }
  get sortArtistName(): string { return this.text("sortArtistName"); }
  get trackNumber(): i32 { return this.int32("trackNumber"); }
  get discNumber(): i32 { return this.int32("discNumber"); }
  get discSubtitle(): string { return this.text("discSubtitle"); }
  get year(): i32 { return this.int32("year"); }
  get date(): string { return this.text("date"); }
  get originalYear(): i32 { return this.int32("originalYear"); }
  get originalDate(): string { return this.text("originalDate"); }
  get releaseYear(): i32 { return this.int32("releaseYear"); }
  get releaseDate(): string { return this.text("releaseDate"); }
  /** Bytes of the file. */
  get size(): i64 { return this.integer("size"); }
  get suffix(): string { return this.text("suffix"); }
  get duration(): f64 { return this.float("duration"); }
  /** Kilobits a second. */
  get bitRate(): i32 { return this.int32("bitRate"); }
  get sampleRate(): i32 { return this.int32("sampleRate"); }
  get bitDepth(): i32 { return this.int32("bitDepth", -1); }
  get channels(): i32 { return this.int32("channels"); }
  get codec(): string { return this.text("codec"); }
  get genres(): string[] { return this.json.get("genres").texts(); }
  get comment(): string { return this.text("comment"); }
  get bpm(): i32 { return this.int32("bpm", -1); }
  get explicitStatus(): string { return this.text("explicitStatus"); }
  get catalogNum(): string { return this.text("catalogNum"); }
  get compilation(): bool { return this.bool("compilation"); }
  get hasCoverArt(): bool { return this.bool("hasCoverArt"); }
  get mbzRecordingId(): string { return this.text("mbzRecordingId"); }
  get mbzReleaseTrackId(): string { return this.text("mbzReleaseTrackId"); }
  get mbzAlbumId(): string { return this.text("mbzAlbumId"); }
  get mbzReleaseGroupId(): string { return this.text("mbzReleaseGroupId"); }
  get mbzAlbumType(): string { return this.text("mbzAlbumType"); }
  get mbzAlbumComment(): string { return this.text("mbzAlbumComment"); }
  get rgAlbumGain(): f64 { return this.float("rgAlbumGain", NaN); }
  get rgAlbumPeak(): f64 { return this.float("rgAlbumPeak", NaN); }
  get rgTrackGain(): f64 { return this.float("rgTrackGain", NaN); }
  get rgTrackPeak(): f64 { return this.float("rgTrackPeak", NaN); }
  get birthTime(): i64 { return this.integer("birthTime"); }
  get createdAt(): i64 { return this.integer("createdAt"); }
  get updatedAt(): i64 { return this.integer("updatedAt"); }
  get averageRating(): f64 { return this.float("averageRating"); }
  /** This and what follows up to `playDate` are of the user that was named. */
  get starred(): bool { return this.bool("starred"); }
  get starredAt(): i64 { return this.integer("starredAt", -1); }
  /** 1 to 5; 0 for none. */
  get rating(): i32 { return this.int32("rating"); }
  get playCount(): i64 { return this.integer("playCount"); }
  get playDate(): i64 { return this.integer("playDate", -1); }
  /** Everyone who took part, with their roles. */
  get participants(): ArtistRef[] { return ArtistRef.listFromJson(this.json.get("participants")); }
  /** The names of the file's other tags. */
  get tagNames(): string[] { return this.json.get("tags").keys(); }

  /** The values of one of the file's other tags. */
  tag(name: string): string[] {
    return this.json.get("tags").get(name).texts();
  }

  private text(name: string): string {
    return this.json.get(name).text();
  }

  private bool(name: string): bool {
    return this.json.get(name).boolean();
  }

  private int32(name: string, otherwise: i32 = 0): i32 {
    return this.json.get(name).int32(otherwise);
  }

  private integer(name: string, otherwise: i64 = 0): i64 {
    return this.json.get(name).integer(otherwise);
  }

  private float(name: string, otherwise: f64 = 0): f64 {
    return this.json.get(name).float(otherwise);
  }
}
