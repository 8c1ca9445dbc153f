/**
 * What the two ABIs have in common: how the inside of a cell gets from a call to its outcome, whichever kit
 * the guest was built with.
 *
 * @module
 */

import type { GuestOutcome, LogLevel } from "../protocol.ts";

/** The ABIs that exist: today's, and that of Navidrome 0.57 to 0.59 (`protobuf-abi.md`). */
export type Abi = "extism" | "go_plugin";

/** Types of a function as letters, parameters before the colon: `i` i32, `j` i64. */
export type Signature = `${string}:${string}`;

/** Functions a guest may import, by module and name. */
export type Imports = Readonly<
  Record<string, Readonly<Record<string, WebAssembly.ImportValue>>>
>;

/** A fault the guest cannot go on from; its text is what the caller is told. */
export class GuestTrap extends Error {
  /** Tells this class apart. */
  override readonly name = "GuestTrap";
}

/** The host did not answer before the guest's time was up. */
export class DeadlinePassed extends Error {}

/** Calls a host function by its index and waits; throws a {@link GuestTrap} where the host refuses. */
export type HostCaller = (index: number, request: Uint8Array) => Uint8Array<ArrayBuffer>;

/** One ABI, for one guest after the other. Whatever throws ends the call; nothing here outlives it. */
export interface GuestAbi {
  /** What it lets a guest import besides WASI. */
  readonly imports: Imports;
  /** Bytes it holds beside the guest's own memory. */
  readonly heldBytes: number;
  /** The level at which lines of standard output (1) and standard error (2) are logged, if they are. */
  readonly streamLevels: Readonly<Partial<Record<1 | 2, LogLevel>>>;
  /** Forgets everything of the guest before. */
  renew(): void;
  /** Takes the input of the next call, before its guest is initialised. */
  begin(input: Uint8Array): void;
  /** Tells which instance it works on; imports that are called before this fault. */
  attach(instance: WebAssembly.Instance): void;
  /** Initialises an instance, once and before anything else. */
  initialise(exports: WebAssembly.Exports): void;
  /** Calls an export with the input that {@link GuestAbi.begin} took. */
  call(exports: WebAssembly.Exports, name: string): GuestOutcome;
  /** What it means that a guest left with `proc_exit`, wherever it did. */
  exited(code: number): GuestOutcome;
}
