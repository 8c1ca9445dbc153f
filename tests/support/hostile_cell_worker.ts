/**
 * A cell's worker taken over by an enemy: does what its boot configuration's `act` says.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any
const scope = globalThis as any;
let act = "";
let words = new Int32Array(4);

const log = { lines: [], dropped: 0 };
const returned = (output: unknown, code: unknown = 0) => ({ kind: "returned", code, output });
const answer = (outcome: unknown, itsLog: unknown = log) =>
  scope.postMessage({ kind: "outcome", outcome, log: itsLog });
const done = () => {
  answer(returned(new Uint8Array()));
  scope.postMessage({ kind: "idle", prepared: false });
};
const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const hostCall = (index: number, length: number) => {
  Atomics.store(words, 1, index);
  Atomics.store(words, 2, length);
  Atomics.store(words, 0, 1);
  scope.postMessage({ kind: "host_call" });
};

async function attempt(name: string, action: () => unknown): Promise<string> {
  try {
    await action();
    return `${name}: DONE`;
  } catch (thrown) {
    return `${name}: ${thrown instanceof Error ? thrown.name : thrown}`;
  }
}

async function tryEverything(): Promise<void> {
  const names = ["read", "write", "net", "env", "run", "ffi", "sys", "import"];
  const states = await Promise.all(
    names.map(async (name) =>
      `query ${name}: ${(await Deno.permissions.query({ name } as any)).state}`
    ),
  );
  const { default: process } = await import("node:process");
  const fs = await import("node:fs");
  const tries: Record<string, () => unknown> = {
    "read a file": () => Deno.readTextFileSync("deno.json"),
    "read a file through node": () => fs.readFileSync("deno.json"),
    "list a folder": () => [...Deno.readDirSync(".")],
    "write a file": () => Deno.writeTextFileSync("tests/.tmp/escaped", ""),
    "make a temporary file": () => Deno.makeTempFileSync(),
    "open a connection": () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
    "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    "fetch": () => fetch("http://127.0.0.1:9/"),
    "fetch a file": () => fetch(new URL("../../deno.json", import.meta.url)),
    "resolve a name": () => Deno.resolveDns("localhost", "A"),
    "open a WebSocket": () => new WebSocket("ws://127.0.0.1:9/"),
    "read the environment": () => Deno.env.toObject(),
    "read a variable": () => Deno.env.get("HOME"),
    "write a variable": () => Deno.env.set("ESCAPED", "1"),
    "read the environment through node": () => process.env.HOME!.length,
    "run a program": () => new Deno.Command("true").outputSync(),
    "signal a process": () => Deno.kill(1, "SIGCONT"),
    "load a library": () => Deno.dlopen("libc.so.6", {}),
    "read the host's name": () => Deno.hostname(),
    "import from elsewhere": () => import(`${"http"}://127.0.0.1:9/x.ts`),
    "import a file not loaded yet": () => import(`../../src/${"host"}/mod.ts`),
    "start a worker with more permissions": () =>
      new Worker("data:application/javascript,", {
        type: "module",
        deno: { permissions: { read: true } },
      } as any),
    "ask for more": async () => {
      const { state } = await Deno.permissions.request({ name: "read" });
      if (state !== "granted") throw new Deno.errors.NotCapable("asked in vain");
    },
  };
  const results = await Promise.all(
    Object.entries(tries).map(([name, action]) => attempt(name, action)),
  );
  answer(returned(new TextEncoder().encode([...states, ...results].join("\n"))));
}

const ACTS: Record<string, () => void> = {
  "behaves": done,
  "tries everything": () => void tryEverything(),
  "calls a function it was not given": () => hostCall(7, 0),
  "calls a function below zero": () => hostCall(-1, 0),
  "claims a request longer than the buffer": () => hostCall(0, 0x7fffffff),
  "claims a request of negative length": () => hostCall(0, -1),
  "announces a host call that is not there": () => scope.postMessage({ kind: "host_call" }),
  "announces a second host call beside the first": () => (hostCall(0, 0), hostCall(0, 0)),
  "answers twice": () => (done(), done()),
  "says twice that it is ready": () => scope.postMessage({ kind: "ready" }),
  "says that it is idle before it was busy": () => scope.postMessage({ kind: "idle" }),
  "sends a number": () => scope.postMessage(1),
  "sends null": () => scope.postMessage(null),
  "sends a message of no kind": () => scope.postMessage({ kind: "constructor" }),
  "sends an array": () => scope.postMessage([{ kind: "outcome" }]),
  "answers without an outcome": () => answer(undefined),
  "answers of no kind": () => answer({ kind: "won", code: 0 }),
  "answers with text for bytes": () => answer(returned("text")),
  "answers with words for bytes": () => answer(returned(new Uint32Array(1))),
  "answers with shared memory": () => answer(returned(new Uint8Array(new SharedArrayBuffer(8)))),
  "answers with more than may be": () => answer(returned(new Uint8Array(1_100_000))),
  "answers with a view of more than may be": () =>
    answer(returned(new Uint8Array(new ArrayBuffer(1_100_000), 0, 1))),
  "answers with a code of NaN": () => answer(returned(new Uint8Array(), NaN)),
  "answers with a code of 1e300": () => answer(returned(new Uint8Array(), 1e300)),
  "answers with a code that is text": () => answer(returned(new Uint8Array(), "0")),
  "exits with a negative code": () => answer({ kind: "exited", code: -1 }),
  "traps without a text": () => answer({ kind: "trapped", text: { length: 1 } }),
  "throws": () => {
    throw new Error("\x1b[0mescaped\n");
  },
  "rejects": () => void Promise.reject(new Error("late")),
  "never returns": () => void sleep(20_000),
  "closes itself": () => scope.close(),
  "floods": () => {
    for (let i = 0; i < 10_000; i++) scope.postMessage({ kind: "idle", prepared: true });
  },
  "floods with junk": () => {
    for (let i = 0; i < 10_000; i++) scope.postMessage({ junk: i });
  },
  "logs without end": () =>
    answer(returned(new Uint8Array()), {
      lines: Array.from({ length: 100_000 }, () => ({ level: "info", text: "\x1b\n".repeat(9) })),
      dropped: -5,
    }),
  "logs what is no log": () =>
    answer(returned(new Uint8Array()), { lines: [1, null, { level: "root", text: "x" }, {}] }),
  "logs one huge line": () =>
    answer(returned(new Uint8Array()), {
      lines: [{ level: "info", text: "x".repeat(50_000_000) }],
      dropped: "many",
    }),
  "traps with a huge text": () => answer({ kind: "trapped", text: "\x1b".repeat(20_000_000) }),
  "fails with a huge error": () =>
    answer({ ...returned(new Uint8Array()), error: "e".repeat(50_000_000) }),
  "rewrites the length while the host reads": () => {
    for (let i = 0; i < 300; i++) {
      Atomics.store(words, 1, 0);
      Atomics.store(words, 2, i % 2 === 0 ? 8 : 16);
      Atomics.store(words, 0, 1);
      scope.postMessage({ kind: "host_call" });
      while (Atomics.load(words, 0) === 1) Atomics.store(words, 2, 8 + (i++ % 2) * 8);
    }
    done();
  },
  "grows the buffer while the host answers": () => {
    const buffer = words.buffer as unknown as SharedArrayBuffer;
    hostCall(0, 0);
    for (let size = buffer.byteLength; size < buffer.maxByteLength; size += 4_096) {
      try {
        buffer.grow(size);
      } catch { /* the host was faster */ }
    }
    done();
  },
};

scope.onmessage = ({ data }: MessageEvent) => {
  if (data.kind === "boot") {
    act = data.config.get("act");
    if (act === "throws at boot") throw new Error("at boot");
    if (act !== "never boots") scope.postMessage({ kind: "ready" });
    return;
  }
  if (data.channel !== undefined) words = new Int32Array(data.channel, 0, 4);
  ACTS[data.input.length === 1 ? "behaves" : act]?.();
};
