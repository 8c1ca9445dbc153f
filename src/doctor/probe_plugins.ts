/**
 * The plugins that the walls are probed with, as packages: their modules are `probe.wat` and `asker.wat`, assembled.
 *
 * @module
 */
import { join } from "node:path";
import type { Json } from "../manifest/mod.ts";

/** The host that the probe's manifest declares. `.invalid` is no one's (RFC 2606). */
export const DECLARED = "declared.invalid";
/** A host that it does not. */
export const UNDECLARED = "undeclared.invalid";

/** `probe.wat` */
export const PROBE = Uint8Array.fromBase64(
  "AGFzbQEAAAABHgZgAAF+YAF+AX5gAn5/AGACfn4AYAJ+fgF+YAABfwKPAQUPZXh0aXNtOmhvc3QvZW52DGlucHV0X29mZnNldAAAD2V4dGlzbTpob3N0" +
    "L2VudgVhbGxvYwABD2V4dGlzbTpob3N0L2VudghzdG9yZV91OAACD2V4dGlzbTpob3N0L2VudgpvdXRwdXRfc2V0AAMPZXh0aXNtOmhvc3QvZW52DGh0" +
    "dHBfcmVxdWVzdAAEAwQDBQUFBQMBAAEHFQMEbG9vcAAFBGdyb3cABgNnZXQABwpmAwkAA0AMAAtBAAtOAgF+AX8DQEEBQABBf0cNAAs/ACEBQgQQASEA" +
    "IAAgARACIABCAXwgAUEIdhACIABCAnwgAUEQdhACIABCA3wgAUEYdhACIABCBBADQQALCwAQAEIAEAQaQQAL",
);

/** `asker.wat` */
export const ASKER = Uint8Array.fromBase64(
  "AGFzbQEAAAABCgJgAX4BfmAAAX8CIAEQZXh0aXNtOmhvc3QvdXNlcgtrdnN0b3JlX2dldAAAAwIBAQcHAQNhc2sAAQoGAQQAQQAL",
);

/** A plugin to probe with. */
export interface ProbePlugin {
  readonly wasm: Uint8Array;
  /** What its manifest asks for. */
  readonly permissions: Readonly<Record<string, Json>>;
}

/** The plugins, by their ids. */
export const PROBES: Readonly<Record<"probe" | "asker", ProbePlugin>> = {
  probe: {
    wasm: PROBE,
    permissions: { http: { reason: "to be refused", requiredHosts: [DECLARED] } },
  },
  asker: { wasm: ASKER, permissions: {} },
};

/** Lays a plugin's package into the plugins folder of a data folder. */
export function layPackage(dataDir: string, id: string, { wasm, permissions }: ProbePlugin): void {
  const folder = join(dataDir, "plugins", id);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const manifest = {
    name: id,
    author: "Soundproof",
    version: "1.0.0",
    description: "Tries what the walls are there for",
    permissions,
  };
  Deno.writeTextFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  Deno.writeFileSync(join(folder, "plugin.wasm"), wasm);
}
