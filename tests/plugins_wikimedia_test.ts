// The plugin end to end: package, grant, cell, http_send, gate, gateway, TLS, and sites of our own.

import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { type Answer, MetadataAgent } from "../src/capabilities/mod.ts";
import { type LogEntry, PluginHost } from "../src/host/mod.ts";
import { readSources } from "../plugins/compile.ts";
import { builtPlugin, compiled } from "./support/built.ts";
import { authority } from "./support/certificates.ts";
import { tempDir } from "./support/temp_dir.ts";
import { answerOf, mbid } from "./support/wikimedia.ts";

const FOLDER = new URL("../plugins/wikimedia/", import.meta.url);

/** Public addresses of the sites; nobody is asked there. */
const ADDRESSES: Readonly<Record<string, string>> = {
  "query.wikidata.org": "208.80.154.1",
  "en.wikipedia.org": "208.80.154.2",
  "de.wikipedia.org": "208.80.154.3",
};

const ca = await authority();

/** The sites, each with its own certificate on its own port, and a host that finds them there. */
class Sites implements AsyncDisposable {
  /** What was asked of the sites: `host/path`. */
  readonly asked: string[] = [];
  /** Connections of the gateway: `address:port`. */
  readonly connected: string[] = [];
  readonly log: LogEntry[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #ports = new Map<string, number>();
  #host: PluginHost | undefined;

  static async open(
    options: {
      readonly config?: Record<string, string>;
      readonly resolve?: (name: string) => string | undefined;
      /** Answers before the sites do. */
      readonly answer?: (
        url: URL,
        ended: Promise<void>,
      ) => Response | Promise<Response> | undefined;
      /** What the plugin waits for a site, if not as long as it does. Milliseconds. */
      readonly patienceMs?: number;
    } = {},
  ): Promise<Sites> {
    const { config = {}, resolve = (name) => ADDRESSES[name], answer, patienceMs } = options;
    const sites = new Sites();
    const ended = Promise.withResolvers<void>();
    for (const [name, address] of Object.entries(ADDRESSES)) {
      const server = Deno.serve({
        ...await ca.leaf(name),
        hostname: "127.0.0.1",
        port: 0,
        onListen: ({ port }) => void sites.#ports.set(address, port),
      }, (request) => {
        const url = new URL(request.url);
        sites.asked.push(url.hostname + url.pathname);
        return answer?.(url, ended.promise) ?? sites.#answer(url);
      });
      sites.#stack.defer(() => server.shutdown());
    }
    sites.#stack.defer(() => ended.resolve());
    const data = sites.#stack.use(tempDir());
    const pluginsDir = `${data.path}/plugins`;
    await Deno.mkdir(pluginsDir);
    await install(pluginsDir, patienceMs);
    const host = await PluginHost.open({
      dataDir: data.path,
      pluginsDir,
      config: { wikimedia: config },
      log: (entry) => void sites.log.push(entry),
      network: {
        caCerts: [ca.cert],
        resolver: {
          resolve: (name) => Promise.resolve([resolve(name)].filter((a) => a !== undefined)),
        },
        connect: (address, port) => sites.#connect(address, port),
      },
    });
    sites.#host = sites.#stack.use(host);
    await host.enable("wikimedia");
    return sites;
  }

  get host(): PluginHost {
    return this.#host!;
  }

  get agent(): MetadataAgent {
    return new MetadataAgent(this.host.plugin("wikimedia"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #answer(url: URL): Response {
    const { status, document } = answerOf(url);
    return typeof document === "string"
      ? new Response(document, { status })
      : Response.json(document, { status });
  }

  /** Port 443 of the sites, which no test may listen on. */
  #connect(address: string, port: number): Promise<Socket> {
    this.connected.push(`${address}:${port}`);
    const to = port === 443 ? this.#ports.get(address) : undefined;
    if (to === undefined) return Promise.reject(new Error("nobody listens there"));
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connectTcp({ host: "127.0.0.1", port: to, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
    return promise;
  }
}

/** Puts the package there; or one that is the same but for its patience. */
async function install(pluginsDir: string, patienceMs: number | undefined): Promise<void> {
  if (patienceMs === undefined) {
    return await Deno.writeFile(`${pluginsDir}/wikimedia.ndp`, await wikimedia);
  }
  const sources = await readSources(new URL("assembly/", FOLDER));
  const patient = sources["ask.ts"] ?? "";
  const hasty = patient.replace("TIMEOUT_MS = 8000", `TIMEOUT_MS = ${patienceMs}`);
  assert.notEqual(hasty, patient);
  const wasm = await compiled({ ...sources, "ask.ts": hasty }, { optimize: false });
  await Deno.mkdir(`${pluginsDir}/wikimedia`);
  await Deno.writeFile(`${pluginsDir}/wikimedia/plugin.wasm`, wasm);
  await Deno.copyFile(new URL("manifest.json", FOLDER), `${pluginsDir}/wikimedia/manifest.json`);
}

const wikimedia = builtPlugin("wikimedia");
const artist = (name: string, id?: string) => ({ id: "1", name, ...(id && { mbid: id }) });

function isFault(answer: Answer<unknown>, text: RegExp): void {
  assert.ok(answer.kind === "fault", answer.kind);
  assert.match(answer.error.message, text);
}

const BJORK = artist("Björk", mbid("1"));

Deno.test("wikimedia answers from its sites, over TLS, through gate and gateway", async (t) => {
  await using sites = await Sites.open();
  const { agent } = sites;

  await t.step("an artist with everything", async () => {
    assert.deepEqual(await agent.artistUrl(BJORK), {
      kind: "found",
      value: "https://en.wikipedia.org/wiki/Bj%C3%B6rk",
    });
    assert.deepEqual(await agent.artistBiography(BJORK), {
      kind: "found",
      value: "Björk is an Icelandic singer.\nShe has made ten albums.",
    });
    const file =
      "https://commons.wikimedia.org/wiki/Special:FilePath/Bj%C3%B6rk%20live%20%26%20loud.jpg";
    assert.deepEqual(await agent.artistImages(BJORK), {
      kind: "found",
      value: [1280, 500, 250].map((size) => ({ url: `${file}?width=${size}`, size })),
    });
    assert.deepEqual(sites.asked, ["query.wikidata.org/sparql", "en.wikipedia.org/w/api.php"]);
    assert.deepEqual(sites.connected, ["208.80.154.1:443", "208.80.154.2:443"]);
  });

  await t.step("one without a picture on Wikidata", async () => {
    const images = await agent.artistImages(artist("Nobody & the Pictures", mbid("2")));
    const file = "https://en.wikipedia.org/wiki/Special:FilePath/Duo%20%26%20dog%3F.svg";
    assert.ok(images.kind === "found");
    assert.deepEqual(images.value[0], { url: `${file}?width=1280`, size: 1280 });
  });

  for (
    const [which, request] of [
      ["one without picture and article", artist("Faceless", mbid("3"))],
      ["one nobody knows", artist("Unheard Of", mbid("f"))],
      ["one of two namesakes", artist("Twins")],
    ] as const
  ) {
    await t.step(`${which} is not found`, async () => {
      assert.equal((await agent.artistUrl(request)).kind, "not_found");
      assert.equal((await agent.artistBiography(request)).kind, "not_found");
      assert.equal((await agent.artistImages(request)).kind, "not_found");
    });
  }

  await t.step("a site that fails is a fault, and is asked again", async () => {
    const request = artist("Broken", mbid("e"));
    const before = sites.asked.length;
    for (let i = 0; i < 2; i++) {
      isFault(await agent.artistUrl(request), /Cannot ask Wikidata: status is 503$/);
    }
    assert.equal(sites.asked.length, before + 2);
  });

  assert.deepEqual([...sites.host.refusals], []);
});

Deno.test("wikimedia asks the Wikipedia of the settings", async () => {
  await using sites = await Sites.open({ config: { language: "de" } });
  assert.deepEqual(await sites.agent.artistBiography(BJORK), {
    kind: "found",
    value: "Björk ist eine isländische Sängerin.",
  });
  assert.deepEqual(sites.connected, ["208.80.154.1:443", "208.80.154.3:443"]);
});

Deno.test("a site that does not answer in time is a fault, and the next call is served", async () => {
  await using sites = await Sites.open({
    patienceMs: 3_000,
    answer: (url, ended) =>
      url.hostname === "en.wikipedia.org" ? ended.then(() => new Response()) : undefined,
  });
  isFault(
    await sites.agent.artistBiography(BJORK),
    /Cannot ask Wikipedia: Get "https:\/\/en\.wikipedia\.org\/.*context deadline exceeded/,
  );
  assert.equal((await sites.agent.artistUrl(BJORK)).kind, "found");
});

Deno.test("wikimedia reaches nothing but its sites, whatever they and their names say", async (t) => {
  await t.step("a name that resolves to a private address is not connected to", async () => {
    await using sites = await Sites.open({ resolve: () => "10.0.0.1" });
    isFault(await sites.agent.artistUrl(BJORK), /Cannot ask Wikidata: /);
    assert.deepEqual([sites.connected, sites.asked], [[], []]);
    assert.ok(sites.host.refusals.has("egress.address_refused"));
  });

  await t.step("a redirect to another host is refused", async () => {
    await using sites = await Sites.open({
      answer: () => Response.redirect("https://www.wikidata.org/", 302),
    });
    isFault(await sites.agent.artistUrl(BJORK), /Cannot ask Wikidata: /);
    assert.deepEqual(sites.asked, ["query.wikidata.org/sparql"]);
    assert.ok(sites.host.refusals.has("egress.redirect_refused"));
  });
});
