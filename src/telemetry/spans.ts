import { context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { errorText } from "../errors.ts";
import { SCOPE } from "./instruments.ts";

/** A piece of work that has begun, and what is done within it. */
export class WorkSpan {
  readonly #span: Span;

  private constructor(span: Span) {
    this.#span = span;
  }

  /**
   * Begins a piece of work: within `parent`, or within what the runtime says is going on, such as a request to the API.
   *
   * @param attributes By OpenTelemetry's semantic conventions where these have a name.
   */
  static begin(
    name: string,
    attributes: Readonly<Record<string, string>>,
    { parent, kind = "internal" }: {
      readonly parent?: WorkSpan;
      readonly kind?: "internal" | "client";
    } = {},
  ): WorkSpan {
    const around = parent === undefined
      ? context.active()
      : trace.setSpan(context.active(), parent.#span);
    const spanKind = kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL;
    return new WorkSpan(
      trace.getTracer(SCOPE).startSpan(name, { attributes, kind: spanKind }, around),
    );
  }

  /** Does something within it and ends it: what begins in there without a parent of its own is part of this. */
  around<T>(work: () => T | Promise<T>): T | Promise<T> {
    let result: T | Promise<T>;
    try {
      result = context.with(trace.setSpan(context.active(), this.#span), work);
    } catch (thrown) {
      this.end(errorText(thrown));
      throw thrown;
    }
    if (!(result instanceof Promise)) return this.end(), result;
    result.then(() => this.end(), (thrown) => this.end(errorText(thrown)));
    return result;
  }

  /** Ends it. @param fault A code or text of what went wrong; absent where nothing did. */
  end(fault?: string): void {
    if (fault !== undefined) {
      this.#span.setAttribute("error.type", fault);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
    }
    this.#span.end();
  }
}
