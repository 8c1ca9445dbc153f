/**
 * The sites that the example plugins talk to, for as long as a soak lasts: nothing of what they are asked is kept.
 *
 * @module
 */

import { PublicSites, type Site } from "./public_sites.ts";
import { answerOf } from "./wikimedia.ts";

/** What the sites have been asked, by kind. */
export interface SiteCounters {
  /** Plays that ListenBrainz took. */
  listens: number;
  /** Plays that the webhook took. */
  hooks: number;
  /** Frames that Discord's gateway received. */
  frames: number;
}

/** A name that leads to a private address. */
export const INSIDE = "inside.soak.example";

/** A name that sends everyone on to a host that nobody declared. */
export const MOVED = "moved.soak.example";

const wikimedia: Site = ({ url }) => {
  const { status, document } = answerOf(url);
  return typeof document === "string"
    ? new Response(document, { status })
    : Response.json(document, { status });
};

/** Opens all sites. */
export function soakSites(counters: SiteCounters): Promise<PublicSites> {
  return PublicSites.open({
    "query.wikidata.org": wikimedia,
    "en.wikipedia.org": wikimedia,
    "lrclib.net": () => Response.json({ plainLyrics: "Oh", syncedLyrics: "[00:01.00] Oh" }),
    "api.listenbrainz.org": ({ url }) => {
      if (url.pathname.endsWith("/validate-token")) return Response.json({ valid: true });
      counters.listens++;
      return Response.json({ status: "ok" });
    },
    "hook.soak.example": () => {
      counters.hooks++;
      return new Response("taken");
    },
    "discord.com": ({ method }) =>
      method === "GET"
        ? Response.json({ url: "wss://gateway.discord.gg" })
        : Response.json([{ external_asset_path: "external/1" }]),
    "gateway.discord.gg": ({ raw }) => {
      const { socket, response } = Deno.upgradeWebSocket(raw);
      socket.onopen = () => socket.send(JSON.stringify({ t: "READY", s: 1, op: 0, d: {} }));
      socket.onmessage = () => void counters.frames++;
      return response;
    },
    [MOVED]: () => Response.redirect("https://elsewhere.example/", 302),
  });
}
