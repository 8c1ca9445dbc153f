// The TaskWorker capability: does what was put into a queue. The plugin exports `nd_task_execute`.

import { decodeBase64 } from "./base64";
import { answer, readRequest } from "./capability";
import { Json } from "./json";
import { decode } from "./memory";
import { notImplemented, resultCode } from "./result";

/** A piece of work that was enqueued. */
export class Task {
  readonly queue: string;
  readonly id: string;
  readonly payload: ArrayBuffer;
  /** 1 at the first try. */
  readonly attempt: i32;

  constructor(request: Json) {
    const payload = decodeBase64(request.get("payload").text());
    this.queue = request.get("queueName").text();
    this.id = request.get("taskId").text();
    this.payload = payload === null ? new ArrayBuffer(0) : payload;
    this.attempt = request.get("attempt").int32();
  }

  /** The payload as text. */
  text(): string {
    return decode(this.payload);
  }
}

let registered: (task: Task) => string = (_task: Task): string => {
  notImplemented();
  return "";
};

/**
 * Has this function do every task. What it returns is kept as the task's message; after `fail(text)` the task
 * is tried again, as often as its queue says.
 */
export function onTask(run: (task: Task) => string): void {
  registered = run;
}

export function nd_task_execute(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answer(Json.text(registered(new Task(request))));
}
