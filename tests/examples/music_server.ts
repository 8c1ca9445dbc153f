/**
 * A music server of a hundred lines that has plugins, since it imports Soundproof. Run it, with plugins in
 * `data/plugins`, and ask it:
 *
 *     deno run --v8-flags=--liftoff-only --allow-read --allow-write=data --allow-net tests/examples/music_server.ts
 *     curl http://127.0.0.1:8000/artists/Nina%20Simone
 *
 * @module
 */

import {
  memoryMusicServer,
  PluginHost,
  type PluginHostOptions,
  type ServerTrack,
} from "../../mod.ts";

const TRACKS: readonly ServerTrack[] = [
  {
    id: "t1",
    libraryId: 1,
    title: "Sinnerman",
    artist: "Nina Simone",
    album: "Pastel Blues",
    duration: 622,
    participants: [{ role: "artist", id: "a1", name: "Nina Simone" }],
  },
  { id: "t2", libraryId: 1, title: "Spiegel im Spiegel", artist: "Arvo Pärt", duration: 500 },
];

/** What plugins that are allowed to can see of the library. */
const LIBRARY = {
  users: [{ userName: "ann", name: "Ann", isAdmin: true }],
  libraries: [{ id: 1, name: "Music" }],
  tracks: TRACKS,
};

/** The server: one page an artist, and what a player tells of a track. */
export class JukeBox implements AsyncDisposable {
  /** Its plugins. A server lets its administrator enable them; see `PluginHost`. */
  readonly host: PluginHost;
  #playing: { readonly track: ServerTrack; readonly since: number } | undefined;

  private constructor(host: PluginHost) {
    this.host = host;
  }

  /** Opens the plugins of a data folder. Those that were enabled run from now on. */
  static async open(options: PluginHostOptions): Promise<JukeBox> {
    const musicServer = memoryMusicServer(LIBRARY);
    return new JukeBox(await PluginHost.open({ musicServer, ...options }));
  }

  /** Answers a request. */
  async fetch(request: Request): Promise<Response> {
    const [, kind, id = "", action] = decodeURIComponent(new URL(request.url).pathname).split("/");
    if (kind === "artists") return Response.json(await this.#artist(id, request.signal));
    const track = TRACKS.find((track) => track.id === id);
    if (kind !== "tracks" || track === undefined) return new Response(null, { status: 404 });
    if (action === "lyrics") return Response.json(await this.#lyrics(track, request.signal));
    if (action === "similar") return Response.json(await this.#similar(track));
    if (action === "play") return Response.json(await this.#play(track));
    if (action === "stop") return Response.json(await this.#stop());
    return Response.json({ title: track.title, artist: track.artist });
  }

  /** What plugins know of an artist: each question goes from plugin to plugin until one has an answer. */
  async #artist(name: string, signal: AbortSignal): Promise<object> {
    const artist = { id: name, name };
    const [biography, images] = await Promise.all([
      this.host.metadata.artistBiography(artist, { signal }),
      this.host.metadata.artistImages(artist, { signal }),
    ]);
    return {
      name,
      ...(biography.kind === "found" && { biography: biography.value, by: biography.plugin }),
      images: images.kind === "found" ? images.value : [],
      // A fault is not final: a client may ask again, where it need not after "not found".
      complete: biography.kind !== "fault" && images.kind !== "fault",
    };
  }

  async #lyrics(track: ServerTrack, signal: AbortSignal): Promise<object> {
    const answer = await this.host.lyrics.ofTrack(track, { signal });
    return answer.kind === "found" ? answer.value : [];
  }

  async #similar(track: ServerTrack): Promise<object> {
    const answer = await this.host.similarity.similarTracks(track, 10);
    const matches = answer.kind === "found" ? answer.value : [];
    return matches.map(({ song, similarity }) => ({ title: song.name, similarity }));
  }

  /** A player begins a track: scrobblers are told at once, and nobody minds who of them fails. */
  async #play(track: ServerTrack): Promise<object> {
    this.#playing = { track, since: Math.floor(Date.now() / 1000) };
    return await this.host.scrobblers.nowPlaying({ username: "ann", track, position: 0 });
  }

  /** The track was heard: it is stored first, and delivered however often that has to be tried. */
  async #stop(): Promise<object> {
    if (this.#playing === undefined) return [];
    const { track, since: timestamp } = this.#playing;
    this.#playing = undefined;
    return await this.host.scrobblers.scrobble({ username: "ann", track, timestamp });
  }

  /** Ends the plugins. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
  }
}

if (import.meta.main) {
  await using box = await JukeBox.open({ dataDir: "data" });
  await Deno.serve({ hostname: "127.0.0.1" }, (request) => box.fetch(request)).finished;
}
