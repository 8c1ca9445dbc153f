/** Every case of every host function, through a real guest: admission, dispatch, channel and services. */

import { deepStrictEqual } from "node:assert/strict";
import { HOST_FUNCTIONS } from "../src/services/mod.ts";
import { ALL_CASES, type Case } from "./services_cases/mod.ts";
import { loopbackServer } from "./support/network_host.ts";
import { ServiceHost } from "./support/service_host.ts";

/** The name of a case's plugin: some answers have it in them. */
const ID = "plugin";
/** A public address that every name has; what is connected to is the server below. */
const PUBLIC = "93.184.215.14";

/** A manifest says which hosts it asks for; everything else of a case's permissions is as a manifest has it. */
function asked({ permissions }: Case): object {
  const network = { requiredHosts: ["x"] };
  const { http, websocket, ...others } = permissions;
  return { ...others, ...(http && { http: network }), ...(websocket && { websocket: network }) };
}

function answer(request: Request): Response {
  if (request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 200 });
  return Deno.upgradeWebSocket(request).response;
}

for (const entry of ALL_CASES) {
  const { name, config = {}, users = [], libraries = [], steps } = entry;
  Deno.test(`through a guest: ${name}`, async () => {
    const needsNetwork = "http" in entry.permissions || "websocket" in entry.permissions;
    await using server = needsNetwork ? loopbackServer(answer) : undefined;
    await using place = new ServiceHost();
    place.install(ID, { permissions: asked(entry) });
    await place.start({
      config: { [ID]: config },
      network: {
        resolver: { resolve: () => Promise.resolve([PUBLIC]) },
        connect: () => Deno.connect({ hostname: "127.0.0.1", port: server?.port ?? 0 }),
      },
    });
    await place.enable(ID, { users, libraries });
    await place.play(ID, steps);
  });
}

Deno.test("through a guest: every host function of the table is called", () => {
  const called = ALL_CASES.flatMap(({ steps }) =>
    steps.flatMap((step) => "call" in step ? [step.call] : [])
  );
  deepStrictEqual([...new Set(called)].sort(), [...HOST_FUNCTIONS.keys()].sort());
});
