import type { Clock } from "../services/mod.ts";
import { problemOf } from "./problems.ts";

/** How often a silent stream shows that it lives. Milliseconds. */
const HEARTBEAT_MS = 15_000;
/** How long a reader may leave what it was sent before it is cut off. Milliseconds. */
const STALL_MS = 60_000;

/** What a stream of events is made of. */
export interface EventSource<Item extends { readonly id: number }> {
  /** The name that each event carries. */
  readonly name: string;
  readonly clock: Clock;
  /** Whether the stream may go on; looked at with each heartbeat. */
  readonly mayGoOn: () => boolean;
  /** Ends it as if there were no more records. */
  readonly stopping: AbortSignal;
  /** Told of a fault that the reader is not told of. */
  readonly onFault: (error: unknown) => void;
  /** Starts the records; the signal ends them. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Item>;
  /** Called once, when all is over. */
  readonly onEnd: () => void;
}

/**
 * Records as server-sent events (WHATWG HTML, 9.2), each with its id, so that a reader can go on after the last one it saw.
 *
 * A record is taken from its source only when the reader has room for it. Comments show that a silent stream lives; a reader
 * that reads nothing is cut off.
 */
export function eventResponse<Item extends { readonly id: number }>(
  { name, clock, mayGoOn, stopping, onFault, open, onEnd }: EventSource<Item>,
): Response {
  const ended = new AbortController();
  const stopped = Promise.withResolvers<undefined>();
  const stop = () => stopped.resolve(undefined);
  stopping.addEventListener("abort", stop);
  const records = open(ended.signal)[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Item>> | undefined;
  let forgetStall = () => {};
  let greeted = false;
  const end = () => {
    if (ended.signal.aborted) return;
    forgetStall();
    stopping.removeEventListener("abort", stop);
    ended.abort();
    void records.return?.().catch(() => {});
    onEnd();
  };
  const pull = async (): Promise<string | undefined> => {
    if (!greeted) return greeted = true, ": soundproof\n\n";
    next ??= records.next();
    const heartbeat = Promise.withResolvers<undefined>();
    const forget = clock.after(HEARTBEAT_MS, () => heartbeat.resolve(undefined));
    const came = await Promise.race([next, heartbeat.promise, stopped.promise]).finally(forget);
    if (came === undefined) return mayGoOn() && !stopping.aborted ? ":\n\n" : undefined;
    next = undefined;
    return came.done ? undefined : eventText(name, came.value);
  };
  const body = new ReadableStream<string>({
    async pull(controller) {
      forgetStall();
      try {
        const text = await pull();
        if (ended.signal.aborted) return;
        if (text === undefined) return end(), controller.close();
        controller.enqueue(text);
        forgetStall = clock.after(STALL_MS, () => {
          end();
          controller.error(new Error("The reader has stopped reading"));
        });
      } catch (thrown) {
        onFault(thrown);
        controller.enqueue(`event: error\ndata: ${JSON.stringify(problemOf(thrown))}\n\n`);
        end();
        controller.close();
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
  return new Response(body.pipeThrough(new TextEncoderStream()), {
    headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
  });
}

function eventText(name: string, record: { readonly id: number }): string {
  return `id: ${record.id}\nevent: ${name}\ndata: ${JSON.stringify(record)}\n\n`;
}
