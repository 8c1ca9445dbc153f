import fc from "fast-check";
import assert from "node:assert/strict";
import { createApi } from "../src/api/mod.ts";
import { answerChecker } from "./support/api_answers.ts";
import { readDocument } from "./support/api_document.ts";
import { requestsOf } from "./support/api_requests.ts";
import { fakeTokens } from "./support/fake_host.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { packageOf, TestData } from "./support/plugins_folder.ts";

const REQUESTS = 300;

Deno.test(`${REQUESTS} requests made of the document find no 500 and no answer it does not tell at a real host`, async () => {
  using data = new TestData();
  await using host = await data.open();
  const faults: unknown[] = [];
  const app = createApi(host, {
    tokens: fakeTokens({ admin: "admin", client: "client", read: "read" }),
    names: { hosts: ["localhost"] },
    onFault: (error) => faults.push(error),
  });
  const { document, operations } = await readDocument(app);
  const checked = answerChecker(document);
  const bytes = packageOf({ guest: agentGuest({ exports: ["nd_get_artist_biography"] }) });
  const seen = new Set<number>();
  let turns = 0;
  const known = {
    names: ["echo", "none", "nd_get_artist_biography"],
    tokens: ["client", "read", "wrong", ""],
  };
  const requests = requestsOf(operations, document.components.schemas, known);
  await fc.assert(
    fc.asyncProperty(requests, async (made) => {
      // What is removed or disabled would leave little to ask.
      if (turns++ % 10 === 0) {
        if (!host.list().some(({ id }) => id === "echo")) await host.install("echo", bytes);
        await host.enable("echo");
      }
      seen.add(await checked(app, made, faults));
    }),
    { numRuns: REQUESTS },
  );
  for (const status of [200, 400, 401, 403, 404]) assert.ok(seen.has(status), `no ${status}`);
});
