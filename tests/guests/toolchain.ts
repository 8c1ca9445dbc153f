/**
 * Which toolchains this machine has, and how their programs are run.
 *
 * Needs `--allow-run=go,cargo,rustc`; what is missing, or not permitted, is told in a sentence and never thrown.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Path of the folder of the test guests, with a slash at its end. */
export const GUESTS = fileURLToPath(new URL("./", import.meta.url));

/** Path of the folder that holds what is built; git ignores it. */
export const DIST = `${GUESTS}dist`;

/** The Rust target of Navidrome's plugins. */
export const RUST_TARGET = "wasm32-wasip1";

/** Settings that keep Go from fetching another Go, and from a vendor's flags. */
export const GO_ENV = { GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off" };

/** What a program did: its exit, and both its outputs as text. */
export interface Run {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with which variables a program runs; it also has the variables of this process. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Runs a program to its end; `undefined` where it is not on this machine or may not be run. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run | undefined> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdin: "null", ...options });
    const { success, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    return { success, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } catch (error) {
    // A name that is not on the PATH is dropped from --allow-run, and so is "not capable" afterwards.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return undefined;
    }
    throw error;
  }
}

/** As {@link run}, for steps that must succeed; throws with the program's own error text. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const done = await run(program, args, options);
  if (done?.success) return done.stdout;
  throw new Error(`Cannot run "${program} ${args.join(" ")}": ${done?.stderr ?? "it is missing"}`);
}

/**
 * Why Go cannot build here, in a sentence; `undefined` where it can.
 *
 * @param minor the lowest Go 1 that the sources build with; 24 is the first that knows `//go:wasmexport`
 */
export async function missingGo(minor: number): Promise<string | undefined> {
  const version = await run("go", ["version"], { env: GO_ENV });
  if (!version?.success) return "Go is not on this machine, or --allow-run=go is not given";
  const found = /go1\.(\d+)/.exec(version.stdout)?.[1];
  if (Number(found) >= minor) return undefined;
  return `Go 1.${minor} or newer is wanted, this machine has "${version.stdout.trim()}"`;
}

/** Why Rust cannot build for {@link RUST_TARGET} here, in a sentence; `undefined` where it can. */
export async function missingRust(): Promise<string | undefined> {
  const cargo = await run("cargo", ["--version"]);
  const rustc = await run("rustc", ["--version"]);
  if (!cargo?.success || !rustc?.success) {
    return "Rust is not on this machine, or --allow-run=cargo,rustc is not given";
  }
  // rustc knows the target's name whether or not its standard library is there; only using it tells.
  const probe = ["--target", RUST_TARGET, "--crate-type=lib", "--emit=metadata", "--out-dir", DIST];
  if ((await run("rustc", [...probe, `${GUESTS}target_probe.rs`]))?.success) return undefined;
  return `Rust has no target ${RUST_TARGET} on this machine: "rustup target add ${RUST_TARGET}" brings it`;
}
