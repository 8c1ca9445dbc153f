/**
 * The AssemblyScript compiler, in a worker without any permission.
 *
 * It gets one {@link CompileRequest}, answers with one {@link CompileReply} and is ended by its
 * parent. Every file it "reads" is in the request; there is no other input.
 *
 * @module
 */

/** What the worker is asked: files by path, and where in them to begin. */
export interface CompileRequest {
  /** Sources by path, `/` between folders. */
  readonly sources: Readonly<Record<string, string>>;
  /** The path whose exports become the module's. */
  readonly entry: string;
  /** Library files by path: those at the top are always there, the others when imported. */
  readonly library: Readonly<Record<string, string>>;
  /** Whether the optimizer runs. */
  readonly optimize: boolean;
}

/** What the worker answers: the module, or the compiler's diagnostics. */
export type CompileReply = { readonly wasm: Uint8Array } | { readonly diagnostics: string };

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<CompileRequest>) => void;
  postMessage(reply: CompileReply): void;
};

// The compiler looks for a terminal through `process.env` when it is imported, which a worker
// without permissions may not read. Without `process` it takes itself to be in a browser.
Reflect.deleteProperty(globalThis, "process");
const loading = import("assemblyscript/asc");

const LIBRARY = "library";
const OUTPUT = "plugin.wasm";

// A guest lives for one call, so nothing is ever freed: `stub` is a bump allocator. Top-level code
// stays in the start section: it runs in every Extism host, while some never call `_initialize`.
const FLAGS = [
  ["--lib", LIBRARY],
  ["--outFile", OUTPUT],
  ["--runtime", "stub"],
  ["--use", "abort=~lib/soundproof_abort/abort"],
].flat();

async function compile(request: CompileRequest): Promise<CompileReply> {
  const { main, createMemoryStream } = (await loading).default;
  const sources = new Map(Object.entries(request.sources));
  const library = new Map(Object.entries(request.library));
  let wasm: Uint8Array | undefined;
  const stderr = createMemoryStream();
  const { error } = await main([request.entry, ...FLAGS, ...(request.optimize ? ["-Os"] : [])], {
    stderr,
    stdout: createMemoryStream(),
    readFile: (name, folder) => (folder === LIBRARY ? library : sources).get(name) ?? null,
    // What is listed is always compiled in; what is not, when it is imported.
    listFiles: (folder) =>
      folder === LIBRARY ? [...library.keys()].filter((path) => !path.includes("/")) : [],
    writeFile: (name, contents) => {
      if (name === OUTPUT && typeof contents !== "string") wasm = contents;
    },
  });
  if (wasm !== undefined && error === null) return { wasm };
  return { diagnostics: `${stderr.toString()}${error?.message ?? ""}`.trim() };
}

scope.onmessage = ({ data }) => {
  compile(data).then(
    (reply) => scope.postMessage(reply),
    (thrown) => scope.postMessage({ diagnostics: String(thrown) }),
  );
};
