import { errorText } from "../errors.ts";
import { parseCron, type Services } from "../services/mod.ts";
import type { EnvFunction } from "./functions.ts";
import { answers, callFailure, type HostFunctions } from "./host_function.ts";
import * as wire from "./messages/host/scheduler_pb.ts";
import { randomName } from "./random_name.ts";
import { bytesOf, textOf } from "./text.ts";
import { localZone, rfc3339 } from "./time_now.ts";

/**
 * The functions of the `scheduler` permission (`protobuf-abi.md`, 5.8): a schedule takes the place of one that
 * has its id, of whatever kind. A cron expression that cannot be read ends the call and changes nothing.
 */
export function schedulerFunctions(
  scheduler: Services["scheduler"],
): HostFunctions<EnvFunction<"scheduler">> {
  return {
    schedule_one_time: answers(
      wire.ScheduleOneTimeRequestSchema,
      wire.ScheduleResponseSchema,
      ({ delaySeconds, payload, scheduleId: id }) => {
        const scheduleId = idOf(id);
        scheduler.drop(scheduleId);
        scheduler.scheduleOneTime({ delaySeconds, payload: textOf(payload), scheduleId });
        return { scheduleId: bytesOf(scheduleId) };
      },
    ),
    schedule_recurring: answers(
      wire.ScheduleRecurringRequestSchema,
      wire.ScheduleResponseSchema,
      ({ cronExpression, payload, scheduleId: id }) => {
        const scheduleId = idOf(id);
        const expression = textOf(cronExpression);
        try {
          checkFields(expression);
          parseCron(expression);
        } catch (thrown) {
          throw callFailure(`failed to schedule recurring job: ${errorText(thrown)}`, thrown);
        }
        scheduler.drop(scheduleId);
        scheduler.scheduleRecurring({
          cronExpression: expression,
          payload: textOf(payload),
          scheduleId,
        });
        return { scheduleId: bytesOf(scheduleId) };
      },
    ),
    cancel_schedule: answers(
      wire.CancelRequestSchema,
      wire.CancelResponseSchema,
      ({ scheduleId }) =>
        scheduler.drop(textOf(scheduleId))
          ? { success: true }
          : { success: false, error: bytesOf("schedule not found") },
    ),
    time_now: answers(wire.TimeNowRequestSchema, wire.TimeNowResponseSchema, () => {
      const now = scheduler.now();
      const zone = localZone();
      return {
        rfc3339Nano: bytesOf(rfc3339(now, zone)),
        unixMilli: BigInt(Math.trunc(now)),
        localTimeZone: bytesOf(zone),
      };
    }),
  };
}

function idOf(bytes: Uint8Array): string {
  return bytes.byteLength === 0 ? randomName() : textOf(bytes);
}

/** Refuses what only today's generation knows: seconds, bare durations, random fields. */
function checkFields(expression: string): void {
  const spec = expression.trim().replace(/^(?:CRON_)?TZ=\S*/, "").trim();
  if (spec === "" || spec.startsWith("@")) return;
  const fields = spec.split(/\s+/);
  if (fields.length !== 5) {
    throw new RangeError(
      `expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`,
    );
  }
  const random = fields.find((field) => field.includes("~"));
  if (random !== undefined) throw new RangeError(`failed to parse int from ${random}`);
}
