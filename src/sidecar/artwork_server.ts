import { field, type SubsonicClient } from "../services/mod.ts";
import { type Artwork, ARTWORK_PATH, type ArtworkLinks } from "./artwork_links.ts";

/** The largest picture that is given out. Bytes. */
const MAX_BYTES = 10 * 1024 * 1024;
/** Pictures asked of the server at the same time; further requests are told to come back. */
const AT_ONCE = 8;
/** Bytes of pictures that wait for their readers; with more, further requests are told to come back, too. */
const MAX_SENDING_BYTES = 64 * 1024 * 1024;
/** What browsers show as pictures, and nothing that can hold a script. */
const TYPES = /^image\/(?:jpeg|png|gif|webp|avif|bmp)$/;
/** Where a thing of the Subsonic API tells the id of its cover. */
const ASKED = {
  artist: ["getArtist", "artist"],
  album: ["getAlbum", "album"],
  track: ["getSong", "song"],
  playlist: ["getPlaylist", "playlist"],
} as const;

/**
 * Answers addresses that {@link ArtworkLinks} made, from the covers of the music server. It needs no token:
 * the signature is what lets a request in, and it opens one picture.
 */
export class ArtworkServer {
  readonly #links: ArtworkLinks;
  readonly #client: SubsonicClient;
  #running = 0;
  #sendingBytes = 0;

  /** Nothing is asked of the music server before a request comes. */
  constructor(links: ArtworkLinks, client: SubsonicClient) {
    this.#links = links;
    this.#client = client;
  }

  /**
   * Answers a request below {@link ARTWORK_PATH}; nothing for any other.
   *
   * @param completed Settles when the answer has been sent, or cannot be.
   */
  answer(request: Request, completed = Promise.resolve()): Promise<Response> | undefined {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(ARTWORK_PATH)) return undefined;
    return this.#answer(request, pathname.slice(ARTWORK_PATH.length), completed);
  }

  async #answer(request: Request, token: string, completed: Promise<void>): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") return nothing(405);
    const artwork = this.#links.read(token);
    // A wrong signature and a missing picture look the same.
    if (artwork === undefined) return nothing(404);
    const tag = `"${token.slice(-43)}"`;
    if (request.headers.get("if-none-match") === tag) {
      return new Response(null, { status: 304, headers: headers(tag) });
    }
    if (this.#running >= AT_ONCE || this.#sendingBytes > MAX_SENDING_BYTES) {
      return nothing(503, { "retry-after": "1" });
    }
    this.#running++;
    try {
      const { contentType, data } = await this.#cover(artwork, request.signal);
      const [type = ""] = contentType.toLowerCase().split(";", 1);
      if (!TYPES.test(type) || data.byteLength > MAX_BYTES) return nothing(404);
      const body = request.method === "HEAD" ? null : new Uint8Array(data);
      if (body !== null) this.#sending(body.byteLength, completed);
      const length = String(data.byteLength);
      return new Response(body, {
        headers: { ...headers(tag), "content-type": type, "content-length": length },
      });
    } catch {
      return nothing(request.signal.aborted ? 499 : 502);
    } finally {
      this.#running--;
    }
  }

  #sending(bytes: number, completed: Promise<void>): void {
    this.#sendingBytes += bytes;
    const sent = () => void (this.#sendingBytes -= bytes);
    void completed.then(sent, sent);
  }

  async #cover({ kind, id, size }: Artwork, signal: AbortSignal) {
    const [endpoint, name] = ASKED[kind];
    const answer = await this.#client.ask(endpoint, { id }, signal).catch(() => ({}));
    const cover = field(field(answer, name), "coverArt");
    const query = new URLSearchParams({ c: "soundproof", v: "1.16.1" });
    query.set("id", typeof cover === "string" && cover !== "" ? cover : id);
    if (size > 0) query.set("size", String(size));
    return await this.#client.send(this.#client.username, "/getCoverArt", query, signal);
  }
}

function headers(tag: string): Record<string, string> {
  return {
    "cache-control": "public, max-age=86400",
    etag: tag,
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
  };
}

function nothing(status: number, more: Record<string, string> = {}): Response {
  const allow = status === 405 ? { allow: "GET, HEAD" } : {};
  return new Response(null, {
    status,
    headers: { "cache-control": "no-store", ...allow, ...more },
  });
}
