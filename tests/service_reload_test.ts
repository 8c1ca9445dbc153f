import assert from "node:assert/strict";
import { builtPlugin } from "./support/built.ts";
import { type Service, startService } from "./support/launcher.ts";
import { TestData } from "./support/plugins_folder.ts";

const BIOGRAPHY = "/api/v1/capabilities/metadata-agent/get-artist-biography";

/** A configuration in which the plugin knows Ann, by this biography. */
const knowing = (biography: string, more = "") =>
  `${more}[PluginConfig.hello]\nartists = [{ name = "Ann", biography = "${biography}" }]\n`;

/** What is answered about Ann, until it is what is wanted. */
async function until(service: Service, wanted: (answer: string) => boolean): Promise<string> {
  const late = performance.now() + 60_000;
  while (true) {
    const response = await fetch(service.url + BIOGRAPHY, {
      method: "POST",
      headers: { authorization: `Bearer ${service.token}` },
      body: '{"id":"1","name":"Ann"}',
    });
    const answer = `${response.status} ${await response.text()}`;
    assert.match(answer, /^200 /, `no call is lost: ${answer}`);
    if (wanted(answer)) return answer;
    assert.ok(performance.now() < late, `still answered with ${answer}`);
  }
}

Deno.test("at SIGHUP the service takes on what its configuration says now, while calls go on", async () => {
  using data = new TestData();
  data.file("hello.ndp", await builtPlugin("hello"));
  const write = (text: string) => Deno.writeTextFileSync(`${data.path}/soundproof.toml`, text);
  write(knowing("first"));
  const service = await startService(["--data", data.path]);
  const headers = { authorization: `Bearer ${service.token}` };
  const enable = `${service.url}/api/v1/plugins/hello/enable`;
  assert.equal((await fetch(enable, { method: "POST", headers })).status, 200);
  await until(service, (answer) => answer.includes("first"));
  const change = async (text: string, wanted: (answer: string) => boolean) => {
    write(text);
    service.process.kill("SIGHUP");
    await until(service, wanted);
  };

  await change(knowing("second"), (answer) => answer.includes("second"));
  await change(
    knowing("second", "[PluginSettings.hello]\nEnabled = false\n"),
    (answer) => answer.includes("not_found"),
  );
  await change(knowing("third"), (answer) => answer.includes("third"));
  await change(
    knowing("fourth", '[Plugins]\nAgents = ["other"]\n'),
    (answer) => answer.includes("not_found"),
  );
  await change(
    knowing("fifth", '[Server]\nListen = "127.0.0.1:1"\n'),
    (answer) => answer.includes("fifth"),
  );

  write("not [ TOML");
  service.process.kill("SIGHUP");
  await service.said("Nothing has changed");
  await until(service, (answer) => answer.includes("fifth"));
  assert.equal(await service.stop(), 0);
  const told: string[] = (await service.stderr).trim().split("\n")
    .map((line) => JSON.parse(line).message);
  const counts = (pattern: RegExp) => told.filter((message) => pattern.test(message)).length;
  assert.equal(counts(/^The configuration was read again$/), 5, told.join("\n"));
  assert.equal(counts(/^Nothing has changed: Cannot read configuration .*line 1/), 1);
  assert.equal(counts(/^\$\.Server\.Listen counts from the next start on$/), 1);
});
