/**
 * A small music server that follows the published API of Subsonic and OpenSubsonic, on loopback: accounts
 * with salted tokens and roles, players that say what they play, songs, covers.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Clock } from "../../src/services/mod.ts";

/** An account. */
export interface Account {
  readonly password: string;
  readonly adminRole?: boolean;
}

/** What a server is made of. */
export interface OpenSubsonicOptions {
  readonly clock: Clock;
  readonly accounts: Readonly<Record<string, Account>>;
  readonly songs: readonly { readonly id: string; readonly [field: string]: unknown }[];
  /** Pictures by cover id. */
  readonly covers?: Readonly<Record<string, { readonly type: string; readonly data: Uint8Array }>>;
}

interface Player {
  readonly username: string;
  readonly playerId: number;
  readonly playerName: string;
  readonly songId: string;
  readonly since: number;
}

/** Error codes of the API. */
const WRONG_PASSWORD = 40;
const NOT_AUTHORIZED = 50;
const NOT_FOUND = 70;

/** The server; it listens from the beginning. */
export class OpenSubsonic implements AsyncDisposable {
  /** Endpoint of every request, oldest first. */
  readonly asked: { readonly endpoint: string; readonly query: URLSearchParams }[] = [];
  /** Answers everything with 500 while set. */
  isDown = false;
  /** Whether the id of a player is its place in each answer, as Navidrome has it, and none that stays. */
  numbersPlayers = false;
  /** The name that every player is shown with, in the place of the client's. */
  shownName: string | undefined;
  readonly #options: OpenSubsonicOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #players = new Map<string, Player>();

  constructor(options: OpenSubsonicOptions) {
    this.#options = options;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** Without `/rest`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** A player says what it plays, as clients do with `scrobble` and `submission=false`. */
  async play(username: string, songId: string, client = "phone"): Promise<void> {
    const salt = "c19b2d";
    const { password = "" } = this.#options.accounts[username] ?? {};
    const query = new URLSearchParams({
      u: username,
      t: createHash("md5").update(password + salt).digest("hex"),
      s: salt,
      v: "1.16.1",
      c: client,
      f: "json",
      id: songId,
      submission: "false",
    });
    const response = await fetch(`${this.url}/rest/scrobble?${query}`);
    const { ["subsonic-response"]: answer } = await response.json();
    if (answer.status !== "ok") throw new Error(answer.error.message);
  }

  /** A player is switched off. */
  stop(username: string, client = "phone"): void {
    this.#players.delete(`${username} ${client}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const url = new URL(request.url);
    const endpoint = url.pathname.replace(/^\/rest\//, "").replace(/\.view$/, "");
    const query = url.searchParams;
    this.asked.push({ endpoint, query });
    if (this.isDown) return new Response("down", { status: 500 });
    const account = this.#options.accounts[query.get("u") ?? ""];
    const proof = createHash("md5").update(`${account?.password}${query.get("s")}`).digest("hex");
    if (account === undefined || query.get("t") !== proof) {
      return failed(WRONG_PASSWORD, "Wrong username or password");
    }
    if (endpoint === "getCoverArt") return this.#cover(query.get("id") ?? "");
    const answer = this.#content(endpoint, query, account);
    return answer instanceof Response ? answer : ok(answer);
  }

  #content(endpoint: string, query: URLSearchParams, account: Account): object | Response {
    const { songs, clock } = this.#options;
    const id = query.get("id") ?? "";
    const song = songs.find((one) => one.id === id);
    const username = query.get("u") ?? "";
    switch (endpoint) {
      case "ping":
        return {};
      case "getMusicFolders":
        return { musicFolders: { musicFolder: [{ id: 1, name: "Music" }] } };
      case "getUser":
        return { user: { username, adminRole: account.adminRole ?? false } };
      case "getUsers":
        return account.adminRole
          ? {
            users: {
              user: Object.keys(this.#options.accounts).map((name) => ({ username: name })),
            },
          }
          : failed(NOT_AUTHORIZED, "User is not authorized for the given operation");
      case "getSong":
        return song === undefined ? failed(NOT_FOUND, "Song not found") : { song };
      case "getAlbum":
        return id.startsWith("album")
          ? { album: { id, coverArt: `al-${id}` } }
          : failed(NOT_FOUND, "-");
      case "scrobble": {
        if (song === undefined) return failed(NOT_FOUND, "Song not found");
        const client = query.get("c") ?? "";
        const key = `${username} ${client}`;
        const playerId = [...this.#players.keys()].indexOf(key);
        this.#players.set(key, {
          username,
          playerName: client,
          playerId: playerId === -1 ? this.#players.size : playerId,
          songId: id,
          since: clock.now(),
        });
        return {};
      }
      case "getNowPlaying": {
        const players = [...this.#players.values()];
        const entry = this.numbersPlayers
          ? players.sort((a, b) => b.since - a.since)
            .map((one, index) => this.#entry({ ...one, playerId: index + 1 }))
          : players.map((one) => this.#entry(one));
        return { nowPlaying: { entry } };
      }
      default:
        return failed(NOT_FOUND, `no ${endpoint}`);
    }
  }

  #entry({ songId, since, ...player }: Player): object {
    const song = this.#options.songs.find(({ id }) => id === songId);
    const minutesAgo = Math.floor((this.#options.clock.now() - since) / 60_000);
    const playerName = this.shownName ?? player.playerName;
    return { ...song, isDir: false, ...player, playerName, minutesAgo };
  }

  #cover(id: string): Response {
    const cover = this.#options.covers?.[id];
    return cover === undefined
      ? failed(NOT_FOUND, "Artwork not found")
      : new Response(new Uint8Array(cover.data), { headers: { "content-type": cover.type } });
  }
}

function ok(content: object): Response {
  const envelope = {
    status: "ok",
    version: "1.16.1",
    type: "test",
    serverVersion: "1",
    openSubsonic: true,
  };
  return Response.json({ "subsonic-response": { ...envelope, ...content } });
}

function failed(code: number, message: string): Response {
  const envelope = { status: "failed", version: "1.16.1", type: "test", error: { code, message } };
  return Response.json({ "subsonic-response": envelope });
}
