/**
 * The cell's end of a channel: makes one host call, tells when it asks, and tells what came of it.
 *
 * @module
 */

import { CellEnd } from "../../src/cell/channel.ts";

const scope = globalThis as unknown as Worker;
scope.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const request = new TextEncoder().encode("request");
  const result = new CellEnd(data).call(0, request, () => scope.postMessage("asks"), 10_000);
  scope.postMessage(result.kind === "answer" ? new TextDecoder().decode(result.response) : result);
};
