import { MalformedModule, WasmReader } from "./wasm_reader.ts";

const IMPORT_SECTION = 2;
const MAX_NAME_BYTES = 512;
const FUNCTION_KIND = 0;

/**
 * Whether a module imports from `extism:host/*`; `undefined` where its imports do not tell, because it
 * has none but WASI's or they cannot be read. For telling dialects of manifests apart; admission
 * decides for itself.
 */
export function importsExtism(bytes: Uint8Array): boolean | undefined {
  let isForeign = false;
  try {
    const reader = new WasmReader(bytes).skip(8);
    while (!reader.done) {
      const id = reader.byte();
      const section = reader.take(reader.u32());
      if (id !== IMPORT_SECTION) continue;
      for (let left = section.u32(); left > 0; left--) {
        const module = section.name(MAX_NAME_BYTES);
        if (module.startsWith("extism:host/")) return true;
        isForeign ||= module !== "wasi_snapshot_preview1";
        section.name(MAX_NAME_BYTES);
        if (section.byte() !== FUNCTION_KIND) return undefined;
        section.u32();
      }
    }
    return isForeign ? false : undefined;
  } catch (thrown) {
    if (thrown instanceof MalformedModule) return undefined;
    throw thrown;
  }
}
