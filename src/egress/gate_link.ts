/**
 * A gate's worker as the host sees it: started, spoken to, ended.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import {
  type FromWorker,
  type GateStart,
  parseFromWorker,
  type ToWorker,
} from "./gate_protocol.ts";
import { denoNetList } from "./deno_net_list.ts";
import { compileUrlRules } from "./url_rules.ts";

/** What a link tells its gate. */
export interface LinkEvents {
  /** A message that has one of the known shapes; returns what is wrong with it, if anything. */
  onMessage(message: FromWorker): string | undefined;
  /** The worker crashed or misbehaved, and is gone. Not called after {@link GateLink.end}. */
  onLost(reason: string): void;
}

/** One run of a gate's worker. */
export class GateLink {
  readonly #worker: Worker;
  readonly #events: LinkEvents;
  #ended = false;

  /**
   * Starts a worker. Throws `egress.transport` when the host's own permissions do not cover those the
   * worker needs: a worker cannot have more than the process.
   */
  constructor(url: URL, start: GateStart, events: LinkEvents) {
    this.#events = events;
    try {
      this.#worker = new Worker(url, {
        type: "module",
        name: "gate",
        deno: { permissions: gatePermissions(start) },
      });
    } catch (thrown) {
      const text = `Cannot start the gate: ${errorText(thrown)}`;
      throw new SoundproofError("egress.transport", text, { cause: thrown });
    }
    this.#worker.onmessage = ({ data }) => {
      if (this.#ended) return;
      const message = parseFromWorker(data);
      const fault = message === undefined
        ? "it sent a message of no known shape"
        : events.onMessage(message);
      if (fault !== undefined) this.lose(fault);
    };
    this.#worker.onmessageerror = () => this.lose("it sent a message that cannot be read");
    this.#worker.onerror = (event) => {
      // Without this the error would end the whole process.
      event.preventDefault();
      this.lose(event.message);
    };
    this.post({ kind: "start", start });
  }

  /** Sends a message; bytes are copied, never shared. */
  post(message: ToWorker): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  /** Ends a worker that cannot be trusted any more, and says so. */
  lose(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#events.onLost(reason);
  }

  /** Ends the worker and its connections. */
  end(): void {
    this.#ended = true;
    this.#worker.terminate();
  }
}

/** `net` for the declared hosts and the gateway, nothing else. */
function gatePermissions(start: GateStart): Deno.PermissionOptionsObject {
  const { port } = start.gateway;
  const lists = [start.rules.http, start.rules.websocket]
    .filter((rules) => rules !== undefined)
    .map((rules) => denoNetList(compileUrlRules(rules), port).net);
  const names = lists.flatMap((net) => net === true ? [] : net).filter((name) => !isDenied(name));
  return {
    // Where any host is allowed, what the process itself may reach, with its deny rules.
    net: lists.includes(true) ? "inherit" : [...new Set([...names, `127.0.0.1:${port}`])],
    env: false,
    ffi: false,
    import: false,
    read: false,
    run: false,
    sys: false,
    write: false,
  };
}

/**
 * Whether a deny rule of the process covers an address. Deno starts no worker that asks for one; without
 * it the rest of a plugin's hosts work, and that address is refused like any that was not declared.
 */
function isDenied(entry: string): boolean {
  if (!/^(?:\[[^\]]+\]|\d+(?:\.\d+){3})(?::\d+)?$/.test(entry)) return false;
  return Deno.permissions.querySync({ name: "net", host: entry }).state === "denied";
}
