import fc from "fast-check";
import assert from "node:assert/strict";
import { createApi } from "../src/api/mod.ts";
import { SoundproofError } from "../src/errors.ts";
import { readDocument } from "./support/api_document.ts";
import { answerChecker } from "./support/api_answers.ts";
import { type Made, requestsOf } from "./support/api_requests.ts";
import { fakeHost, fakeTokens, summary } from "./support/fake_host.ts";

const REQUESTS = 5_000;
const EXPORTS = ["nd_get_artist_biography", "nd_lyrics_get_lyrics", "nd_find_sonic_path"];

/** What plugins put out, turn by turn: also what they must not. */
const OUTPUTS = ["null", "{}", "[]", '{"biography":"née"}', "{oops", "", '{"lyrics":7}'];

function stage(faults: unknown[] = []) {
  let turn = 0;
  const host = fakeHost(
    [summary({ exports: EXPORTS }), summary({ id: "off", state: "disabled" })],
    () => {
      const output = OUTPUTS[turn++ % (OUTPUTS.length + 1)];
      if (output !== undefined) return new TextEncoder().encode(output);
      throw new SoundproofError("guest.deadline", 'Cannot call "echo": its deadline is over');
    },
  );
  for (const id of [1, 2, 3]) {
    host.facts.records.event.push({ id, at: 0, plugin: "echo", kind: "changed" } as never);
  }
  return createApi(host, {
    tokens: fakeTokens({ admin: "admin", client: "client", read: "read" }),
    names: { hosts: ["localhost"] },
    onFault: (error) => faults.push(error),
  });
}

const { document, operations } = await readDocument(stage());

/** What a validator that is not ours says of a document. */
async function validated(what: unknown): Promise<{ valid: boolean; version: string }> {
  const child = new Deno.Command("deno", {
    args: ["run", "--no-check", "--no-prompt", "--allow-read", "tests/support/validate_openapi.ts"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await new Response(JSON.stringify(what)).body?.pipeTo(child.stdin);
  return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
}

Deno.test("the document is valid OpenAPI 3.1, and would not be without its title", async () => {
  const said = await validated(document);
  assert.equal(said.valid, true, JSON.stringify(said));
  assert.equal(said.version, "3.1");
  assert.equal((await validated({ ...document, info: {} })).valid, false);
});

Deno.test(`${REQUESTS} requests made of the document find no 500 and no answer it does not tell`, async () => {
  const known = {
    names: ["echo", "off", "none", "1", ...EXPORTS],
    tokens: ["client", "read", "wrong", ""],
  };
  const seen = new Map<number, number>();
  let turns = 0;
  const checked = answerChecker(document);
  const check = async (made: Made) => {
    // Plugins that are removed and addresses that fail too often would leave little to ask: now and then all is new.
    if (turns++ % 50 === 0) ({ app, faults } = renewed());
    const status = await checked(app, made, faults);
    seen.set(status, (seen.get(status) ?? 0) + 1);
  };
  const renewed = () => {
    const faults: unknown[] = [];
    return { app: stage(faults), faults };
  };
  let { app, faults } = renewed();
  const requests = requestsOf(operations, document.components.schemas, known);
  await fc.assert(fc.asyncProperty(requests, check), { numRuns: REQUESTS });
  for (const status of [200, 204, 400, 401, 403, 404]) assert.ok(seen.get(status), `no ${status}`);
});
