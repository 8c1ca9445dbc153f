/**
 * Players that a server gives another id at each look.
 *
 * Navidrome numbers the entries of each answer, the one that began last first: the id of every other changes
 * whenever somebody begins to play, or ends. So a player keeps the id that it was first seen with.
 *
 * @module
 */

import { type Entry, playerKey } from "./now_playing.ts";

/** A player that was seen before. */
export interface KnownPlayer {
  /** Its user's name in lower case. */
  readonly userKey: string;
  /** The id that it was first seen with. */
  readonly playerId: string;
  readonly playerName: string;
  /** The track that it last played. */
  readonly trackId: string;
}

/** What tells that an entry is of a known player of its user and name, the surest first. */
const SIGNS: readonly ((entry: Entry, known: KnownPlayer) => boolean)[] = [
  (entry, known) => entry.playerId === known.playerId && entry.track.id === known.trackId,
  (entry, known) => entry.track.id === known.trackId,
  (entry, known) => entry.playerId === known.playerId,
  () => true,
];

/**
 * The entries of one answer by their players, each with the id of the known player that it is of, or one that no
 * other has.
 */
export function recognise(
  entries: readonly Entry[],
  known: readonly KnownPlayer[],
): Map<string, Entry> {
  const namesakes = Map.groupBy(known, (one) => JSON.stringify([one.userKey, one.playerName]));
  const groups = Map.groupBy(
    entries,
    (one) => JSON.stringify([one.username.toLowerCase(), one.playerName]),
  );
  const recognised = [...groups].flatMap(([name, group]) =>
    recogniseGroup(group, namesakes.get(name) ?? [])
  );
  return new Map(recognised.map((entry) => [playerKey(entry), entry]));
}

/** The same for entries and players of one user and name. */
function recogniseGroup(entries: readonly Entry[], known: readonly KnownPlayer[]): Entry[] {
  const left = new Set(known);
  const ids = new Map<Entry, string>();
  for (const isOf of SIGNS) {
    for (const entry of entries) {
      if (ids.has(entry)) continue;
      const player = left.values().find((one) => isOf(entry, one));
      if (player === undefined) continue;
      left.delete(player);
      ids.set(entry, player.playerId);
    }
  }
  const taken = new Set(ids.values());
  return entries.map((entry) => {
    let playerId = ids.get(entry);
    if (playerId === undefined) {
      playerId = entry.playerId;
      for (let number = 1; taken.has(playerId); number++) playerId = String(number);
      taken.add(playerId);
    }
    return { ...entry, playerId };
  });
}
