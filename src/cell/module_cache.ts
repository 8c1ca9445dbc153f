/**
 * Compiled modules, one for each content, shared by all plugins and cells that run it.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";

interface Entry {
  readonly compiled: Promise<WebAssembly.Module>;
  readonly bytes: number;
}

/** Options of {@link ModuleCache}. */
export interface ModuleCacheOptions {
  /** Bytes of WebAssembly kept; the entries that were used longest ago go first. */
  readonly maxBytes: number;
  /** Time one compilation may take, in milliseconds. */
  readonly compileMs: number;
}

/** Keeps compiled modules by a hash of their bytes, in the order of their last use. */
export class ModuleCache {
  readonly #entries = new Map<string, Entry>();
  readonly #options: ModuleCacheOptions;
  #bytes = 0;

  constructor(options: ModuleCacheOptions) {
    this.#options = options;
  }

  /** Bytes of WebAssembly whose compiled form is kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Compiles admitted bytes, or gives what was compiled before.
   *
   * @throws {SoundproofError} `module.malformed` where the engine refuses them, `module.compile_timeout`.
   */
  async compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const entry = this.#entries.get(digest) ??
      { compiled: compileWithin(bytes, this.#options.compileMs), bytes: bytes.byteLength };
    this.#forget(digest);
    this.#entries.set(digest, entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#options.maxBytes || oldest === digest) break;
      this.#forget(oldest);
    }
    try {
      return await entry.compiled;
    } catch (thrown) {
      if (this.#entries.get(digest) === entry) this.#forget(digest);
      throw thrown;
    }
  }

  #forget(digest: string): void {
    this.#bytes -= this.#entries.get(digest)?.bytes ?? 0;
    this.#entries.delete(digest);
  }
}

async function compileWithin(
  bytes: Uint8Array<ArrayBuffer>,
  limitMs: number,
): Promise<WebAssembly.Module> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new SoundproofError(
        "module.compile_timeout",
        `Cannot compile module: it took longer than ${limitMs} ms`,
      ),
    );
  }, limitMs);
  try {
    return await Promise.race([WebAssembly.compile(bytes), late.promise]);
  } catch (thrown) {
    if (!(thrown instanceof WebAssembly.CompileError)) throw thrown;
    throw new SoundproofError("module.malformed", `Cannot compile module: ${thrown.message}`, {
      cause: thrown,
    });
  } finally {
    clearTimeout(timer);
  }
}
