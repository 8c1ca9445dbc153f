import { errorText } from "../errors.ts";
import type { LogLevel } from "../cell/mod.ts";
import type { AuditEvent, AuditRecord, AuditTrail } from "../state/mod.ts";
import type { FollowOptions, HostEvent, LogRecord, Streams } from "./administration.ts";
import { Bell, follow } from "./follow.ts";
import type { LogEntry, LogSink, PluginLog } from "./log.ts";
import { RecordRing } from "./record_ring.ts";

/** What is kept of the log, and of events, for those who ask later. */
const LOG_LIMITS = { records: 10_000, characters: 4_000_000 };
const EVENT_LIMITS = { records: 1_000, characters: 1_000_000 };

/** What happened, for those who want to know: a log, an audit record, events, and counts of refusals. */
export class Chronicle {
  readonly #sink: LogSink;
  readonly #audit: AuditTrail;
  readonly #refusals = new Map<string, number>();
  readonly #log: RecordRing<LogRecord>;
  readonly #events: RecordRing<HostEvent>;
  readonly #bells = { log: new Bell(), audit: new Bell(), event: new Bell() };

  /** @param sink Takes log entries as they come. */
  constructor(sink: LogSink, audit: AuditTrail) {
    this.#sink = sink;
    this.#audit = audit;
    // From the time on: who has seen the records of an earlier process goes on with those of this one.
    const firstId = Date.now() * 1_000;
    const textOf = ({ message, plugin = "" }: LogRecord) => message.length + plugin.length + 50;
    this.#log = new RecordRing(LOG_LIMITS, textOf, firstId);
    this.#events = new RecordRing(EVENT_LIMITS, ({ plugin }) => plugin.length + 50, firstId);
  }

  /** How often something of the network was refused, by its code. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals;
  }

  /** Writes a line into the log; of or about a plugin, or of the host itself. */
  log(level: LogLevel, plugin: string | undefined, message: string): void {
    const time = new Date().toISOString();
    const entry: LogEntry = { time, level, ...(plugin !== undefined && { plugin }), message };
    this.#log.add({ ...entry, id: this.#log.nextId });
    this.#bells.log.ring();
    this.#sink(entry);
  }

  /** The log of one plugin. */
  logOf(plugin: string): PluginLog {
    return (level, message) => this.log(level, plugin, message);
  }

  /** Writes something into the audit record. */
  record(event: AuditEvent): void {
    try {
      this.#audit.add(event);
    } catch (thrown) {
      // A full disk is told; what was decided or refused stands nevertheless.
      this.log("error", event.plugin, `Cannot write audit record: ${errorText(thrown)}`);
      return;
    }
    this.#bells.audit.ring();
  }

  /** Counts a refusal of the network. */
  count(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  /** Writes a refusal into the audit record and into the plugin's log. */
  refused(event: AuditEvent): void {
    const { plugin, code, subject, reason } = event;
    this.record(event);
    this.log("warn", plugin || undefined, `${code}: ${subject}: ${reason}`);
  }

  /** Tells of a change. */
  tell(plugin: string, kind: HostEvent["kind"], state?: HostEvent["state"]): void {
    const time = Date.now();
    const id = this.#events.nextId;
    this.#events.add({ id, time, plugin, kind, ...(state !== undefined && { state }) });
    this.#bells.event.ring();
  }

  /** Audit records after one, of all plugins. */
  auditAfter(id: number, limit: number): AuditRecord[] {
    return this.#audit.after(id, limit);
  }

  /** Records of a stream, oldest first. */
  follow<Name extends keyof Streams>(
    stream: Name,
    options: FollowOptions = {},
  ): AsyncIterable<Streams[Name]> {
    return this.#followers[stream](options);
  }

  readonly #followers: {
    readonly [Name in keyof Streams]: (options: FollowOptions) => AsyncIterable<Streams[Name]>;
  } = {
    log: (options) =>
      follow((...question) => this.#log.after(...question), this.#bells.log, options),
    event: (options) =>
      follow((...question) => this.#events.after(...question), this.#bells.event, options),
    audit: (options) =>
      follow(
        (id, limit, plugin) => {
          const records = this.#audit.after(id, limit, plugin);
          return records.length === limit ? { records } : { records, until: id };
        },
        this.#bells.audit,
        options,
      ),
  };

  /** Ends all who follow. */
  close(): void {
    for (const bell of Object.values(this.#bells)) bell.silence();
  }
}
