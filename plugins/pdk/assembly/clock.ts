// The time, from WASI, which every host of plugins has.

@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(clock: u32, precision: u64, time: usize): u32;

const REALTIME: u32 = 0;

export namespace clock {
  /** Milliseconds since the Unix epoch. */
  export function nowMs(): i64 {
    const time = new StaticArray<u64>(1);
    const at = changetype<usize>(time);
    return clock_time_get(REALTIME, 1_000_000, at) == 0 ? <i64> (load<u64>(at) / 1_000_000) : 0;
  }

  /** Seconds since the Unix epoch. */
  export function now(): i64 {
    return nowMs() / 1000;
  }
}
