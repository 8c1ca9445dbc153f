import { deepStrictEqual, equal } from "node:assert/strict";
import {
  type Observation,
  observe,
  type Playback,
  type PlaybackEvent,
} from "../src/sidecar/playback.ts";
import { promise } from "./support/promises.ts";

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;

/** One look: seconds since the beginning, and what is seen. */
type Look = readonly [at: number, seen: Partial<Observation> | undefined];

interface Listening {
  readonly name: string;
  readonly looks: readonly Look[];
  /** Plays that are told: track, and the second in which it began. */
  readonly plays: readonly (readonly [string, number])[];
  /** What is reported besides, as `state@second of the track`. */
  readonly reports?: readonly string[];
}

/** A player that is looked at every ten seconds. */
function steady(from: number, to: number, seen: (at: number) => Partial<Observation>): Look[] {
  const looks: Look[] = [];
  for (let at = from; at <= to; at += 10) looks.push([at, seen(at)]);
  return looks;
}

/** A server that tells minutes alone, of a track of three minutes. */
const classic = (began: number, more: Partial<Observation> = {}) => (at: number) => ({
  trackId: "t",
  durationMs: 180 * SECOND,
  minutesAgo: Math.floor((at - began) / 60),
  ...more,
});
/** A server that tells positions. */
const exact =
  (position: (at: number) => number, more: Partial<Observation> = {}) => (at: number) => ({
    trackId: "t",
    durationMs: 180 * SECOND,
    state: "playing" as const,
    positionMs: position(at) * SECOND,
    ...more,
  });

const LISTENINGS: readonly Listening[] = [
  {
    name: "half of a track, told when it is reached, once",
    looks: steady(0, 180, classic(0)),
    plays: [["t", 0]],
    reports: ["playing@0"],
  },
  { name: "less than half", looks: [...steady(0, 80, classic(0)), [90, undefined]], plays: [] },
  {
    name: "four minutes of a long track",
    looks: steady(0, 240, classic(0, { durationMs: 3_600 * SECOND })),
    plays: [["t", 0]],
  },
  {
    name: "less than four minutes of a long track",
    looks: steady(0, 230, classic(0, { durationMs: 3_600 * SECOND })),
    plays: [],
  },
  {
    name: "a track of 30 s is too short, whatever is heard of it",
    looks: steady(0, 200, classic(0, { durationMs: 30 * SECOND })),
    plays: [],
  },
  {
    name: "a track of 31 s is not",
    looks: steady(0, 30, classic(0, { durationMs: 31 * SECOND })),
    plays: [["t", 0]],
  },
  {
    name: "a track whose length nobody knows, after four minutes",
    looks: steady(0, 240, classic(0, { durationMs: 0 })),
    plays: [["t", 0]],
  },
  {
    name: "one track after another",
    looks: [...steady(0, 180, classic(0)), ...steady(190, 370, classic(190, { trackId: "u" }))],
    plays: [["t", 0], ["u", 190]],
    reports: ["playing@0", "stopped@180", "playing@0"],
  },
  {
    name: "skipping through tracks",
    looks: Array.from({ length: 20 }, (_, i): Look => [i * 10, {
      ...classic(i * 10)(i * 10),
      trackId: `t${i}`,
    }]),
    plays: [],
  },
  {
    name: "the same track twice, by minutes that begin anew",
    looks: [...steady(0, 180, classic(0)), ...steady(190, 400, classic(190))],
    plays: [["t", 0], ["t", 180]],
  },
  {
    name: "the same short track again and again, where minutes tell little",
    looks: steady(0, 400, (at) => classic(0, { durationMs: 45_000, minutesAgo: 0 })(at)),
    plays: [["t", 0], ["t", 110], ["t", 220], ["t", 330]],
  },
  {
    name: "a player that says again that it plays the same track goes on with it",
    looks: [...steady(0, 70, classic(0)), ...steady(80, 180, classic(75))],
    plays: [["t", 0]],
    reports: ["playing@0"],
  },
  {
    name: "what began half a track ago, seen for the first time",
    looks: steady(120, 120, classic(0)),
    plays: [["t", 0]],
  },
  {
    name: "what was over long before it was seen for the first time is not told",
    looks: steady(1_200, 1_260, classic(0)),
    plays: [],
    reports: [],
  },
  {
    name: "a pause does not count",
    looks: [
      ...steady(0, 50, exact((at) => at)),
      ...steady(60, 600, exact(() => 55, { state: "paused" })),
      ...steady(610, 630, exact((at) => at - 555)),
    ],
    plays: [],
    reports: ["playing@0", "paused@55", "playing@55"],
  },
  {
    name: "a pause, and enough after it",
    looks: [
      ...steady(0, 50, exact((at) => at)),
      ...steady(60, 600, exact(() => 55, { state: "paused" })),
      ...steady(610, 660, exact((at) => at - 555)),
    ],
    plays: [["t", 0]],
  },
  {
    name: "seeking forward is not listening",
    looks: [...steady(0, 30, exact((at) => at)), ...steady(40, 70, exact((at) => at + 100))],
    plays: [],
    reports: ["playing@0", "playing@140"],
  },
  {
    name: "seeking back is no other play",
    looks: [...steady(0, 120, exact((at) => at)), ...steady(130, 250, exact((at) => at - 125))],
    plays: [["t", 0]],
  },
  {
    name: "the same track again, by its position",
    looks: [...steady(0, 170, exact((at) => at)), ...steady(180, 290, exact((at) => at - 180))],
    plays: [["t", 0], ["t", 180]],
  },
  {
    name: "a player that says it starts, starts",
    looks: [
      ...steady(0, 20, exact((at) => at)),
      [30, exact(() => 0, { state: "starting" })(0)],
      ...steady(40, 140, exact((at) => at - 40)),
    ],
    plays: [["t", 30]],
    reports: ["playing@0", "stopped@20", "starting@0", "playing@0"],
  },
  {
    name: "twice as fast is heard twice as fast, and counts by the clock",
    looks: steady(0, 80, exact((at) => at * 2, { playbackRate: 2 })),
    plays: [],
    reports: ["playing@0"],
  },
  {
    name: "a clock that is set back does no harm",
    looks: [[100, classic(100)(100)], [50, classic(100, { minutesAgo: 0 })(100)], [60, undefined]],
    plays: [],
  },
];

promise("plays are told by the rules of Last.fm", LISTENINGS, ({ looks, plays, reports }) => {
  let last: Playback | undefined;
  const events: PlaybackEvent[] = [];
  for (const [at, seen] of looks) {
    const whole = seen && { trackId: "t", durationMs: 0, ...seen };
    // What is known must survive as JSON.
    const step = observe(last && JSON.parse(JSON.stringify(last)), whole, START + at * SECOND);
    last = step.playback;
    events.push(...step.events);
  }
  deepStrictEqual(
    events.flatMap((event) =>
      event.kind === "scrobble" ? [[event.trackId, (event.startedAt - START) / SECOND]] : []
    ),
    plays,
  );
  if (reports === undefined) return;
  deepStrictEqual(
    events.flatMap((event) =>
      event.kind === "report" ? [`${event.state}@${Math.round(event.positionMs / SECOND)}`] : []
    ),
    reports,
  );
});

Deno.test("what plays now is told at its beginning, and after a pause", () => {
  const told: string[] = [];
  let last: Playback | undefined;
  const look = (at: number, seen: Partial<Observation>) => {
    const { playback, events } = observe(
      last,
      { trackId: "t", durationMs: 180_000, ...seen },
      START + at * SECOND,
    );
    last = playback;
    for (const event of events) {
      if (event.kind === "now_playing") told.push(`${at}: ${event.positionMs}`);
    }
  };
  look(0, exact(() => 3)(0));
  look(10, exact(() => 13)(0));
  look(20, exact(() => 20, { state: "paused" })(0));
  look(90, exact(() => 25)(0));
  deepStrictEqual(told, ["0: 3000", "90: 25000"]);
  last = undefined;
  look(0, exact(() => 3, { state: "paused" })(0));
  equal(told.length, 2, "a paused player plays nothing now");
});
