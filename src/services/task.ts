/**
 * Durable task queues, one SQLite file a plugin. Source: `extism-abi.md` 2.7.
 *
 * The life of a task: enqueued (`pending`), picked up by a worker of its queue (`running`, attempt + 1),
 * then `completed`, or `failed`, or after a backoff `pending` again. A process that dies leaves it
 * `running` in the file; creating the queue again makes it `pending` and gives the attempt back.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import { byteLength, randomId } from "./bytes.ts";
import { type QueueSettings, queueSettings, TASK_NUMBERS } from "./task_settings.ts";
import { type ServiceContext, ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import { type Task, type TaskStatus, TaskStore } from "./task_store.ts";

/** The export that runs a task. */
export const TASK_EXPORT = "nd_task_execute";

const { maxNameBytes, maxPayloadBytes, maxMessageBytes, maxBackoffMs, pollMs, cleanupMs, closeMs } =
  TASK_NUMBERS;

interface Queue {
  readonly name: string;
  readonly settings: QueueSettings;
  /** Tasks picked up and not yet finished. */
  running: number;
  /** When the next dispatch may be, where the queue spaces them. */
  nextSlotAt: number;
  cancelTimer: () => void;
}

type TaskContext =
  & Pick<ServiceContext, "callGuest" | "clock" | "dataFolder" | "limits" | "log">
  & {
    /** The manifest's `maxConcurrency`: tasks that may run at once over all queues. */
    readonly maxConcurrency: number;
  };

/** Answers the `task_*` functions and runs the tasks. */
export class Tasks implements ServiceMethods<"task"> {
  readonly #context: TaskContext;
  readonly #budget: number;
  readonly #store: TaskStore;
  readonly #queues = new Map<string, Queue>();
  readonly #ended = new AbortController();
  /** Aborted once no task is begun any more. */
  readonly #resting = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #cancelCleanup: () => void;

  constructor(context: TaskContext) {
    this.#context = context;
    this.#budget = Math.min(context.maxConcurrency, context.limits.queues);
    this.#store = new TaskStore(context.dataFolder, context.limits);
    this.#cancelCleanup = context.clock.after(cleanupMs, () => this.#cleanup());
  }

  createQueue(
    { name, config }: {
      readonly name: string;
      readonly config: Parameters<typeof queueSettings>[0];
    },
  ): Record<string, never> {
    this.#refuseClosed();
    if (name === "") throw new ServiceError("queue name cannot be empty");
    if (byteLength(name) > maxNameBytes) {
      throw new ServiceError(`queue name exceeds maximum length of ${maxNameBytes} bytes`);
    }
    let allocated = 0;
    for (const { settings } of this.#queues.values()) allocated += settings.concurrency;
    if (allocated >= this.#budget) {
      throw new ServiceError(
        `concurrency budget exhausted (${allocated}/${this.#budget} allocated)`,
      );
    }
    if (this.#queues.has(name)) {
      throw new ServiceError(`queue ${JSON.stringify(name)} already exists`);
    }
    const settings = queueSettings(config, this.#budget - allocated);
    this.#store.openQueue(name, settings, this.#context.clock.now());
    const queue = { name, settings, running: 0, nextSlotAt: 0, cancelTimer: () => {} };
    this.#queues.set(name, queue);
    this.#wake(queue);
    return {};
  }

  enqueue(
    { queueName, payload }: { readonly queueName: string; readonly payload: Uint8Array | null },
  ): { result: string } {
    const queue = this.#queue(queueName);
    if (payload !== null && payload.length > maxPayloadBytes) {
      throw new ServiceError(
        `payload size ${payload.length} exceeds maximum of ${maxPayloadBytes} bytes`,
      );
    }
    if (payload === null) {
      throw new ServiceError("enqueuing task: NOT NULL constraint failed: tasks.payload");
    }
    const id = randomId();
    const now = this.#context.clock.now();
    this.#store.add(id, queueName, payload, queue.settings.maxRetries, now);
    this.#wake(queue);
    return { result: id };
  }

  get(
    { taskId }: { readonly taskId: string },
  ): { result: { status: TaskStatus; message: string; attempt: number } } {
    this.#refuseClosed();
    return { result: this.#find(taskId) };
  }

  cancel({ taskId }: { readonly taskId: string }): Record<string, never> {
    this.#refuseClosed();
    const { status } = this.#find(taskId);
    if (status !== "pending") {
      throw new ServiceError(
        `task ${JSON.stringify(taskId)} cannot be cancelled (status: ${status})`,
      );
    }
    this.#store.finish(taskId, "cancelled", "", this.#context.clock.now());
    return {};
  }

  clearQueue({ queueName }: { readonly queueName: string }): { result: bigint } {
    this.#queue(queueName);
    return { result: BigInt(this.#store.cancelPending(queueName, this.#context.clock.now())) };
  }

  /** Begins no task any more, and waits for those that run to end. Functions are answered as before. */
  async rest(): Promise<void> {
    this.#resting.abort();
    for (const queue of this.#queues.values()) queue.cancelTimer();
    this.#cancelCleanup();
    await Promise.allSettled(this.#inFlight);
  }

  /** Begins what another instance was asked for while it rested. */
  takeOver(): void {
    this.#cleanup();
    for (const queue of this.#queues.values()) this.#wake(queue);
  }

  /** How many tasks are not finished. */
  get unfinished(): number {
    return this.#ended.signal.aborted ? 0 : this.#store.unfinished();
  }

  /** Cuts off what runs, waits up to 10 s for it to end, and gives interrupted tasks back to their queues. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("context canceled"));
    this.#cancelCleanup();
    for (const queue of this.#queues.values()) queue.cancelTimer();
    this.#queues.clear();
    let cancelTimer = () => {};
    const late = new Promise<void>((resolve) => {
      cancelTimer = this.#context.clock.after(closeMs, resolve);
    });
    await Promise.race([Promise.allSettled(this.#inFlight), late]);
    cancelTimer();
    // After a rest nothing of this instance runs: what does is another's.
    if (!this.#resting.signal.aborted) this.#store.releaseRunning(this.#context.clock.now());
    this.#store.close();
  }

  #refuseClosed(): void {
    if (this.#ended.signal.aborted) throw new ServiceError("database is closed");
  }

  #queue(name: string): Queue {
    this.#refuseClosed();
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new ServiceError(`queue ${JSON.stringify(name)} does not exist`);
    return queue;
  }

  #find(id: string): { status: TaskStatus; message: string; attempt: number } {
    const task = this.#store.find(id);
    if (task === undefined) throw new ServiceError(`task ${JSON.stringify(id)} not found`);
    return task;
  }

  /** Starts every due task there is a free worker for, and comes back when the next one is due. */
  #wake(queue: Queue): void {
    queue.cancelTimer();
    if (this.#resting.signal.aborted) return;
    const { clock } = this.#context;
    let dueAt: number | undefined;
    try {
      while (queue.running < queue.settings.concurrency && !this.#ended.signal.aborted) {
        const task = this.#store.take(queue.name, clock.now());
        if (task === undefined) break;
        queue.running++;
        const run = this.#work(queue, task);
        this.#inFlight.add(run);
        void run.finally(() => this.#inFlight.delete(run));
      }
      if (queue.running >= queue.settings.concurrency) return;
      dueAt = this.#store.nextDue(queue.name);
    } catch (error) {
      // Whoever woke the queue has done what it came for. The file may be writable again at the next look.
      this.#context.log("error", `queue ${JSON.stringify(queue.name)}: ${errorText(error)}`);
      dueAt = clock.now() + pollMs;
    }
    if (dueAt === undefined || this.#ended.signal.aborted) return;
    const leftMs = Math.max(0, dueAt - clock.now());
    queue.cancelTimer = clock.after(Math.min(leftMs, pollMs), () => this.#wake(queue));
  }

  async #work(queue: Queue, task: Task): Promise<void> {
    try {
      await this.#spaced(queue);
      await this.#execute(queue, task);
    } catch (error) {
      // The file could not be written. The task stays `running` in it, and is taken up at the next start.
      this.#context.log("error", `task "${task.id}": ${errorText(error)}`);
    } finally {
      queue.running--;
      if (!this.#ended.signal.aborted) this.#wake(queue);
    }
  }

  /** Waits for the queue's next free slot. */
  async #spaced(queue: Queue): Promise<void> {
    const { delayMs } = queue.settings;
    if (delayMs === 0) return;
    const now = this.#context.clock.now();
    const slotAt = Math.max(now, queue.nextSlotAt);
    queue.nextSlotAt = slotAt + delayMs;
    if (slotAt <= now) return;
    const signals = [this.#ended.signal, this.#resting.signal];
    await new Promise<void>((resolve) => {
      const over = () => {
        cancel();
        for (const signal of signals) signal.removeEventListener("abort", over);
        resolve();
      };
      const cancel = this.#context.clock.after(slotAt - now, over);
      for (const signal of signals) signal.addEventListener("abort", over);
    });
  }

  async #execute(queue: Queue, task: Task): Promise<void> {
    const { signal } = this.#ended;
    const { clock, callGuest } = this.#context;
    let message: string;
    if (this.#resting.signal.aborted) return this.#store.release(task.id, clock.now());
    try {
      signal.throwIfAborted();
      const input = { queueName: queue.name, taskId: task.id, payload: task.payload.toBase64() };
      const output = await callGuest(
        TASK_EXPORT,
        new TextEncoder().encode(JSON.stringify({ ...input, attempt: task.attempt })),
        signal,
      );
      message = readMessage(output);
    } catch (error) {
      if (signal.aborted) return this.#store.release(task.id, clock.now());
      const text = errorText(error);
      if (task.attempt > task.maxRetries) {
        this.#context.log("warn", `task "${task.id}" failed: ${text}`);
        return this.#store.finish(task.id, "failed", cut(text), clock.now());
      }
      const backoffMs = Math.min(queue.settings.backoffMs * 2 ** (task.attempt - 1), maxBackoffMs);
      return this.#store.retry(task.id, clock.now() + backoffMs, clock.now());
    }
    this.#store.finish(task.id, "completed", cut(message), clock.now());
  }

  #cleanup(): void {
    this.#cancelCleanup();
    this.#cancelCleanup = this.#context.clock.after(cleanupMs, () => this.#cleanup());
    this.#store.cleanUp([...this.#queues.keys()], this.#context.clock.now());
  }
}

/** The string that the export returned: nothing and `null` are an empty one. */
function readMessage(output: Uint8Array): string {
  if (output.length === 0) return "";
  const value: unknown = JSON.parse(new TextDecoder().decode(output)) ?? "";
  if (typeof value !== "string") {
    throw new TypeError(`json: cannot unmarshal ${typeof value} into value of type string`);
  }
  return value;
}

function cut(message: string): string {
  return message.slice(0, maxMessageBytes).toWellFormed();
}
