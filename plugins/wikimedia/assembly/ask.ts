// One question to a site of Wikimedia, in the manner it asks for:
// https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy

import { config, fail, HttpRequest, Json } from "@soundproof/pdk";

/** At most three questions a call, which has 30 seconds. */
const TIMEOUT_MS = 8000;

const SITE = "https://jsr.io/@soundproof/host";

/** The JSON a site answers; `null` after a fault. */
export function ask(site: string, url: string): Json | null {
  const response = new HttpRequest("GET", url)
    .header("Accept", "application/sparql-results+json, application/json")
    .header("User-Agent", userAgent())
    .timeout(TIMEOUT_MS)
    .send();
  if (!response.ok) return faultOf(site, response.fault);
  const answer = response.json();
  return answer.error == "" ? answer : faultOf(site, answer.error);
}

/** Says that a site gave no answer that can be used. */
export function faultOf(site: string, state: string): Json | null {
  fail("Cannot ask " + site + ": " + state);
  return null;
}

function userAgent(): string {
  const contact = config.text("contact").trim();
  for (let i = 0; i < contact.length; i++) {
    const code = contact.charCodeAt(i);
    // A header is of printable ASCII, and a parenthesis would end the comment.
    if (code < 0x20 || code > 0x7e || code == 0x28 || code == 0x29) return agent("");
  }
  return agent(contact == "" ? "" : "; " + contact);
}

function agent(contact: string): string {
  return "SoundproofWikimedia/1.0.0 (" + SITE + contact + ")";
}
