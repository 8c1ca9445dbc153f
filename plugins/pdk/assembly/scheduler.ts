// Callbacks at a time, or again and again. Permission `scheduler`; the plugin exports
// `nd_scheduler_callback`. Schedules live until the plugin is unloaded: make them anew in `onInit`.

import { readRequest } from "./capability";
import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";
import { notImplemented, resultCode } from "./result";

@external("extism:host/user", "scheduler_scheduleonetime")
declare function scheduler_scheduleonetime(request: u64): u64;
@external("extism:host/user", "scheduler_schedulerecurring")
declare function scheduler_schedulerecurring(request: u64): u64;
@external("extism:host/user", "scheduler_cancelschedule")
declare function scheduler_cancelschedule(request: u64): u64;

/** A schedule whose time has come. */
@final
export class ScheduleEvent {
  constructor(
    /** Of a {@link NamedSchedule} the part after its name. */
    readonly id: string,
    readonly payload: string,
    readonly isRecurring: bool,
  ) {}
}

export namespace scheduler {
  /**
   * Calls back once after so many seconds. An empty id is made up.
   *
   * @returns The id; empty if the host could not, see `hostError()`. An id that is taken is refused.
   */
  export function after(delaySeconds: i32, payload: string = "", id: string = ""): string {
    const request = requestOf(
      Json.object()
        .set("delaySeconds", Json.integer(delaySeconds))
        .set("payload", Json.text(payload))
        .set("scheduleId", Json.text(id)),
    );
    return answerOf(request, scheduler_scheduleonetime(request)).get("newScheduleId").text();
  }

  /**
   * Calls back again and again: a cron expression of 5 fields, of 6 with leading seconds, or `@every 5m`.
   *
   * @returns As {@link after}.
   */
  export function every(cron: string, payload: string = "", id: string = ""): string {
    const request = requestOf(
      Json.object()
        .set("cronExpression", Json.text(cron))
        .set("payload", Json.text(payload))
        .set("scheduleId", Json.text(id)),
    );
    return answerOf(request, scheduler_schedulerecurring(request)).get("newScheduleId").text();
  }

  /** Ends a schedule; `false` if there is none of this id. */
  export function cancel(id: string): bool {
    const request = requestOf(Json.object().set("scheduleId", Json.text(id)));
    return succeeded(request, scheduler_cancelschedule(request));
  }
}

/** Stands between a name and an id. Nobody types it. */
const SEPARATOR = "\u200b";

const named = new Map<string, (event: ScheduleEvent) => void>();
let registered: (event: ScheduleEvent) => void = (_event: ScheduleEvent): void => notImplemented();

/** Has this function run for every schedule that belongs to no {@link NamedSchedule}. */
export function onSchedule(run: (event: ScheduleEvent) => void): void {
  registered = run;
}

/**
 * Schedules with a function of their own, told apart by ids: one for each user, for example. Make it and its
 * function at the top level of a file, so that every instance knows them.
 */
@final
export class NamedSchedule {
  constructor(readonly name: string) {}

  /** Has this function run when one of them is due. */
  onDue(run: (event: ScheduleEvent) => void): void {
    named.set(this.name, run);
  }

  /** Runs once after so many seconds; `false` if the id is taken, or the host could not. */
  after(delaySeconds: i32, id: string = "", payload: string = ""): bool {
    return scheduler.after(delaySeconds, payload, this.scheduleId(id)).length > 0;
  }

  /** Runs again and again; see {@link scheduler.every}. */
  every(cron: string, id: string = "", payload: string = ""): bool {
    return scheduler.every(cron, payload, this.scheduleId(id)).length > 0;
  }

  /** Ends it; `false` if there is none of this id. */
  cancel(id: string = ""): bool {
    return scheduler.cancel(this.scheduleId(id));
  }

  /** What the host knows it by. */
  scheduleId(id: string): string {
    return this.name + SEPARATOR + id;
  }
}

export function nd_scheduler_callback(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  const id = request.get("scheduleId").text(), payload = request.get("payload").text();
  const isRecurring = request.get("isRecurring").boolean();
  const at = id.indexOf(SEPARATOR), name = at < 0 ? "" : id.substring(0, at);
  if (at >= 0 && named.has(name)) {
    named.get(name)(new ScheduleEvent(id.substring(at + 1), payload, isRecurring));
  } else {
    registered(new ScheduleEvent(id, payload, isRecurring));
  }
  return resultCode();
}
