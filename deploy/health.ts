/**
 * Asks the service of this container whether it is up: exit code 0 where `/healthz` answers, 1 otherwise.
 *
 * @module
 */
const answer = await fetch("http://127.0.0.1:4747/healthz", { signal: AbortSignal.timeout(4_000) })
  .catch(() => undefined);
Deno.exit(answer?.ok ? 0 : 1);
