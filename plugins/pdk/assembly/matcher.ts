// Songs to the tracks of the library that they are. Permissions `matcher` and `library`.

import { jsonList } from "./capability";
import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";
import { SongRef } from "./music";
import { Track } from "./track";

@external("extism:host/user", "matcher_matchsongs")
declare function matcher_matchsongs(request: u64): u64;

export namespace matcher {
  /**
   * The track of each song, in their order; `null` where there is none. With a user name, as that user sees the
   * library; without, as an administrator does. After a failure the list is empty, see `hostError()`.
   */
  export function match(songs: SongRef[], username: string = ""): Array<Track | null> {
    const fields = Json.object().set("songs", jsonList<SongRef>(songs));
    if (username.length > 0) {
      fields.set("opts", Json.object().set("username", Json.text(username)));
    }
    const request = requestOf(fields);
    const results = answerOf(request, matcher_matchsongs(request)).get("results");
    const tracks: Array<Track | null> = [];
    for (let i = 0; i < results.length; i++) {
      tracks.push(results.at(i).exists ? new Track(results.at(i)) : null);
    }
    return tracks;
  }
}
