import { Json, QueueOptions, scheduler, tasks } from "@soundproof/pdk";
import { field, only, told, toldWhether } from "./index";
import { bytesOf } from "./memory";

export function scheduler_scheduleonetime(): i32 {
  const delay = field("delaySeconds").int32();
  const id = scheduler.after(delay, field("payload").text(), field("scheduleId").text());
  return told(only("newScheduleId", Json.text(id)));
}

export function scheduler_schedulerecurring(): i32 {
  const cron = field("cronExpression").text();
  const id = scheduler.every(cron, field("payload").text(), field("scheduleId").text());
  return told(only("newScheduleId", Json.text(id)));
}

export function scheduler_cancelschedule(): i32 {
  return toldWhether(scheduler.cancel(field("scheduleId").text()));
}

export function task_createqueue(): i32 {
  const options = new QueueOptions(), config = field("config");
  options.concurrency = config.get("concurrency").int32();
  options.maxRetries = config.get("maxRetries").int32();
  options.backoffMs = config.get("backoffMs").integer();
  options.delayMs = config.get("delayMs").integer();
  options.retentionMs = config.get("retentionMs").integer();
  return toldWhether(tasks.createQueue(field("name").text(), options));
}

export function task_enqueue(): i32 {
  const id = tasks.enqueue(field("queueName").text(), bytesOf(field("payload")));
  return told(only("result", Json.text(id)));
}

export function task_get(): i32 {
  const state = tasks.get(field("taskId").text());
  if (state === null) return told(Json.object());
  const result = Json.object()
    .set("status", Json.text(state.status))
    .set("message", Json.text(state.message))
    .set("attempt", Json.integer(state.attempt));
  return told(only("result", result));
}

export function task_cancel(): i32 {
  return toldWhether(tasks.cancel(field("taskId").text()));
}

export function task_clearqueue(): i32 {
  return told(only("result", Json.integer(tasks.clear(field("queueName").text()))));
}
