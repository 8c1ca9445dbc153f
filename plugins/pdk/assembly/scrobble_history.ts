// What users have played. Permissions `scrobbleRetriever` and `users`. Times are Unix seconds.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "scrobbleretriever_getfirsttimestamp")
declare function scrobbleretriever_getfirsttimestamp(request: u64): u64;
@external("extism:host/user", "scrobbleretriever_getlasttimestamp")
declare function scrobbleretriever_getlasttimestamp(request: u64): u64;
@external("extism:host/user", "scrobbleretriever_getscrobbles")
declare function scrobbleretriever_getscrobbles(request: u64): u64;
@external("extism:host/user", "scrobbleretriever_getscrobblecount")
declare function scrobbleretriever_getscrobblecount(request: u64): u64;

/** A track was played then. */
@final
export class PastScrobble {
  constructor(
    readonly id: i64,
    /** The track's id. */
    readonly mediaFileId: string,
    readonly submissionTime: i64,
  ) {}
}

/** Which scrobbles, and in which order. */
export class ScrobbleQuery {
  /** No bound. */
  static readonly UNBOUNDED: i64 = i64.MIN_VALUE;

  /** The first moment. */
  from: i64 = ScrobbleQuery.UNBOUNDED;
  /** The last moment. */
  to: i64 = ScrobbleQuery.UNBOUNDED;
  /** Newest first. */
  descending: bool = false;
  /** 5,000 unless set, and at most. */
  maxItems: i64 = 0;
  /** The host's own; it comes with a page's `next`. */
  offset: i64 = 0;

  static fromJson(json: Json): ScrobbleQuery {
    const query = new ScrobbleQuery();
    query.from = json.get("fromTimestamp").integer(ScrobbleQuery.UNBOUNDED);
    query.to = json.get("toTimestamp").integer(ScrobbleQuery.UNBOUNDED);
    query.descending = json.get("descending").boolean();
    query.maxItems = json.get("maxItems").integer();
    query.offset = json.get("offset").integer();
    return query;
  }

  /** The bounds alone. */
  bounds(): Json {
    const bounds = Json.object();
    if (this.from != ScrobbleQuery.UNBOUNDED) bounds.set("fromTimestamp", Json.integer(this.from));
    if (this.to != ScrobbleQuery.UNBOUNDED) bounds.set("toTimestamp", Json.integer(this.to));
    return bounds;
  }

  toJson(): Json {
    return this.bounds()
      .set("descending", Json.boolean(this.descending))
      .set("maxItems", Json.integer(this.maxItems))
      .set("offset", Json.integer(this.offset));
  }
}

/** Scrobbles, and how to ask for those after them. */
@final
export class ScrobblePage {
  constructor(
    readonly scrobbles: PastScrobble[],
    /** `null` at the end. */
    readonly next: ScrobbleQuery | null,
  ) {}
}

function byUser(username: string): Json {
  return Json.object().set("username", Json.text(username));
}

export namespace scrobbleHistory {
  /** When the user's first scrobble was; `otherwise` where there is none. */
  export function firstTimestamp(username: string, otherwise: i64 = -1): i64 {
    const request = requestOf(byUser(username));
    const answer = answerOf(request, scrobbleretriever_getfirsttimestamp(request));
    return answer.get("result").integer(otherwise);
  }

  /** When the user's last scrobble was; `otherwise` where there is none. */
  export function lastTimestamp(username: string, otherwise: i64 = -1): i64 {
    const request = requestOf(byUser(username));
    const answer = answerOf(request, scrobbleretriever_getlasttimestamp(request));
    return answer.get("result").integer(otherwise);
  }

  /** A page of the user's scrobbles. After a failure it is empty, see `hostError()`. */
  export function page(username: string, query: ScrobbleQuery = new ScrobbleQuery()): ScrobblePage {
    const request = requestOf(byUser(username).set("options", query.toJson()));
    const answer = answerOf(request, scrobbleretriever_getscrobbles(request));
    const list = answer.get("scrobbles"), found: PastScrobble[] = [];
    for (let i = 0; i < list.length; i++) {
      const scrobble = list.at(i);
      found.push(
        new PastScrobble(
          scrobble.get("id").integer(),
          scrobble.get("mediaFileId").text(),
          scrobble.get("submissionTime").integer(),
        ),
      );
    }
    const next = answer.get("next");
    return new ScrobblePage(found, next.exists ? ScrobbleQuery.fromJson(next) : null);
  }

  /** How many scrobbles of the user are within the query's bounds. */
  export function count(username: string, query: ScrobbleQuery = new ScrobbleQuery()): i64 {
    const request = requestOf(byUser(username).set("options", query.bounds()));
    return answerOf(request, scrobbleretriever_getscrobblecount(request)).get("result").integer();
  }
}
