/**
 * What runs as the gate's worker when its rules are taken away: it goes past them and past the gateway, straight to where a
 * request leads. The answer's text says whether Deno let it.
 *
 * @module
 */
declare const self: {
  postMessage(message: object): void;
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
};

interface Asked {
  readonly kind: string;
  readonly id: number;
  readonly request: { readonly url: string };
}

self.onmessage = async ({ data: { kind, id, request } }) => {
  if (kind !== "send") return;
  const { hostname, port } = new URL(request.url);
  const code = await reach(hostname, Number(port));
  self.postMessage({ kind: "failure", id, code, message: `Cannot send request: ${code}` });
};

/** The code of the failure that is told: Deno's refusal is that of the rules, all else went further. */
async function reach(hostname: string, port: number): Promise<string> {
  try {
    (await Deno.connect({ hostname, port })).close();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotCapable) return "egress.url_not_allowed";
  }
  return "egress.transport";
}
