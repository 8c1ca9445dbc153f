import { deadlinesHold } from "../cell/mod.ts";
import { errorText } from "../errors.ts";
import { broken, type Finding, fine, look, type Seen } from "./finding.ts";

/** Permissions that the service never has. */
const NEVER = ["run", "ffi", "sys"] as const;
/** A private address that nothing opens: one of those set aside for the documentation of networks. */
const UNREACHABLE = "192.0.2.1";

/** What can be put in the place of Deno's own, to play a process that may too much. */
export interface ProcessView {
  readonly deno: string;
  /** Whether a guest's deadline can be relied on; see `deadlinesHold`. */
  deadlinesHold(): boolean;
  /** Deno's answer to a question about a permission. */
  query(permission: Deno.PermissionDescriptor): Deno.PermissionState;
  /** Tries what the process must not be able to do; throws what Deno says. */
  attempt(act: "read" | "write" | "run" | "env" | "connect"): void | Promise<void>;
}

/** This process. */
export const THIS_PROCESS: ProcessView = {
  deno: Deno.version.deno,
  deadlinesHold,
  query: (permission) => Deno.permissions.querySync(permission).state,
  async attempt(act) {
    switch (act) {
      case "read":
        return void Deno.readDirSync("/");
      case "write":
        Deno.mkdirSync("/soundproof-doctor");
        return Deno.removeSync("/soundproof-doctor");
      case "run":
        return void new Deno.Command("deno", { args: ["--version"] }).outputSync();
      case "env":
        return void Deno.env.get("HOME");
      case "connect":
        return (await Deno.connect({ hostname: UNREACHABLE, port: 9 })).close();
    }
  },
};

/** Checks Deno, and what this process really may do: by asking Deno, and by trying. */
export function checkProcess(view: ProcessView = THIS_PROCESS): Promise<Finding[]> {
  return Promise.all([
    look("Deno", () => {
      const saw = `Deno ${view.deno}`;
      return view.deadlinesHold()
        ? fine(`${saw}; endless loops can be stopped (--v8-flags=--liftoff-only)`)
        : broken(`${saw} runs without --v8-flags=--liftoff-only: some loops could not be stopped`);
    }),
    look("permissions", () => {
      const held = NEVER.filter((name) => view.query({ name }) === "granted");
      const whole = (["read", "write", "env"] as const).filter((name) =>
        view.query({ name }) === "granted"
      );
      if (held.length + whole.length === 0) {
        return fine(`none of ${NEVER.join(", ")}; read, write and env only for what is named`);
      }
      return broken(`this process may ${[...held, ...whole].join(", ")} without bounds`);
    }),
    ...(["read", "write", "run", "env", "connect"] as const).map((act) =>
      look(`try to ${act}`, () => tried(view, act))
    ),
  ]);
}

const ATTEMPTS = {
  read: "the root of the file system",
  write: "a folder at the root of the file system",
  run: "another program",
  env: "the variable HOME",
  connect: `the address ${UNREACHABLE}, which is no one's`,
};

async function tried(view: ProcessView, act: keyof typeof ATTEMPTS): Promise<Seen> {
  try {
    await view.attempt(act);
  } catch (thrown) {
    return thrown instanceof Deno.errors.NotCapable
      ? fine(`${ATTEMPTS[act]}: Deno refuses it`)
      : broken(`${ATTEMPTS[act]}: Deno lets it through (${errorText(thrown)})`);
  }
  return broken(`${ATTEMPTS[act]}: Deno lets it through`);
}
