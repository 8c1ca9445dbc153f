// Counts the libraries once a day, and tells how they have grown: in the log, and by its export `library_stats`.

import {
  clock,
  config,
  fail,
  hostError,
  Json,
  library,
  Library,
  log,
  NamedSchedule,
  onInit,
  outputText,
  resultCode,
  ScheduleEvent,
} from "@soundproof/pdk";
import { Count, history, keep, lastCount } from "./count";
import { dayOf } from "./day";

export { nd_on_init, nd_scheduler_callback } from "@soundproof/pdk";

const daily = new NamedSchedule("daily");

daily.onDue((_event: ScheduleEvent): void => {
  const libraries = library.all();
  if (hostError() != "") return fail("Cannot count: " + hostError());
  for (let i = 0; i < libraries.length; i++) note(libraries[i]);
});

onInit((): void => {
  const hour = config.integer("hour", 4);
  if (!daily.every("0 " + hour.toString() + " * * *")) {
    fail("Cannot count at " + hour.toString() + " o'clock: " + hostError());
  }
});

/** Every library with its counts by day: `[{"id":1,"name":"Music","days":{"2026-01-01":{"songs":…}}}]`. */
export function library_stats(): i32 {
  const libraries = library.all(), answer = Json.array();
  if (hostError() != "") fail("Cannot list the libraries: " + hostError());
  for (let i = 0; i < libraries.length; i++) {
    answer.push(
      Json.object()
        .set("id", Json.integer(libraries[i].id))
        .set("name", Json.text(libraries[i].name))
        .set("days", history(libraries[i].id)),
    );
  }
  outputText(answer.toString());
  return resultCode();
}

function note(counted: Library): void {
  const count = Count.of(counted), before = lastCount(counted.id);
  if (!keep(counted.id, dayOf(clock.now()), count)) {
    return fail("Cannot keep the counts of " + counted.name + ": " + hostError());
  }
  const songs = before === null ? "" : change(count.songs - before.songs);
  const albums = before === null ? "" : change(count.albums - before.albums);
  log.info(
    counted.name + ": " + count.songs.toString() + " songs" + songs + ", " +
      count.albums.toString() + " albums" + albums + ", " + count.artists.toString() +
      " artists, " + count.hours.toString() + " hours",
  );
}

function change(by: i64): string {
  return by == 0 ? "" : " (" + (by > 0 ? "+" : "") + by.toString() + ")";
}
