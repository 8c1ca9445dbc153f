/**
 * Writes keys and tasks as fast as it can and prints each that was acknowledged, until it is killed.
 * Started by `services_kill_test.ts` with the data folder as its argument.
 *
 * @module
 */

import { HostServices } from "../../src/services/mod.ts";

const [dataFolder = ""] = Deno.args;
const services = HostServices.open({
  pluginId: "killed",
  permissions: { kvstore: { maxSize: "100MB" }, taskqueue: { maxConcurrency: 2 } },
  config: new Map(),
  dataFolder,
  exports: new Set(["nd_task_execute"]),
  callGuest: () => new Promise(() => {}),
  log: () => {},
});
const { signal } = new AbortController();
const call = (name: string, request: object): { result?: string; error?: string } => {
  const answer = services.call(name, new TextEncoder().encode(JSON.stringify(request)), signal);
  if (answer instanceof Promise) throw new Error(`${name} is not synchronous`);
  return JSON.parse(new TextDecoder().decode(answer));
};
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

call("task_createqueue", { name: "q", config: { concurrency: 2 } });
for (let index = 0;; index++) {
  const value = new TextEncoder().encode(`value ${index}`).toBase64();
  const { error } = call("kvstore_set", { key: `key ${index}`, value });
  if (error === undefined) say(`key ${index}`);
  const { result } = call("task_enqueue", { queueName: "q", payload: value });
  if (result !== undefined) say(`task ${result}`);
}
