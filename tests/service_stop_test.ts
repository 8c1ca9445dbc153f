import assert from "node:assert/strict";
import { kernelGuest } from "./support/kernel_guest.ts";
import { type Service, startService } from "./support/launcher.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

/** `quick` answers at once, `slow` after some 100 million rounds, `endless` never. */
const GUEST = kernelGuest(`
  (func (export "quick") (result i32) (call $give (i64.const 1)) (i32.const 0))
  (func (export "slow") (result i32) (local $left i32)
    (local.set $left (i32.const 100000000))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $give (i64.const 1)) (i32.const 0))
  (func (export "endless") (result i32) (loop $again (br $again)) (i32.const 0))`);

/** A service whose one plugin is the guest above; `call` asks it over a connection of its own. */
async function started(data: TestData) {
  data.archive("worker.ndp", { manifest: PLAIN_MANIFEST, guest: GUEST });
  const service = await startService(["--data", data.path]);
  const headers = { authorization: `Bearer ${service.token}`, connection: "close" };
  const plugin = `${service.url}/api/v1/plugins/worker`;
  const enabled = await fetch(`${plugin}/enable`, { method: "POST", headers });
  assert.equal(enabled.status, 200, await enabled.text());
  const call = (name: string) => fetch(`${plugin}/call/${name}`, { method: "POST", headers });
  const cells = async (count: number) => {
    while ((await (await fetch(plugin, { headers })).json()).cells < count);
  };
  return { service, headers, call, cells };
}

/** Sends SIGTERM; gives the exit code and how long it took. */
async function stopped(service: Service) {
  const since = performance.now();
  const code = await service.stop();
  return { code, ms: performance.now() - since };
}

Deno.test("at SIGTERM a call that ends soon is answered, an endless one is ended and answered, streams end; exit 0 within 5 s", async () => {
  using data = new TestData();
  const { service, headers, call, cells } = await started(data);
  const stream = await fetch(`${service.url}/api/v1/event?live=true`, { headers });
  const events = stream.text();
  const calls = [call("endless"), call("slow"), call("endless")];
  await cells(3);
  const { code, ms } = await stopped(service);
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map(({ status }) => status), [502, 200, 502]);
  assert.equal((await answers[1]?.bytes())?.length, 8);
  assert.equal((await answers[0]?.json()).code, "guest.lost");
  await answers[2]?.body?.cancel();
  assert.match(await events, /^: soundproof/);
  assert.equal(code, 0);
  assert.ok(ms < 5_000, `${ms} ms`);
});

Deno.test("at SIGTERM under load every request that was accepted is answered", async () => {
  using data = new TestData();
  const { service, call } = await started(data);
  let answered = 0;
  const clients = Array.from({ length: 32 }, async () => {
    while (true) {
      try {
        const response = await call("quick");
        assert.equal(response.status, 200);
        assert.equal((await response.bytes()).length, 8);
        answered++;
      } catch (thrown) {
        if (thrown instanceof TypeError) return; // nobody listens any more
        throw thrown;
      }
    }
  });
  while (answered < 200) await new Promise((done) => setTimeout(done, 5));
  const { code, ms } = await stopped(service);
  await Promise.all(clients);
  assert.equal(code, 0);
  assert.ok(ms < 5_000, `${ms} ms`);
  const enabling = 1;
  const event = JSON.parse(await service.stdout);
  assert.deepEqual(event, { event: "stopped", requests: answered + enabling });
});
