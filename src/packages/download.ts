import { readAll } from "../byte_stream.ts";
import { SoundproofError } from "../errors.ts";
import { faultOf, type Hop, isRedirect, nextHop, urlText } from "../egress/mod.ts";
import { openWay, type Way, type WayOptions } from "./download_way.ts";
import { checkHash, hashBytes } from "./expected_hash.ts";
import { PACKAGE_ENDING, pluginId } from "./plugin_id.ts";
import { MAX_PACKAGE_BYTES, sha256 } from "./plugin_package.ts";

/** Redirects that are followed. */
const MAX_REDIRECTS = 5;

/** What to download, and how far one goes for it. */
export interface DownloadOptions extends WayOptions {
  /** An `https` URL without credentials. */
  readonly url: string;
  /** SHA-256 that the bytes must have, in hex. */
  readonly sha256?: string;
  /** Limit of the whole download. Default 300,000 ms. */
  readonly limitMs?: number;
  /** Told how many bytes have come, and how many will where the server says so. */
  readonly progress?: (received: number, total: number | undefined) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A package that was downloaded. Nothing but its hash has been looked at. */
export interface Download {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly sha256: string;
  /** Where they came from in the end, without a query. */
  readonly url: string;
}

/**
 * Downloads a package.
 *
 * Every hop of it is https, and goes through a gateway of its own: a special-purpose address is refused unless it is
 * among `addresses`, and what is connected to is the address that was judged.
 *
 * @throws {SoundproofError} `package.download_refused`, `package.download_failed`, `package.too_large`,
 * `package.hash_mismatch`. What `signal` was aborted with.
 */
export async function downloadPackage(options: DownloadOptions): Promise<Download> {
  const { limitMs = 300_000, signal, sha256: wanted } = options;
  if (wanted !== undefined) hashBytes(wanted); // before anything is asked for
  const url = firstUrl(options.url);
  const ending = new AbortController();
  const tooLate = fault("failed", url, `it took longer than ${limitMs} ms`);
  const timer = setTimeout(() => ending.abort(tooLate), limitMs);
  const ended = AbortSignal.any([ending.signal, ...(signal === undefined ? [] : [signal])]);
  try {
    await using way = await openWay(options);
    const { response, at } = await follow(url, way, ended);
    const bytes = await readBody(response, at, options.progress);
    const hash = await sha256(bytes);
    if (wanted !== undefined) checkHash(urlText(url), hash, wanted);
    return { bytes, sha256: hash, url: urlText(at) };
  } catch (thrown) {
    throw ended.aborted ? ended.reason : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** The plugin id that the URL of a package suggests: the name of its file, if it ends in `.ndp` and can be an id. */
export function suggestedId(url: string): string | undefined {
  const name = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  try {
    const decoded = decodeURIComponent(name);
    return decoded.endsWith(PACKAGE_ENDING) ? pluginId(decoded) : undefined;
  } catch {
    return undefined; // not UTF-8, or no id
  }
}

async function follow(
  url: URL,
  way: Way,
  signal: AbortSignal,
): Promise<{ response: Response; at: URL }> {
  // Compressed on the way, a package would have another length than the server states.
  const headers: [string, string][] = [["accept-encoding", "identity"], ["accept", "*/*"]];
  let hop: Hop = { url, method: "GET", headers, body: undefined };
  for (let hops = 0;; hops++) {
    const response = await send(hop, way, signal);
    if (response.ok) return { response, at: hop.url };
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (!isRedirect(response.status) || location === null) {
      throw fault("failed", hop.url, `the server answers ${response.status}`);
    }
    if (hops >= MAX_REDIRECTS) {
      throw fault("refused", url, `it has more than ${MAX_REDIRECTS} redirects`);
    }
    const next = nextHop(hop, response.status, location);
    if (typeof next === "string") throw fault("refused", hop.url, next);
    checkScheme(next.url);
    hop = next;
  }
}

async function send({ url, headers }: Hop, way: Way, signal: AbortSignal): Promise<Response> {
  delete way.refusal;
  try {
    return await fetch(url, { client: way.client, headers, redirect: "manual", signal });
  } catch (thrown) {
    if (way.refusal === undefined) throw failureOf(thrown, url);
    const { code, reason } = way.refusal;
    throw fault(code === "egress.address_refused" ? "refused" : "failed", url, reason);
  }
}

async function readBody(
  response: Response,
  url: URL,
  progress: DownloadOptions["progress"],
): Promise<Uint8Array<ArrayBuffer>> {
  const stated = response.headers.get("content-length") ?? "";
  const isCertain = /^\d{1,15}$/.test(stated) && !response.headers.has("content-encoding");
  const total = isCertain ? Number(stated) : undefined;
  try {
    if (total !== undefined && total > MAX_PACKAGE_BYTES) throw tooLarge(url);
    progress?.(0, total);
    return await readAll(response.body, (piece, before) => {
      const received = before + piece.length;
      if (received > MAX_PACKAGE_BYTES) throw tooLarge(url);
      progress?.(received, total);
      return piece;
    });
  } catch (thrown) {
    await response.body?.cancel().catch(() => {});
    throw failureOf(thrown, url);
  }
}

function firstUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) {
    const shown = text.slice(0, 200);
    throw new SoundproofError(
      "package.download_refused",
      `Cannot download "${shown}": it is no URL`,
    );
  }
  checkScheme(url);
  if (url.username !== "" || url.password !== "") {
    throw fault("refused", url, "it has credentials, which others can read in a command line");
  }
  url.hash = "";
  return url;
}

function checkScheme(url: URL): void {
  if (url.protocol === "https:") return;
  throw fault("refused", url, `its scheme is "${url.protocol.slice(0, -1)}", want "https"`);
}

function fault(how: "refused" | "failed", url: URL, state: string): SoundproofError {
  const text = `Cannot download "${urlText(url)}": ${state}`;
  return new SoundproofError(`package.download_${how}`, text);
}

function failureOf(thrown: unknown, url: URL): SoundproofError {
  if (thrown instanceof SoundproofError) return thrown;
  const { message } = faultOf(thrown, "download", url);
  return new SoundproofError("package.download_failed", message, { cause: thrown });
}

function tooLarge(url: URL): SoundproofError {
  const text = `Cannot download "${urlText(url)}": it is larger than ${MAX_PACKAGE_BYTES} bytes`;
  return new SoundproofError("package.too_large", text);
}
