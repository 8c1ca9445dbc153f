import assert from "node:assert/strict";
import type { ErrorCode } from "../src/errors.ts";
import {
  type Download,
  type DownloadOptions,
  downloadPackage,
  packFiles,
  suggestedId,
} from "../src/packages/mod.ts";
import { authority } from "./support/certificates.ts";

const MIB = 1024 * 1024;
const ca = await authority();
const leaf = await ca.leaf("packages.example");
const PACKAGE = await packFiles(`{"name":"n"}`, new Uint8Array(300_000).fill(7));
const HASH = new Uint8Array(await crypto.subtle.digest("SHA-256", PACKAGE)).toHex();

/** A server of packages on loopback, under the name `packages.example`. */
class Site implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Headers of the last request. */
  headers = new Headers();

  constructor(answer: (url: URL) => Response | Promise<Response> = () => new Response(PACKAGE)) {
    this.#server = Deno.serve(
      { ...leaf, hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        const url = new URL(request.url);
        this.asked.push(url.pathname);
        this.headers = new Headers(request.headers);
        return answer(url);
      },
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  at(path: string): string {
    return `https://packages.example:${this.port}${path}`;
  }

  download(path: string, options: Partial<DownloadOptions> = {}): Promise<Download> {
    return downloadPackage({
      url: path.startsWith("/") ? this.at(path) : path,
      caCerts: [ca.cert],
      addresses: ["packages.example"],
      resolver: { resolve: (name) => Promise.resolve(ADDRESSES[name] ?? []) },
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "packages.example": ["127.0.0.1"],
  "private.example": ["127.0.0.1"],
  "half.example": ["93.184.215.14", "10.0.0.1"],
};

Deno.test("packages: a package is downloaded, and its progress told", async () => {
  await using site = new Site();
  const told: (readonly [number, number | undefined])[] = [];
  const { bytes, sha256, url } = await site.download("/p/hello.ndp?token=secret#part", {
    progress: (received, total) => told.push([received, total]),
  });
  assert.deepEqual(bytes, PACKAGE);
  assert.equal(sha256, HASH);
  assert.equal(url, site.at("/p/hello.ndp"));
  assert.deepEqual(told[0], [0, PACKAGE.length]);
  assert.deepEqual(told.at(-1), [PACKAGE.length, PACKAGE.length]);
  assert.ok(told.every(([received], index) => received >= (told[index - 1]?.[0] ?? 0)));
  assert.equal(site.headers.get("accept-encoding"), "identity");
  assert.equal(site.headers.get("authorization"), null);
});

Deno.test("packages: a download without a stated length has no total", async () => {
  await using site = new Site(() => new Response(new Blob([PACKAGE]).stream()));
  const totals = new Set<number | undefined>();
  await site.download("/p.ndp", { progress: (_received, total) => totals.add(total) });
  assert.deepEqual([...totals], [undefined]);
});

Deno.test("packages: a hash that is wanted is held against the exact bytes", async () => {
  await using site = new Site();
  for (const wanted of [HASH, HASH.toUpperCase()]) {
    assert.equal((await site.download("/p.ndp", { sha256: wanted })).sha256, HASH);
  }
  const first = HASH.startsWith("0") ? "1" : "0";
  const last = HASH.endsWith("0") ? "1" : "0";
  for (const wanted of [first + HASH.slice(1), HASH.slice(0, -1) + last]) {
    await assert.rejects(site.download("/p.ndp", { sha256: wanted }), {
      code: "package.hash_mismatch",
      message: `Cannot use "${site.at("/p.ndp")}": its SHA-256 is ${HASH}, want ${wanted}`,
    });
  }
});

Deno.test("packages: with a wanted hash that none can be, nothing is asked for", async () => {
  await using site = new Site();
  for (const wanted of ["", "abc", `${HASH}0`, `${HASH.slice(1)}g`, ` ${HASH}`]) {
    const download = site.download("/p.ndp", { sha256: wanted });
    await assert.rejects(download, { code: "package.hash_mismatch" }, wanted);
  }
  assert.deepEqual(site.asked, []);
});

/** URLs that are refused before anything is sent. */
const URLS: readonly string[] = [
  "",
  "hello.ndp",
  "http://packages.example/p.ndp",
  "ftp://packages.example/p.ndp",
  "file:///etc/passwd",
  "data:application/zip;base64,UEsFBg==",
  "https://user:word@packages.example/p.ndp",
  "https://user@packages.example/p.ndp",
];

for (const url of URLS) {
  Deno.test(`packages: nothing is downloaded from "${url}"`, async () => {
    await using site = new Site();
    await assert.rejects(site.download(url === "" ? " " : url), {
      code: "package.download_refused",
    });
    assert.deepEqual(site.asked, []);
  });
}

Deno.test("packages: five redirects are followed, a sixth is not", async () => {
  await using site = new Site(({ pathname }) => {
    const left = Number(pathname.slice(1));
    return left === 0
      ? new Response(PACKAGE)
      : new Response(null, { status: 302, headers: { location: `/${left - 1}` } });
  });
  assert.equal((await site.download("/5")).url, site.at("/0"));
  await assert.rejects(site.download("/6"), {
    code: "package.download_refused",
    message: `Cannot download "${site.at("/6")}": it has more than 5 redirects`,
  });
  assert.equal(site.asked.length, 12);
});

/** Where a redirect may not lead. */
const LOCATIONS: readonly (readonly [string, string, ErrorCode])[] = [
  ["http", "http://packages.example/p.ndp", "package.download_refused"],
  ["a file", "file:///etc/passwd", "package.download_refused"],
  ["data", "data:text/plain,x", "package.download_refused"],
  ["nowhere", "", "package.download_refused"],
  ["no URL", "https://a b/", "package.download_refused"],
  ["loopback", "https://127.0.0.1:8443/p.ndp", "package.download_refused"],
  ["loopback in another form", "https://0x7f.1:8443/p.ndp", "package.download_refused"],
  ["loopback in IPv6", "https://[::ffff:127.0.0.1]:8443/p.ndp", "package.download_refused"],
  ["a cloud's metadata", "https://169.254.169.254/latest", "package.download_refused"],
  ["a private network", "https://192.168.1.1/p.ndp", "package.download_refused"],
  ["a name with a private address", "https://private.example/p.ndp", "package.download_refused"],
  ["a name with one private address", "https://half.example/p.ndp", "package.download_refused"],
  ["a name without address", "https://none.example/p.ndp", "package.download_failed"],
];

for (const [name, location, code] of LOCATIONS) {
  Deno.test(`packages: a redirect to ${name} ends a download as ${code}`, async () => {
    await using site = new Site(() => new Response(null, { status: 302, headers: { location } }));
    await assert.rejects(site.download("/p.ndp"), { name: "SoundproofError", code });
    assert.deepEqual(site.asked, ["/p.ndp"]);
  });
}

Deno.test("packages: a private address is downloaded from only where it is named", async () => {
  await using site = new Site();
  await assert.rejects(site.download("/p.ndp", { addresses: [] }), {
    code: "package.download_refused",
    message: /127\.0\.0\.1 is loopback/,
  });
  assert.deepEqual(site.asked, []);
  await site.download("/p.ndp", { addresses: ["127.0.0.0/8"] });
  assert.deepEqual(site.asked, ["/p.ndp"]);
});

Deno.test("packages: a certificate that is not trusted, or of another name, ends a download", async () => {
  await using site = new Site();
  for (
    const options of [
      { caCerts: [] },
      { url: `https://private.example:${site.port}/p.ndp`, addresses: ["private.example"] },
    ]
  ) {
    await assert.rejects(site.download("/p.ndp", options), { code: "package.download_failed" });
  }
  assert.deepEqual(site.asked, []);
});

Deno.test("packages: an answer that is no package ends a download, with its status", async () => {
  for (const status of [404, 403, 500, 304]) {
    await using site = new Site(() => new Response(null, { status }));
    await assert.rejects(site.download("/p.ndp?token=secret"), {
      code: "package.download_failed",
      message: `Cannot download "${site.at("/p.ndp")}": the server answers ${status}`,
    });
  }
});

Deno.test("packages: a package larger than 64 MiB is given up, by what is stated and by what comes", async () => {
  await using stating = new Site(() =>
    new Response(new ReadableStream({ pull() {} }), {
      headers: { "content-length": `${64 * MIB + 1}` },
    })
  );
  await assert.rejects(stating.download("/p.ndp"), { code: "package.too_large" });
  let sent = 0;
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        sent += MIB;
        controller.enqueue(new Uint8Array(MIB));
      },
    });
  await using site = new Site(() => new Response(endless()));
  let received = 0;
  await assert.rejects(
    site.download("/p.ndp", { progress: (bytes) => received = bytes }),
    { code: "package.too_large" },
  );
  assert.ok(received <= 64 * MIB);
  assert.ok(sent < 80 * MIB, `${sent}`);
});

Deno.test("packages: what a server has compressed on the way is not unpacked: the bytes are those that came", async () => {
  const zeros = new Blob([new Uint8Array(100 * MIB)]).stream();
  const body = await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const headers = { "content-encoding": "gzip" };
  await using site = new Site(() => new Response(body, { headers }));
  assert.deepEqual((await site.download("/p.ndp")).bytes, new Uint8Array(body));
});

Deno.test("packages: a download that takes too long ends, before its answer and within it", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using silent = new Site(async () => {
    await promise;
    return new Response();
  });
  await assert.rejects(silent.download("/p.ndp", { limitMs: 100 }), {
    code: "package.download_failed",
    message: /it took longer than 100 ms/,
  });
  resolve();
  await using slow = new Site(() =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    )
  );
  await assert.rejects(slow.download("/p.ndp", { limitMs: 200 }), {
    code: "package.download_failed",
    message: /it took longer than 200 ms/,
  });
});

Deno.test("packages: a download whose connection is cut ends", async () => {
  using listener = Deno.listenTls({ ...leaf, hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4_096));
    const text = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf";
    await connection.write(new TextEncoder().encode(text));
  })();
  await using site = new Site();
  const url = `https://packages.example:${listener.addr.port}/p.ndp`;
  await assert.rejects(site.download(url), { code: "package.download_failed" });
  await serving;
});

Deno.test("packages: a download ends when its caller gives up", async () => {
  await using site = new Site(() =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    )
  );
  const caller = new AbortController();
  const download = site.download("/p.ndp", {
    signal: caller.signal,
    progress: (received) => received > 0 && caller.abort(new Error("enough")),
  });
  await assert.rejects(download, { message: "enough" });
});

Deno.test("packages: the id that a URL suggests is the name of its file", () => {
  const ids: readonly (readonly [string, string | undefined])[] = [
    ["https://a.example/hello.ndp", "hello"],
    ["https://a.example/x/y/two%20words.ndp?a=b.ndp#c", "two words"],
    ["https://a.example/hello-1.0.0.ndp", "hello-1.0.0"],
    ["https://a.example/hello.NDP", undefined],
    ["https://a.example/hello.zip", undefined],
    ["https://a.example/.ndp", undefined],
    ["https://a.example/", undefined],
    ["https://a.example/..%2fevil.ndp", undefined],
    ["https://a.example/%1b[2J.ndp", undefined],
    ["https://a.example/%ff.ndp", undefined],
    ["nonsense", undefined],
  ];
  for (const [url, id] of ids) assert.equal(suggestedId(url), id, url);
});
