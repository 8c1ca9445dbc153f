// The API of ListenBrainz: https://listenbrainz.readthedocs.io/en/latest/users/api/core.html

import {
  cache,
  fail,
  HttpRequest,
  HttpResponse,
  Json,
  notAuthorized,
  retryLater,
} from "@soundproof/pdk";

const API = "https://api.listenbrainz.org/1/";
const TIMEOUT_MS = 10_000;

const KNOWN_SECONDS: i64 = 24 * 3600;
/** Someone may just have entered the right token. */
const UNKNOWN_SECONDS: i64 = 10 * 60;

/**
 * Whether ListenBrainz knows a token. One that it cannot be asked about counts as known: a play that is not taken
 * now is lost, and one that is taken waits until ListenBrainz answers.
 */
export function knows(token: string): bool {
  const key = "valid " + token, kept = cache.getText(key);
  if (kept !== null) return kept == "yes";
  const response = request("GET", "validate-token", token).send();
  const answer = response.json();
  if (!response.ok || !answer.get("valid").exists) return true;
  const valid = answer.get("valid").boolean();
  cache.setText(key, valid ? "yes" : "no", valid ? KNOWN_SECONDS : UNKNOWN_SECONDS);
  return valid;
}

/** Sends one listen; says what went wrong, in the words by which the server keeps it or drops it. */
export function submit(kind: string, listen: Json, token: string): void {
  const response = request("POST", "submit-listens", token)
    .json(
      Json.object()
        .set("listen_type", Json.text(kind))
        .set("payload", Json.array().push(listen)),
    )
    .send();
  if (response.ok) return;
  const state = stateOf(response);
  if (response.status == 401) {
    cache.remove("valid " + token);
    notAuthorized("ListenBrainz does not know the token: " + state);
  } else if (isForNow(response.status)) retryLater("Cannot reach ListenBrainz: " + state);
  else fail("ListenBrainz does not take the listen: " + state);
}

function request(method: string, path: string, token: string): HttpRequest {
  return new HttpRequest(method, API + path)
    .header("Authorization", "Token " + token)
    .timeout(TIMEOUT_MS);
}

/** Whether the same request can succeed later: nothing came, too many came, or the site has a fault of its own. */
function isForNow(status: i32): bool {
  return status == 0 || status == 408 || status == 429 || status >= 500;
}

function stateOf(response: HttpResponse): string {
  const error = response.json().get("error").text();
  return error == "" ? response.fault : response.fault + ": " + error;
}
