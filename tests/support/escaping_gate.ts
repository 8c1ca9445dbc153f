/**
 * A process with gates whose code is an enemy's (`gate_workers/escape.ts`): for each argument `ACT HOST RULE` one that
 * declares the rule, does the act at the host past the gateway, and prints what came of it as JSON.
 */
import { Gate } from "../../src/egress/mod.ts";

const tries = Deno.args.map((text) => text.split(" "));
const outcomes: string[] = [];
for (const [act = "", host = "", rule = host] of tries) {
  const gate = new Gate({
    rules: { http: { hosts: [rule.replace(/^\[|\]$/g, "")] } },
    gateway: { port: 1, username: "", password: "" },
    workerUrl: new URL("./gate_workers/escape.ts", import.meta.url),
  });
  const { body } = await gate.send({
    // Nobody listens on port 4; the Fetch standard lets it be tried.
    url: `http://${host}:4/`,
    method: "GET",
    headers: [["x-act", act]],
    followRedirects: false,
    timeoutMs: 5_000,
    maxBodyBytes: 10_000,
    overflow: "error",
  }, new AbortController().signal);
  outcomes.push(new TextDecoder().decode(body));
  await gate.close();
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcomes)));
