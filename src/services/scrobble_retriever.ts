/**
 * Plays that the music server has recorded. Source: `extism-abi.md` 2.15.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { MusicServer, ScrobbleRange } from "./music_server.ts";
import type { Scrobble } from "./music_types.ts";
import type { Read, scrobbleOptions, Written } from "./music_shapes.ts";
import { ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import type { UserScope } from "./user_scope.ts";

type Options = Read<typeof scrobbleOptions>;
type Page = { scrobbles: readonly Scrobble[]; next?: Written<typeof scrobbleOptions> };

/** The largest page, and the one that is given where none is asked for. */
const MAX_ITEMS = 5000;
const EVERYTHING: ScrobbleRange = { from: null, to: null };

/** Answers the `scrobbleretriever_*` functions. */
export class ScrobbleRetriever implements ServiceMethods<"scrobbleretriever"> {
  readonly #users: UserScope;
  readonly #server: MusicServer | undefined;

  constructor(users: UserScope, server: MusicServer | undefined) {
    this.#users = users;
    this.#server = server;
  }

  getFirstTimestamp(
    { username }: { readonly username: string },
    signal: AbortSignal,
  ): Promise<{ result: bigint | null }> {
    return this.#edge(username, false, signal);
  }

  getLastTimestamp(
    { username }: { readonly username: string },
    signal: AbortSignal,
  ): Promise<{ result: bigint | null }> {
    return this.#edge(username, true, signal);
  }

  async getScrobbles(
    { username, options }: { readonly username: string; readonly options: Options },
    signal: AbortSignal,
  ): Promise<Page> {
    const { descending } = options;
    const maxItems = options.maxItems < 1n || options.maxItems > MAX_ITEMS
      ? MAX_ITEMS
      : Number(options.maxItems);
    const offset = Math.min(Math.max(0, Number(options.offset)), Number.MAX_SAFE_INTEGER);
    const range = { from: options.fromTimestamp, to: options.toTimestamp };
    // One more than asked for: if it exists, it tells where the next page begins.
    const rows = await this.#ask(
      username,
      signal,
      (source, name) => source.list(name, range, descending, offset, maxItems + 1, signal),
    );
    const scrobbles = rows.slice(0, maxItems);
    const extra = rows[maxItems];
    if (extra === undefined) return { scrobbles };
    const time = extra.submissionTime;
    const before = scrobbles.length - 1 -
      scrobbles.findLastIndex(({ submissionTime }) => submissionTime !== time);
    // All of this page came at that one time: what was left out before it counts too.
    const nextOffset = before === scrobbles.length ? before + offset : before;
    return {
      scrobbles,
      next: {
        fromTimestamp: descending ? range.from : time,
        toTimestamp: descending ? time : range.to,
        descending,
        maxItems: BigInt(maxItems),
        offset: BigInt(nextOffset),
      },
    };
  }

  async getScrobbleCount(
    { username, options }: {
      readonly username: string;
      readonly options: Pick<Options, "fromTimestamp" | "toTimestamp">;
    },
    signal: AbortSignal,
  ): Promise<{ result: bigint }> {
    const range = { from: options.fromTimestamp, to: options.toTimestamp };
    const count = await this.#ask(
      username,
      signal,
      (source, name) => source.count(name, range, signal),
    );
    return { result: BigInt(count) };
  }

  async #edge(
    username: string,
    descending: boolean,
    signal: AbortSignal,
  ): Promise<{ result: bigint | null }> {
    const [edge] = await this.#ask(
      username,
      signal,
      (source, name) => source.list(name, EVERYTHING, descending, 0, 1, signal),
    );
    return { result: edge?.submissionTime ?? null };
  }

  async #ask<T>(
    username: string,
    signal: AbortSignal,
    question: (source: NonNullable<MusicServer["scrobbles"]>, name: string) => Promise<T>,
  ): Promise<T> {
    const { userName } = await this.#users.resolve("scrobbleRetriever", username, signal);
    const source = this.#server?.scrobbles;
    if (source === undefined) throw new ServiceError("scrobbleRetriever: not available");
    try {
      return await question(source, userName);
    } catch (error) {
      throw new ServiceError(`scrobbleRetriever: ${errorText(error)}`);
    }
  }
}
