import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { ArtworkKind } from "../services/mod.ts";
import { makePrivateFile } from "../state/mod.ts";

/** Where addresses of pictures begin, below the service's own address. */
export const ARTWORK_PATH = "/api/v1/artwork/";

/** A picture that an address means. */
export interface Artwork {
  /** Of what. */
  readonly kind: ArtworkKind;
  /** The server's id. */
  readonly id: string;
  /** Edge length in pixels; 0 for the original. */
  readonly size: number;
}

const KINDS: readonly ArtworkKind[] = ["artist", "album", "track", "playlist"];
const KEY_BYTES = 32;
const URL_TEXT = { alphabet: "base64url", omitPadding: true } as const;
/** Characters of an id. */
const MAX_ID = 512;
const MAX_SIZE = 4_096;

/**
 * Addresses of pictures that say what they mean, and that nobody but this service can make: whoever has one
 * sees that one picture, without any account. They do not end, as upstream's; a new key ends all of them.
 */
export class ArtworkLinks {
  readonly #key: Uint8Array;
  readonly #base: string;

  /**
   * @param key 32 bytes that nobody else knows.
   * @param baseUrl Where the service is reached from outside.
   */
  constructor(key: Uint8Array, baseUrl: string) {
    this.#key = key;
    this.#base = baseUrl.replace(/\/+$/, "");
  }

  /** With the key of a folder, which is made at the first time. */
  static open(folder: string, baseUrl: string): ArtworkLinks {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, "artwork.key");
    makePrivateFile(path);
    let key = Deno.readFileSync(path);
    if (key.byteLength !== KEY_BYTES) {
      key = new Uint8Array(randomBytes(KEY_BYTES));
      Deno.writeFileSync(path, key);
    }
    return new ArtworkLinks(key, baseUrl);
  }

  /** The address of a picture; whether there is one is not known. */
  url(kind: ArtworkKind, id: string, size: number): string {
    const wanted = Math.min(Math.max(0, Math.trunc(size)), MAX_SIZE);
    const text = new TextEncoder().encode(JSON.stringify([kind, id, wanted])).toBase64(URL_TEXT);
    return `${this.#base}${ARTWORK_PATH}${text}.${this.#sign(text).toBase64(URL_TEXT)}`;
  }

  /** What a token of such an address means; nothing for one that was not signed here. */
  read(token: string): Artwork | undefined {
    const [, text, signature] = /^([\w-]{1,2048})\.([\w-]{43})$/.exec(token) ?? [];
    if (text === undefined || signature === undefined) return undefined;
    try {
      const given = Uint8Array.fromBase64(signature, { alphabet: "base64url" });
      if (!timingSafeEqual(given, this.#sign(text))) return undefined;
      const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
      const [kind, id, size] = JSON.parse(new TextDecoder().decode(bytes));
      const known = KINDS.find((one) => one === kind);
      const isSound = typeof id === "string" && id !== "" && id.length <= MAX_ID &&
        typeof size === "number";
      return known === undefined || !isSound ? undefined : { kind: known, id, size };
    } catch {
      return undefined;
    }
  }

  #sign(text: string): Uint8Array {
    return new Uint8Array(createHmac("sha256", this.#key).update(text).digest());
  }
}
