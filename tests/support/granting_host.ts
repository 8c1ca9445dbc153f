/** A process that enables a plugin with the addresses of its arguments opened to it; prints the code and the text of the refusal, if any. */
import { networkHost } from "./network_host.ts";

const http = { requiredHosts: ["*"] };
try {
  await using _use = await networkHost({
    p: { http, local: { addresses: Deno.args } },
  });
  Deno.stdout.writeSync(new TextEncoder().encode("enabled"));
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  Deno.stdout.writeSync(new TextEncoder().encode(`${code}: ${message}`));
}
