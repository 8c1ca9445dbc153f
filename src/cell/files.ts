/**
 * What a guest may ask of the folders mounted for it, as a cell asks its host: the vocabulary of both.
 *
 * @module
 */

/** Error numbers of WASI preview 1 that file operations give. */
export const ERRNO = {
  SUCCESS: 0,
  ACCES: 2,
  AGAIN: 6,
  BADF: 8,
  EXIST: 20,
  FBIG: 22,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOSPC: 51,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSUP: 58,
  PERM: 63,
  ROFS: 69,
  XDEV: 75,
} as const;

/** One of {@link ERRNO}. */
export type Errno = typeof ERRNO[keyof typeof ERRNO];

/** A folder the guest finds, as the cell knows it. */
export interface MountPoint {
  /** Where the guest finds it, such as `/storage`. */
  readonly name: string;
  readonly writable: boolean;
}

/** A place in a mount: its index, and a path relative to it. */
export interface FilePlace {
  readonly mount: number;
  readonly path: string;
}

/** What a file is. */
export type FileKind = "file" | "directory" | "symlink" | "other";

/** What a file is like. Times in milliseconds since the Unix epoch. */
export interface FileStat {
  readonly kind: FileKind;
  readonly size: number;
  readonly inode: number;
  readonly links: number;
  readonly accessedMs: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
}

/** One file operation. A write carries its bytes as the frame's payload, a read answers with them so. */
export type FileRequest =
  | FilePlace & {
    readonly op: "open";
    readonly read: boolean;
    readonly write: boolean;
    readonly create: boolean;
    readonly exclusive: boolean;
    readonly truncate: boolean;
    readonly directory: boolean;
    readonly follow: boolean;
  }
  | FilePlace & { readonly op: "stat"; readonly follow: boolean }
  | FilePlace & { readonly op: "list" | "mkdir" | "rmdir" | "unlink" }
  | FilePlace & { readonly op: "rename"; readonly to: FilePlace }
  | FilePlace & { readonly op: "touch"; readonly accessedMs?: number; readonly modifiedMs?: number }
  | { readonly op: "close" | "sync" | "fstat"; readonly handle: number }
  | {
    readonly op: "read";
    readonly handle: number;
    readonly offset: number;
    readonly length: number;
  }
  /** At the end of the file where `offset` is absent. */
  | { readonly op: "write"; readonly handle: number; readonly offset?: number }
  | { readonly op: "resize"; readonly handle: number; readonly size: number };

/** An entry of a folder. */
export interface FileEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** The answer to a {@link FileRequest}; which fields there are depends on the operation. */
export interface FileResponse {
  readonly errno: Errno;
  /** Of an opened file; absent for a folder. */
  readonly handle?: number;
  readonly stat?: FileStat;
  readonly entries?: readonly FileEntry[];
  /** Bytes written. */
  readonly written?: number;
}

/** Bytes that one read or write moves at most. */
export const MAX_TRANSFER_BYTES = 1024 * 1024;

/** Performs a file operation on behalf of the guest, and waits for it. */
export type FileCaller = (
  request: FileRequest,
  payload?: Uint8Array,
) => { response: FileResponse; payload: Uint8Array };
