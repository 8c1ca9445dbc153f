import type { FilePlace, FileRequest } from "../cell/mod.ts";

/** Reads a file operation as a cell sent it, which may be hostile; `undefined` where it is none. */
export function readFileRequest(head: unknown): FileRequest | undefined {
  if (!isRecord(head)) return undefined;
  const { op } = head;
  switch (op) {
    case "open":
    case "stat":
    case "list":
    case "mkdir":
    case "rmdir":
    case "unlink":
    case "rename":
    case "touch":
      return readPlaced(op, head);
    case "close":
    case "sync":
    case "fstat":
      return isCount(head.handle) ? { op, handle: head.handle } : undefined;
    case "read": {
      const { handle, offset, length } = head;
      return isCount(handle) && isCount(offset) && isCount(length)
        ? { op, handle, offset, length }
        : undefined;
    }
    case "write": {
      const { handle, offset } = head;
      if (!isCount(handle)) return undefined;
      if (offset === undefined) return { op, handle };
      return isCount(offset) ? { op, handle, offset } : undefined;
    }
    case "resize": {
      const { handle, size } = head;
      return isCount(handle) && isCount(size) ? { op, handle, size } : undefined;
    }
    default:
      return undefined;
  }
}

type PlacedOperation = Extract<FileRequest, FilePlace>["op"];

function readPlaced(
  op: PlacedOperation,
  head: Record<string, unknown>,
): FileRequest | undefined {
  const place = readPlace(head);
  if (place === undefined) return undefined;
  const flag = (name: string) => head[name] === true;
  switch (op) {
    case "open":
      return {
        op,
        ...place,
        read: flag("read"),
        write: flag("write"),
        create: flag("create"),
        exclusive: flag("exclusive"),
        truncate: flag("truncate"),
        directory: flag("directory"),
        follow: flag("follow"),
      };
    case "stat":
      return { op, ...place, follow: flag("follow") };
    case "rename": {
      const to = readPlace(head.to);
      return to && { op, ...place, to };
    }
    case "touch": {
      const { accessedMs, modifiedMs } = head;
      return {
        op,
        ...place,
        ...(isTime(accessedMs) && { accessedMs }),
        ...(isTime(modifiedMs) && { modifiedMs }),
      };
    }
    default:
      return { op, ...place };
  }
}

function readPlace(value: unknown): FilePlace | undefined {
  if (!isRecord(value)) return undefined;
  const { mount, path } = value;
  return isCount(mount) && typeof path === "string" && path.length <= 4_096
    ? { mount, path }
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
