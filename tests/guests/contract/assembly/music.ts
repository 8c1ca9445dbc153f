import {
  ArtistRef,
  artwork,
  Json,
  Library,
  library,
  matcher,
  scrobbleHistory,
  ScrobbleQuery,
  SongRef,
  Track,
  User,
  users,
} from "@soundproof/pdk";
import { field, only, textList, told } from "./index";

function id(): string {
  return field("id").text();
}

function size(): i32 {
  return field("size").int32();
}

export function artwork_getartisturl(): i32 {
  return told(only("url", Json.text(artwork.artistUrl(id(), size()))));
}

export function artwork_getalbumurl(): i32 {
  return told(only("url", Json.text(artwork.albumUrl(id(), size()))));
}

export function artwork_gettrackurl(): i32 {
  return told(only("url", Json.text(artwork.trackUrl(id(), size()))));
}

export function artwork_getplaylisturl(): i32 {
  return told(only("url", Json.text(artwork.playlistUrl(id(), size()))));
}

function libraryJson(from: Library): Json {
  return Json.object()
    .set("id", Json.integer(from.id))
    .set("name", Json.text(from.name))
    .set("path", Json.text(from.path))
    .set("mountPoint", Json.text(from.mountPoint))
    .set("lastScanAt", Json.integer(from.lastScanAt))
    .set("totalSongs", Json.integer(from.totalSongs))
    .set("totalAlbums", Json.integer(from.totalAlbums))
    .set("totalArtists", Json.integer(from.totalArtists))
    .set("totalSize", Json.integer(from.totalSize))
    .set("totalDuration", Json.float(from.totalDuration));
}

export function library_getlibrary(): i32 {
  const found = library.get(field("id").int32());
  return told(found === null ? Json.object() : only("result", libraryJson(found)));
}

export function library_getalllibraries(): i32 {
  const all = library.all(), list = Json.array();
  for (let i = 0; i < all.length; i++) list.push(libraryJson(all[i]));
  return told(only("result", list));
}

function userList(all: User[]): Json {
  const list = Json.array();
  for (let i = 0; i < all.length; i++) {
    list.push(
      Json.object()
        .set("userName", Json.text(all[i].userName))
        .set("name", Json.text(all[i].name))
        .set("isAdmin", Json.boolean(all[i].isAdmin)),
    );
  }
  return list;
}

export function users_getusers(): i32 {
  return told(only("result", userList(users.all())));
}

export function users_getadmins(): i32 {
  return told(only("result", userList(users.admins())));
}

export function matcher_matchsongs(): i32 {
  const songs: SongRef[] = [], wanted = field("songs");
  for (let i = 0; i < wanted.length; i++) songs.push(SongRef.fromJson(wanted.at(i)));
  const tracks = matcher.match(songs, field("opts").get("username").text()), list = Json.array();
  for (let i = 0; i < tracks.length; i++) {
    const track = tracks[i];
    list.push(track === null ? Json.null() : trackJson(track));
  }
  return told(only("results", list));
}

function trackJson(track: Track): Json {
  const json = Json.object();
  setTexts(json, track);
  setNumbers(json, track);
  const tags = Json.object(), names = track.tagNames;
  for (let i = 0; i < names.length; i++) tags.set(names[i], textList(track.tag(names[i])));
  const participants = Json.array();
  for (let i = 0; i < track.participants.length; i++) {
    participants.push(track.participants[i].toJson());
  }
  return json.set("genres", textList(track.genres))
    .set("tags", tags)
    .set("participants", participants);
}

function setTexts(json: Json, track: Track): void {
  json.set("id", Json.text(track.id))
    .set("libraryName", Json.text(track.libraryName))
    .set("path", Json.text(track.path))
    .set("title", Json.text(track.title))
    .set("album", Json.text(track.album))
    .set("artist", Json.text(track.artist))
    .set("albumArtist", Json.text(track.albumArtist))
    .set("albumId", Json.text(track.albumId))
    .set("sortTitle", Json.text(track.sortTitle))
    .set("sortAlbumName", Json.text(track.sortAlbumName))
    .set("sortArtistName", Json.text(track.sortArtistName))
    .set("discSubtitle", Json.text(track.discSubtitle))
    .set("date", Json.text(track.date))
    .set("originalDate", Json.text(track.originalDate))
    .set("releaseDate", Json.text(track.releaseDate))
    .set("suffix", Json.text(track.suffix))
    .set("codec", Json.text(track.codec))
    .set("comment", Json.text(track.comment))
    .set("explicitStatus", Json.text(track.explicitStatus))
    .set("catalogNum", Json.text(track.catalogNum))
    .set("mbzRecordingId", Json.text(track.mbzRecordingId))
    .set("mbzReleaseTrackId", Json.text(track.mbzReleaseTrackId))
    .set("mbzAlbumId", Json.text(track.mbzAlbumId))
    .set("mbzReleaseGroupId", Json.text(track.mbzReleaseGroupId))
    .set("mbzAlbumType", Json.text(track.mbzAlbumType))
    .set("mbzAlbumComment", Json.text(track.mbzAlbumComment));
}

function setNumbers(json: Json, track: Track): void {
  json.set("libraryId", Json.integer(track.libraryId))
    .set("missing", Json.boolean(track.missing))
    .set("trackNumber", Json.integer(track.trackNumber))
    .set("discNumber", Json.integer(track.discNumber))
    .set("year", Json.integer(track.year))
    .set("originalYear", Json.integer(track.originalYear))
    .set("releaseYear", Json.integer(track.releaseYear))
    .set("size", Json.integer(track.size))
    .set("duration", Json.float(track.duration))
    .set("bitRate", Json.integer(track.bitRate))
    .set("sampleRate", Json.integer(track.sampleRate))
    .set("bitDepth", Json.integer(track.bitDepth))
    .set("channels", Json.integer(track.channels))
    .set("bpm", Json.integer(track.bpm))
    .set("compilation", Json.boolean(track.compilation))
    .set("hasCoverArt", Json.boolean(track.hasCoverArt))
    .set("rgAlbumGain", Json.float(track.rgAlbumGain))
    .set("rgAlbumPeak", Json.float(track.rgAlbumPeak))
    .set("rgTrackGain", Json.float(track.rgTrackGain))
    .set("rgTrackPeak", Json.float(track.rgTrackPeak))
    .set("birthTime", Json.integer(track.birthTime))
    .set("createdAt", Json.integer(track.createdAt))
    .set("updatedAt", Json.integer(track.updatedAt))
    .set("averageRating", Json.float(track.averageRating))
    .set("starred", Json.boolean(track.starred))
    .set("starredAt", Json.integer(track.starredAt))
    .set("rating", Json.integer(track.rating))
    .set("playCount", Json.integer(track.playCount))
    .set("playDate", Json.integer(track.playDate));
}

function username(): string {
  return field("username").text();
}

export function scrobbleretriever_getfirsttimestamp(): i32 {
  return told(only("result", Json.integer(scrobbleHistory.firstTimestamp(username()))));
}

export function scrobbleretriever_getlasttimestamp(): i32 {
  return told(only("result", Json.integer(scrobbleHistory.lastTimestamp(username()))));
}

export function scrobbleretriever_getscrobbles(): i32 {
  const page = scrobbleHistory.page(username(), ScrobbleQuery.fromJson(field("options")));
  const list = Json.array(), next = page.next;
  for (let i = 0; i < page.scrobbles.length; i++) {
    const scrobble = page.scrobbles[i];
    list.push(
      Json.object()
        .set("id", Json.integer(scrobble.id))
        .set("mediaFileId", Json.text(scrobble.mediaFileId))
        .set("submissionTime", Json.integer(scrobble.submissionTime)),
    );
  }
  const answer = only("scrobbles", list);
  return told(next === null ? answer : answer.set("next", next.toJson()));
}

export function scrobbleretriever_getscrobblecount(): i32 {
  const query = ScrobbleQuery.fromJson(field("options"));
  return told(only("result", Json.integer(scrobbleHistory.count(username(), query))));
}
