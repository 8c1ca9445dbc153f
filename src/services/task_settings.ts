/**
 * The numbers of task queues: defaults and bounds of a queue's settings. Source: `extism-abi.md` 2.7.
 *
 * @module
 */

/** Bounds that no queue can change. */
export const TASK_NUMBERS = {
  maxNameBytes: 128,
  maxPayloadBytes: 1_048_576,
  /** More of a task's message than this is cut off. Ours: upstream has no bound. */
  maxMessageBytes: 65_536,
  maxBackoffMs: 3_600_000,
  /** How long a queue waits at most before it looks for due tasks again. */
  pollMs: 5_000,
  cleanupMs: 5 * 60_000,
  /** How long unloading waits for tasks that run. */
  closeMs: 10_000,
} as const;

/** The settings of a queue, with defaults filled in and clamped. */
export interface QueueSettings {
  readonly concurrency: number;
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
}

/**
 * Fills in what is zero or negative, and clamps.
 *
 * @param available What the plugin's budget still allows; at least 1.
 */
export function queueSettings(
  config: {
    readonly concurrency: number;
    readonly maxRetries: number;
    readonly backoffMs: bigint;
    readonly delayMs: bigint;
    readonly retentionMs: bigint;
  },
  available: number,
): QueueSettings {
  const orDefault = (value: bigint | number, other: number): number =>
    value > 0 ? Number(value) : other;
  return {
    concurrency: Math.min(orDefault(config.concurrency, 1), available),
    maxRetries: orDefault(config.maxRetries, 0),
    // A larger one would be cut to the longest backoff in every case.
    backoffMs: Math.min(orDefault(config.backoffMs, 1000), TASK_NUMBERS.maxBackoffMs),
    // No spacing longer than the longest retention has a use; it also keeps times exact integers.
    delayMs: Math.min(orDefault(config.delayMs, 0), 604_800_000),
    retentionMs: Math.min(Math.max(orDefault(config.retentionMs, 3_600_000), 60_000), 604_800_000),
  };
}
