// Work to be done later, kept on the host's disk. Permission `taskqueue`; see task_worker.ts for who does it.

import { encodeBase64 } from "./base64";
import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";
import { encode } from "./memory";

@external("extism:host/user", "task_createqueue")
declare function task_createqueue(request: u64): u64;
@external("extism:host/user", "task_enqueue")
declare function task_enqueue(request: u64): u64;
@external("extism:host/user", "task_get")
declare function task_get(request: u64): u64;
@external("extism:host/user", "task_cancel")
declare function task_cancel(request: u64): u64;
@external("extism:host/user", "task_clearqueue")
declare function task_clearqueue(request: u64): u64;

/** How a queue works; 0 stands for the host's own choice. */
export class QueueOptions {
  /** Tasks that run at once, 1 unless set; the manifest's `maxConcurrency` holds for all queues together. */
  concurrency: i32 = 0;
  /** How often a task that failed is tried again; never unless set. */
  maxRetries: i32 = 0;
  /** Milliseconds before the first retry, 1,000 unless set; doubled before each that follows. */
  backoffMs: i64 = 0;
  /** Milliseconds between the starts of two tasks; none unless set. */
  delayMs: i64 = 0;
  /** Milliseconds for which a finished task is remembered; an hour unless set. */
  retentionMs: i64 = 0;
}

/** What has become of a task. */
@final
export class TaskState {
  constructor(
    /** `pending`, `running`, `completed`, `failed` or `cancelled`. */
    readonly status: string,
    /** What the worker returned, or why it failed. */
    readonly message: string,
    /** How often it was tried. */
    readonly attempt: i32,
  ) {}
}

export namespace tasks {
  /** Makes a queue, or takes it up again after a restart; `false` if the host could not. */
  export function createQueue(name: string, options: QueueOptions = new QueueOptions()): bool {
    const request = requestOf(
      Json.object().set("name", Json.text(name)).set(
        "config",
        Json.object()
          .set("concurrency", Json.integer(options.concurrency))
          .set("maxRetries", Json.integer(options.maxRetries))
          .set("backoffMs", Json.integer(options.backoffMs))
          .set("delayMs", Json.integer(options.delayMs))
          .set("retentionMs", Json.integer(options.retentionMs)),
      ),
    );
    return succeeded(request, task_createqueue(request));
  }

  /** Adds a task; gives its id, empty if the host could not. Payloads have at most 1 MiB. */
  export function enqueue(queue: string, payload: ArrayBuffer): string {
    const request = requestOf(
      Json.object().set("queueName", Json.text(queue))
        .set("payload", Json.text(encodeBase64(payload))),
    );
    return answerOf(request, task_enqueue(request)).get("result").text();
  }

  /** Adds a task whose payload is a text. */
  export function enqueueText(queue: string, payload: string): string {
    return enqueue(queue, encode(payload));
  }

  /** What has become of a task; `null` if nobody knows it any more. */
  export function get(id: string): TaskState | null {
    const request = requestOf(Json.object().set("taskId", Json.text(id)));
    const state = answerOf(request, task_get(request)).get("result");
    if (!state.exists) return null;
    return new TaskState(
      state.get("status").text(),
      state.get("message").text(),
      state.get("attempt").int32(),
    );
  }

  /** Takes a task back; `false` if it is not waiting any more. */
  export function cancel(id: string): bool {
    const request = requestOf(Json.object().set("taskId", Json.text(id)));
    return succeeded(request, task_cancel(request));
  }

  /** Takes back all tasks of a queue that wait, and gives their number. */
  export function clear(queue: string): i64 {
    const request = requestOf(Json.object().set("queueName", Json.text(queue)));
    return answerOf(request, task_clearqueue(request)).get("result").integer();
  }
}
