/** Every case of every host function, through a real guest: admission, dispatch, channel and services. */

import { deepStrictEqual } from "node:assert/strict";
import { connect, createServer } from "node:net";
import { HOST_FUNCTIONS } from "../src/services/mod.ts";
import { ALL_CASES, type Case } from "./services_cases/mod.ts";
import { loopbackServer } from "./support/network_host.ts";
import { ServiceHost } from "./support/service_host.ts";

/** The name of a case's plugin: some answers have it in them. */
const ID = "plugin";
/** A public address that every name has; what is connected to is the server below. */
const PUBLIC = "93.184.215.14";

/** The marks of a manifest in whose dialect single users can be ruled out. */
const OLDER = {
  description: "Older",
  website: "https://example.com",
  capabilities: ["MetadataAgent"],
  permissions: {
    users: { reason: "test" },
    subsonicapi: { reason: "test", allowAdmins: false, allowedUsernames: ["Admin", "alice"] },
  },
};

/** A manifest says which hosts it asks for; everything else of a case's permissions is as a manifest has it. */
function asked({ permissions }: Case): object {
  const network = { requiredHosts: ["x"] };
  const { http, websocket, ...others } = permissions;
  return { ...others, ...(http && { http: network }), ...(websocket && { websocket: network }) };
}

/** A server that answers every HTTP request with a status and nothing else. */
async function bareServer(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())),
  };
}

/** The far side of a case that reaches the network. */
async function serverOf(
  { permissions }: Case,
): Promise<({ port: number } & AsyncDisposable) | undefined> {
  if ("http" in permissions) return await bareServer();
  if (!("websocket" in permissions)) return undefined;
  return loopbackServer((request) => Deno.upgradeWebSocket(request).response);
}

for (const entry of ALL_CASES) {
  const { name, config = {}, users = [], libraries = [], steps } = entry;
  Deno.test(`through a guest: ${name}`, async () => {
    await using server = await serverOf(entry);
    await using place = new ServiceHost();
    const isOlder = entry.permissions.subsonicapi?.allowedUsernames !== undefined;
    place.install(ID, { permissions: asked(entry), ...(isOlder && { manifest: OLDER }) });
    await place.start({
      config: { [ID]: config },
      network: {
        resolver: { resolve: () => Promise.resolve([PUBLIC]) },
        connect: () => Promise.resolve(connect(server?.port ?? 0, "127.0.0.1")),
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
