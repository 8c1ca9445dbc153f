import assert from "node:assert/strict";
import { RemoteHost } from "../src/api/mod.ts";
import { authority } from "./support/certificates.ts";
import { runTask, type Service, startService } from "./support/launcher.ts";
import { TestData } from "./support/plugins_folder.ts";

/** A data folder that is no first start's. */
function usedData(configuration = ""): TestData {
  const data = new TestData();
  data.file("broken.ndp", new Uint8Array(1));
  Deno.writeTextFileSync(`${data.path}/soundproof.toml`, configuration);
  return data;
}

/** Stops a service, whatever became of the test. */
async function serving(
  start: Promise<Service>,
  use: (service: Service) => Promise<void>,
): Promise<void> {
  const service = await start;
  try {
    await use(service);
  } catch (thrown) {
    await service.stop("SIGKILL");
    throw thrown;
  }
  assert.equal(await service.stop(), 0, await service.stderr);
}

function start(data: TestData, listen: string, ...options: string[]): Promise<Service> {
  return startService(["--data", data.path, "--listen", listen, ...options]);
}

/** Ids of the plugins that `plugin list` tells of, which a service holds. */
async function listed(data: TestData): Promise<string[]> {
  const { code, stdout, stderr } = await runTask("plugin", [
    "list",
    "--json",
    "--data",
    data.path,
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).plugins.map(({ id }: { id: string }) => id);
}

Deno.test("a service on a Unix socket is for its user alone, tells commands of it, and leaves none behind", async () => {
  using data = usedData();
  using other = usedData();
  const socket = `${other.path}/api.sock`;
  // One that was left behind is in nobody's way.
  const code = `Deno.listen({ transport: "unix", path: "${socket}" }); Deno.exit()`;
  await new Deno.Command("deno", { args: ["eval", code] }).output();
  assert.ok(Deno.lstatSync(socket).isSocket);
  await serving(start(data, `unix:${socket}`), async ({ url, token }) => {
    assert.equal(url, `unix:${socket}`);
    assert.equal((Deno.lstatSync(socket).mode ?? 0) & 0o777, 0o600);
    using remote = new RemoteHost({ url, token });
    assert.deepEqual((await remote.list()).map(({ id }) => id), ["broken"]);
    assert.deepEqual(await listed(data), ["broken"]);
    const second = await runTask("start", ["--data", other.path, "--listen", `unix:${socket}`]);
    assert.match(second.stderr, /Cannot listen on .*api\.sock: the address is in use/);
  });
  assert.throws(() => Deno.lstatSync(socket), Deno.errors.NotFound);
  Deno.writeTextFileSync(socket, "not a socket");
  const { stderr } = await runTask("start", ["--data", data.path, "--listen", `unix:${socket}`]);
  assert.match(stderr, /there is a file that is no socket/);
  assert.equal(Deno.readTextFileSync(socket), "not a socket");
});

Deno.test("a service with a certificate speaks TLS and nothing else, and this machine's commands still find it", async () => {
  const { cert, leaf } = await authority();
  const own = await leaf("localhost");
  using data = usedData(
    '[Server]\nTlsCertificate = "tls/cert.pem"\nTlsKey = "tls/key.pem"\nPublicURL = "https://music.example"\n',
  );
  Deno.mkdirSync(`${data.path}/tls`);
  Deno.writeTextFileSync(`${data.path}/tls/cert.pem`, own.cert);
  Deno.writeTextFileSync(`${data.path}/tls/key.pem`, own.key);
  await serving(startService(["--data", data.path]), async ({ url, token }) => {
    const { port, protocol } = new URL(url);
    assert.equal(protocol, "https:");
    using client = Deno.createHttpClient({ caCerts: [cert], allowHost: true });
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`https://localhost:${port}/api/v1/plugins`, {
        client,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask({}), 200);
    assert.equal(await ask({ host: "music.example" }), 200);
    assert.equal(await ask({ host: "evil.example" }), 421);
    await assert.rejects(fetch(`http://localhost:${port}/healthz`));
    assert.deepEqual(await listed(data), ["broken"]);
  });
  Deno.removeSync(`${data.path}/tls/key.pem`);
  const { code, stderr } = await runTask("start", ["--data", data.path]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot use TlsCertificate/);
});

Deno.test("off loopback a service listens without TLS only if that is said, and then answers by any address", async () => {
  using data = usedData();
  const refused = await runTask("start", ["--data", data.path, "--listen", "0.0.0.0:0"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Cannot listen on "0\.0\.0\.0": it is not loopback, and tokens/);
  await serving(start(data, "0.0.0.0:0", "--insecure-listen"), async ({ url, token }) => {
    const { port } = new URL(url);
    using client = Deno.createHttpClient({ allowHost: true });
    const ask = async (host: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/plugins`, {
        client,
        headers: { authorization: `Bearer ${token}`, host },
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask(`192.168.7.7:${port}`), 200);
    assert.equal(await ask(`rebound.example:${port}`), 421);
    assert.deepEqual(await listed(data), ["broken"]);
  });
});
