/**
 * A host as administrators reach it: in its own process, and through the API of a service.
 *
 * @module
 */

import { createApi, ownNames, RemoteHost } from "../../src/api/mod.ts";
import type { Administration, PluginHost } from "../../src/host/mod.ts";
import { fakeTokens } from "./fake_host.ts";
import { agentGuest } from "./kernel_guest.ts";
import { packageOf, type PackageParts, PLAIN_MANIFEST } from "./plugins_folder.ts";

const TOKEN = "t".repeat(43);

/** A way to a host. */
export interface Way extends AsyncDisposable {
  readonly admin: Administration;
}

/** The ways to a host, by what they are called in the names of tests. */
export const WAYS: readonly (readonly [name: string, (host: PluginHost) => Way])[] = [
  ["in this process", (host) => ({ admin: host, async [Symbol.asyncDispose]() {} })],
  ["through the API", (host) => {
    const ready: { app?: ReturnType<typeof createApi> } = {};
    const stopping = new AbortController();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request, connection) => ready.app?.fetch(request, connection) ?? new Response(),
    );
    const { hostname, port } = server.addr;
    ready.app = createApi(host, {
      tokens: fakeTokens({ [TOKEN]: "admin" }),
      names: ownNames(hostname, port),
      stopping: stopping.signal,
    });
    return {
      admin: new RemoteHost({ url: `http://${hostname}:${port}`, token: TOKEN }),
      async [Symbol.asyncDispose]() {
        stopping.abort();
        await server.shutdown();
      },
    };
  }],
];

/** A package whose export `version` answers with a text, its version. */
export function versioned(
  version: string,
  { manifest = PLAIN_MANIFEST, ...parts }: PackageParts & { readonly manifest?: object } = {},
): Uint8Array<ArrayBuffer> {
  return packageOf({
    guest: agentGuest({ exports: ["version"], output: version }),
    ...parts,
    manifest: { ...manifest, version },
  });
}

/** What the export of a plugin answers, as text. */
export async function answerOf(
  host: Pick<Administration, "call">,
  id: string,
  name: string = "version",
  input = "",
): Promise<string> {
  return new TextDecoder().decode(await host.call(id, name, new TextEncoder().encode(input)));
}

/** All records of a stream up to now. */
export async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(records);
}
