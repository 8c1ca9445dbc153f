/**
 * Builds the test guests that other toolchains make, into `dist/` beside this file.
 *
 * Needs `--allow-read=tests/guests --allow-write=tests/guests/dist --allow-run=go,cargo,rustc`. A guest that is
 * newer than its sources is only read: no program runs. Test files may call at once: a lock on a file makes the
 * second caller wait for the first one's build.
 *
 * @module
 */

import {
  DIST,
  GO_ENV,
  GUESTS,
  missingGo,
  missingRust,
  mustRun,
  run,
  RUST_TARGET,
} from "./toolchain.ts";

/** The guests that can be built; each has its sources in the folder of that name. */
export type GuestName = "go_agent" | "go_plugin" | "rust_agent";
/** Those in Go. */
type GoGuest = "go_agent" | "go_plugin";

/** A guest's bytes, or why this machine cannot build it. */
export type Built = { readonly wasm: Uint8Array<ArrayBuffer> } | { readonly skipped: string };

/** Every function that `go_agent` and `rust_agent` export, all of type `() -> i32`, sorted. */
export const GUEST_FUNCTIONS: readonly string[] = [
  "big_output",
  "config_value",
  "count_calls",
  "error_text",
  "exit_with_code",
  "host_calls",
  "host_config",
  "log_each_level",
  "loop_forever",
  "nd_get_album_images",
  "nd_get_album_info",
  "nd_get_artist_biography",
  "nd_get_artist_images",
  "nd_get_artist_mbid",
  "nd_get_artist_top_songs",
  "nd_get_artist_url",
  "nd_get_similar_artists",
  "nd_get_similar_songs_by_album",
  "nd_get_similar_songs_by_artist",
  "nd_get_similar_songs_by_track",
  "panic_now",
  "sleep_ms",
  "vars_round_trip",
];

/** Path of a built guest, for programs that take a file; it is there after {@link buildGuest} gave bytes. */
export function guestPath(name: GuestName): string {
  return `${DIST}/${name}.wasm`;
}

/**
 * The bytes of a guest, built first where its sources are newer.
 *
 * @returns the bytes, or a sentence where the toolchain, its target or a pinned dependency cannot be had
 * @throws {Error} with the compiler's text where the guest's own sources do not build
 */
export async function buildGuest(name: GuestName): Promise<Built> {
  await Deno.mkdir(DIST, { recursive: true });
  using lock = await Deno.open(`${DIST}/${name}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (!(await isFresh(name))) {
    const skipped = await BUILDERS[name]();
    if (skipped !== undefined) return { skipped: `${name} is not built: ${skipped}` };
  }
  return { wasm: await Deno.readFile(guestPath(name)) };
}

const BUILDERS: Record<GuestName, () => Promise<string | undefined>> = {
  go_agent: () => buildGo("go_agent"),
  go_plugin: () => buildGo("go_plugin"),
  rust_agent: buildRust,
};

async function buildGo(name: GoGuest): Promise<string | undefined> {
  const missing = await missingGo(24);
  if (missing !== undefined) return missing;
  const at = { cwd: `${GUESTS}${name}`, env: { ...GO_ENV, GOOS: "wasip1", GOARCH: "wasm" } };
  const fetched = await run("go", ["mod", "download"], at);
  if (!fetched?.success) return `its Go modules cannot be fetched: ${fetched?.stderr.trim()}`;
  const made = `${DIST}/${name}.wasm.new`;
  const flags = ["-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-mod=readonly"];
  await mustRun("go", ["build", ...flags, "-o", made, "."], at);
  await Deno.rename(made, guestPath(name));
  return undefined;
}

async function buildRust(): Promise<string | undefined> {
  const missing = await missingRust();
  if (missing !== undefined) return missing;
  const at = { cwd: `${GUESTS}rust_agent` };
  const fetched = await run("cargo", ["fetch", "--locked", "--target", RUST_TARGET], at);
  if (!fetched?.success) return `its crates cannot be fetched: ${fetched?.stderr.trim()}`;
  const target = `${DIST}/rust_target`;
  const flags = ["--release", "--frozen", "--target", RUST_TARGET, "--target-dir", target];
  await mustRun("cargo", ["build", ...flags], at);
  const made = `${DIST}/rust_agent.wasm.new`;
  await Deno.copyFile(`${target}/${RUST_TARGET}/release/rust_agent.wasm`, made);
  await Deno.rename(made, guestPath("rust_agent"));
  return undefined;
}

async function isFresh(name: GuestName): Promise<boolean> {
  const built = await modifiedMs(guestPath(name));
  for await (const path of filesUnder(`${GUESTS}${name}`)) {
    if ((await modifiedMs(path)) >= built) return false;
  }
  return true;
}

/** When a file was last written, in milliseconds of the epoch; 0 where there is none. */
async function modifiedMs(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function* filesUnder(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* filesUnder(path);
    else yield path;
  }
}
