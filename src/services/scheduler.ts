/**
 * Callbacks of a plugin at a time or again and again, in memory. Source: `extism-abi.md` 2.3.
 *
 * Two things differ from upstream, on purpose: a one-time schedule that is cancelled and made anew
 * inside its own callback stays (upstream deletes it by name afterwards), and the number of schedules,
 * their bytes and the callbacks that run at once have ceilings.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import { byteLength, checkId, randomId } from "./bytes.ts";
import { parseCron, type Recurrence } from "./cron.ts";
import { type ServiceContext, ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";

/** The export that is called back. */
export const SCHEDULER_EXPORT = "nd_scheduler_callback";

/**
 * The longest wait for a recurring schedule before the wall clock is looked at again: timers stand still
 * while the machine sleeps, and do not see the clock being set.
 */
const MAX_WAIT_MS = 60_000;
/** When a one-time schedule tries again after it found every run taken. */
const BUSY_RETRY_MS = 1_000;

interface Schedule {
  readonly id: string;
  readonly payload: string;
  readonly costBytes: number;
  /** Absent for one-time schedules. */
  readonly recurrence?: Recurrence;
  cancelTimer: () => void;
}

interface NewSchedule {
  readonly payload: string;
  readonly scheduleId: string;
}

type Context = Pick<ServiceContext, "callGuest" | "clock" | "generation" | "limits" | "log">;

const encoder = new TextEncoder();

/** Answers the `scheduler_*` functions. */
export class Scheduler implements ServiceMethods<"scheduler"> {
  readonly #context: Context;
  readonly #schedules = new Map<string, Schedule>();
  readonly #ended = new AbortController();
  #bytes = 0;
  #running = 0;
  #resting = false;
  #recurring = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  scheduleOneTime(
    request: NewSchedule & { readonly delaySeconds: number },
  ): { newScheduleId: string } {
    const schedule = this.#add(request);
    this.#wait(schedule, Math.max(0, request.delaySeconds) * 1000, () => this.#fireOnce(schedule));
    return { newScheduleId: schedule.id };
  }

  scheduleRecurring(
    request: NewSchedule & { readonly cronExpression: string },
  ): { newScheduleId: string } {
    this.#refuseTaken(request.scheduleId);
    let recurrence: Recurrence;
    try {
      recurrence = parseCron(request.cronExpression);
    } catch (error) {
      throw new ServiceError(`failed to schedule task: ${errorText(error)}`);
    }
    const { recurringSchedules } = this.#context.limits;
    if (this.#recurring >= recurringSchedules) {
      throw new ServiceError(
        `failed to schedule task: maximum of ${recurringSchedules} recurring schedules reached`,
      );
    }
    const schedule = this.#add(request, recurrence);
    this.#recurring++;
    this.#waitForNext(schedule, recurrence);
    return { newScheduleId: schedule.id };
  }

  cancelSchedule({ scheduleId }: { readonly scheduleId: string }): Record<string, never> {
    if (!this.drop(scheduleId)) {
      throw new ServiceError(`schedule ID ${JSON.stringify(scheduleId)} not found`);
    }
    return {};
  }

  /** Takes a schedule away; false where there is none. */
  drop(scheduleId: string): boolean {
    const schedule = this.#schedules.get(scheduleId);
    if (schedule !== undefined) this.#remove(schedule);
    return schedule !== undefined;
  }

  /** Now, by the clock that schedules go by. Unix milliseconds. */
  now(): number {
    return this.#context.clock.now();
  }

  /** Calls back no more. The schedules stay until it is closed, to be cancelled or not. */
  rest(): void {
    this.#resting = true;
    for (const { cancelTimer } of this.#schedules.values()) cancelTimer();
  }

  close(): void {
    this.#ended.abort(new Error("context canceled"));
    for (const schedule of this.#schedules.values()) this.#remove(schedule);
  }

  #refuseTaken(id: string): void {
    if (this.#schedules.has(id)) {
      throw new ServiceError(`schedule ID ${JSON.stringify(id)} already exists`);
    }
  }

  #add({ payload, scheduleId }: NewSchedule, recurrence?: Recurrence): Schedule {
    if (this.#ended.signal.aborted) throw new ServiceError("scheduler is closed");
    this.#refuseTaken(scheduleId);
    checkId("schedule", scheduleId);
    const { schedules, scheduleBytes } = this.#context.limits;
    if (this.#schedules.size >= schedules) {
      throw new ServiceError(`failed to schedule task: maximum of ${schedules} schedules reached`);
    }
    const costBytes = byteLength(payload) + byteLength(scheduleId);
    if (this.#bytes + costBytes > scheduleBytes) {
      throw new ServiceError(
        `failed to schedule task: payloads exceed maximum of ${scheduleBytes} bytes`,
      );
    }
    const schedule: Schedule = {
      id: scheduleId === "" ? randomId() : scheduleId,
      payload,
      costBytes,
      ...(recurrence && { recurrence }),
      cancelTimer: () => {},
    };
    this.#schedules.set(schedule.id, schedule);
    this.#bytes += costBytes;
    return schedule;
  }

  /** Does nothing for a schedule that is gone, or whose id belongs to another by now. */
  #remove(schedule: Schedule): void {
    if (this.#schedules.get(schedule.id) !== schedule) return;
    schedule.cancelTimer();
    this.#schedules.delete(schedule.id);
    this.#bytes -= schedule.costBytes;
    if (schedule.recurrence !== undefined) this.#recurring--;
  }

  #wait(schedule: Schedule, delayMs: number, then: () => void): void {
    if (!this.#resting) schedule.cancelTimer = this.#context.clock.after(delayMs, then);
  }

  #fireOnce(schedule: Schedule): void {
    if (this.#isBusy) {
      return this.#wait(schedule, BUSY_RETRY_MS, () => this.#fireOnce(schedule));
    }
    // A schedule of the older generation is gone before its callback runs (protobuf-abi.md, 5.8).
    if (this.#context.generation === "protobuf") this.#remove(schedule);
    void this.#run(schedule).finally(() => this.#remove(schedule));
  }

  #waitForNext(schedule: Schedule, recurrence: Recurrence): void {
    const { clock } = this.#context;
    const due = recurrence.next(clock.now());
    if (due === undefined) return;
    const wait = (): void => {
      const leftMs = due - clock.now();
      if (leftMs > 0) return this.#wait(schedule, Math.min(leftMs, MAX_WAIT_MS), wait);
      this.#waitForNext(schedule, recurrence);
      if (this.#isBusy) {
        this.#context.log(
          "warn",
          `schedule ${JSON.stringify(schedule.id)} skipped: too many callbacks running`,
        );
      } else void this.#run(schedule);
    };
    wait();
  }

  get #isBusy(): boolean {
    return this.#running >= this.#context.limits.scheduleRuns;
  }

  async #run({ id, payload, recurrence }: Schedule): Promise<void> {
    const input = { scheduleId: id, payload, isRecurring: recurrence !== undefined };
    this.#running++;
    try {
      await this.#context.callGuest(
        SCHEDULER_EXPORT,
        encoder.encode(JSON.stringify(input)),
        this.#ended.signal,
      );
    } catch (error) {
      this.#context.log("error", `schedule ${JSON.stringify(id)}: ${errorText(error)}`);
    } finally {
      this.#running--;
    }
  }
}
