import assert from "node:assert/strict";
import { compiled } from "./support/built.ts";
import { callGuest } from "./guest_kernel.ts";

const EXPORTS = [
  "nd_get_album_images",
  "nd_get_album_info",
  "nd_get_artist_biography",
  "nd_get_artist_images",
  "nd_get_artist_mbid",
  "nd_get_artist_top_songs",
  "nd_get_artist_url",
  "nd_get_similar_artists",
  "nd_get_similar_songs_by_album",
  "nd_get_similar_songs_by_artist",
  "nd_get_similar_songs_by_track",
];

/** Tells each request in its answer, and behaves badly for names that say so. */
const FULL = `
import {
  AlbumInfo, AlbumRequest, ArtistRef, ArtistRequest, fail, Image, MetadataAgent,
  registerMetadataAgent, SimilarSongsRequest, SongRef,
} from "@soundproof/pdk";

export { ${EXPORTS.join(", ")} } from "@soundproof/pdk";

function told(r: ArtistRequest): string {
  if (r.name == "empty") return "";
  if (r.name == "fault") fail("no luck");
  return r.id + "|" + r.name + "|" + r.mbid + "|" + r.count.toString();
}

function songs(text: string): SongRef[] {
  if (text == "") return [];
  const song = new SongRef(text);
  const artist = new ArtistRef("Ä");
  artist.mbid = "m";
  song.artists = [artist, new ArtistRef("B")];
  song.durationMs = 1500;
  return [song, new SongRef("bare")];
}

class Full extends MetadataAgent {
  override artistMbid(r: ArtistRequest): string { return told(r); }
  override artistUrl(r: ArtistRequest): string { return told(r); }
  override artistBiography(r: ArtistRequest): string { return told(r); }
  override similarArtists(r: ArtistRequest): ArtistRef[] {
    const text = told(r);
    return text == "" ? [] : [new ArtistRef(text)];
  }
  override artistImages(r: ArtistRequest): Image[] {
    const text = told(r);
    return text == "" ? [] : [new Image(text, 300)];
  }
  override artistTopSongs(r: ArtistRequest): SongRef[] { return songs(told(r)); }
  override albumInfo(r: AlbumRequest): AlbumInfo | null {
    if (r.name == "empty") return null;
    if (r.name == "fault") fail("no luck");
    const info = new AlbumInfo(r.name);
    info.description = r.artist;
    info.mbid = r.mbid;
    return info;
  }
  override albumImages(r: AlbumRequest): Image[] {
    if (r.name == "fault") fail("no luck");
    return r.name == "empty" ? [] : [new Image(r.artist, 0)];
  }
  similar(r: SimilarSongsRequest): SongRef[] {
    if (r.name == "empty") return [];
    if (r.name == "fault") fail("no luck");
    return songs(r.id + "|" + r.name + "|" + r.artist + "|" + r.mbid + "|" + r.count.toString());
  }
  override similarSongsByTrack(r: SimilarSongsRequest): SongRef[] { return this.similar(r); }
  override similarSongsByAlbum(r: SimilarSongsRequest): SongRef[] { return this.similar(r); }
  override similarSongsByArtist(r: ArtistRequest): SongRef[] { return songs(told(r)); }
}

registerMetadataAgent(new Full());
`;

const PARTIAL = `
import { ArtistRequest, MetadataAgent, registerMetadataAgent } from "@soundproof/pdk";
export { ${EXPORTS.join(", ")} } from "@soundproof/pdk";
class Partial extends MetadataAgent {
  override artistUrl(_request: ArtistRequest): string { return "https://example.org/"; }
}
registerMetadataAgent(new Partial());
`;

async function compile(source: string): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await compiled(source, { optimize: false }));
}

function songList(name: string) {
  const artists = [{ name: "Ä", mbid: "m" }, { name: "B" }];
  const full = { name, artist: "Ä", artistMbid: "m", artists, duration: 1.5, durationMs: 1500 };
  return { songs: [full, { name: "bare" }] };
}

const ARTIST = { id: "7", name: "N", mbid: "mb", limit: 3 };
const ALBUM = { name: "N", artist: "A" };
const TRACK = { id: "7", name: "N", artist: "A", count: 2 };

const ANSWERS: Record<string, [request: unknown, answer: unknown]> = {
  nd_get_artist_mbid: [{ id: "7", name: "N" }, { mbid: "7|N||0" }],
  nd_get_artist_url: [ARTIST, { url: "7|N|mb|3" }],
  nd_get_artist_biography: [ARTIST, { biography: "7|N|mb|3" }],
  nd_get_similar_artists: [ARTIST, { artists: [{ name: "7|N|mb|3" }] }],
  nd_get_artist_images: [ARTIST, { images: [{ url: "7|N|mb|3", size: 300 }] }],
  nd_get_artist_top_songs: [{ ...ARTIST, count: 5 }, songList("7|N|mb|5")],
  nd_get_album_info: [ALBUM, { name: "N", mbid: "", description: "A", url: "" }],
  nd_get_album_images: [ALBUM, { images: [{ url: "A", size: 0 }] }],
  nd_get_similar_songs_by_track: [TRACK, songList("7|N|A||2")],
  nd_get_similar_songs_by_album: [TRACK, songList("7|N|A||2")],
  nd_get_similar_songs_by_artist: [{ ...ARTIST, count: 5 }, songList("7|N|mb|5")],
};

Deno.test("a MetadataAgent written on the PDK", async (t) => {
  const module = await compile(FULL);
  const call = (name: string, request: unknown) => callGuest(module, name, JSON.stringify(request));
  assert.deepEqual(Object.keys(ANSWERS).sort(), EXPORTS);

  for (const [name, [request, answer]] of Object.entries(ANSWERS)) {
    await t.step(`${name} reads its request and writes its answer`, () => {
      const { code, outputText } = call(name, request);
      assert.deepEqual([code, JSON.parse(outputText)], [0, answer]);
    });
    await t.step(`${name} gives no output for "not found"`, () => {
      const { code, outputText, error } = call(name, { name: "empty" });
      assert.deepEqual([code, outputText, error], [0, "", ""]);
    });
    await t.step(`${name} gives the text of a fault, and no output`, () => {
      const { code, outputText, error } = call(name, { name: "fault" });
      assert.deepEqual([code, outputText, error], [-1, "", "no luck"]);
    });
    await t.step(`${name} refuses a request that is no JSON`, () => {
      const { code, error } = callGuest(module, name, "{]");
      assert.deepEqual([code, error], [-1, "Cannot read JSON: unexpected character at 1"]);
    });
  }
});

Deno.test("exports an agent does not override return -2, without a text", async () => {
  const module = await compile(PARTIAL);
  for (const name of EXPORTS) {
    const { code, outputText, error } = callGuest(module, name, "{}");
    const url = name === "nd_get_artist_url" ? '{"url":"https://example.org/"}' : "";
    assert.deepEqual([code, outputText, error], [url === "" ? -2 : 0, url, ""]);
  }
});
