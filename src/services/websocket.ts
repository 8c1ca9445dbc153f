/**
 * WebSocket connections of a plugin. Source: `extism-abi.md` 2.8.
 *
 * A connection has an id from the moment it is dialled, so two of one id cannot both come about; it is
 * usable from the moment it is open; the id is gone before the plugin's own close frame is sent, and
 * after the callback when the other side closed.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import { byteLength, checkId, randomId } from "./bytes.ts";
import { withDeadline } from "./deadline.ts";
import { canonicalName, headerFault } from "./headers.ts";
import { refusalText } from "./http.ts";
import {
  EgressError,
  type ServiceContext,
  ServiceError,
  type Socket,
  type SocketEvents,
} from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import { readUrl, type WrittenUrl } from "./url_text.ts";
import { closeText, isOrderlyClose } from "./websocket_close.ts";

const LIMIT_MS = 30_000;
/** How long a close may take. */
const CLOSE_MS = 5_000;
/** Headers that belong to the handshake. */
const HANDSHAKE = /^(Upgrade|Connection|Sec-Websocket-(Key|Version|Extensions))$/;

interface Connection {
  readonly id: string;
  /** Absent while it is dialled. */
  socket?: Socket;
}
interface Named {
  readonly connectionId: string;
}
type Context = Pick<
  ServiceContext,
  "callGuest" | "clock" | "egress" | "exports" | "generation" | "limits" | "log"
>;

const encoder = new TextEncoder();

/** No connection has this id. */
export class UnknownConnection extends ServiceError {
  constructor(id: string) {
    super(`connection ID ${JSON.stringify(id)} not found`);
  }
}

/** Answers the `websocket_*` functions and calls the plugin back. */
export class WebSockets implements ServiceMethods<"websocket"> {
  readonly #context: Context;
  readonly #connections = new Map<string, Connection>();
  readonly #ended = new AbortController();
  /** Connections that are dialled and have no place yet. */
  #replacing = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  async connect(
    { url, headers, connectionId }: Named & {
      readonly url: string;
      readonly headers: ReadonlyMap<string, string>;
    },
    signal: AbortSignal,
  ): Promise<{ newConnectionId: string }> {
    const written = readSocketUrl(url);
    checkId("connection", connectionId);
    const id = connectionId === "" ? randomId() : connectionId;
    if (this.#connections.has(id)) {
      throw new ServiceError(`connection ID ${JSON.stringify(id)} already exists`);
    }
    const connection: Connection = { id };
    this.#checkDial(written, headers);
    this.#connections.set(id, connection);
    try {
      connection.socket = await this.#dial(connection, url, headers, signal);
    } catch (error) {
      this.#forget(connection);
      throw new ServiceError(connectText(error, written));
    }
    return { newConnectionId: id };
  }

  /**
   * Opens a connection in the place of the one that has its id, if any; that one stays where the new one fails.
   *
   * @throws {ServiceError} where it is not dialled at all, and as {@link Egress.connect} does.
   */
  async replace(
    { url, headers, connectionId: id }: Named & {
      readonly url: string;
      readonly headers: ReadonlyMap<string, string>;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const written = readSocketUrl(url);
    checkId("connection", id);
    this.#checkDial(written, headers);
    const connection: Connection = { id };
    this.#replacing++;
    try {
      connection.socket = await this.#dial(connection, url, headers, signal);
    } finally {
      this.#replacing--;
    }
    const replaced = this.#connections.get(id);
    this.#connections.set(id, connection);
    if (replaced?.socket !== undefined) await this.#closeSocket(replaced.socket, 1000, "");
  }

  sendText(
    { connectionId, message }: Named & { readonly message: string },
  ): Promise<Record<string, never>> {
    return this.#send("text", connectionId, message);
  }

  sendBinary(
    { connectionId, data }: Named & { readonly data: Uint8Array },
  ): Promise<Record<string, never>> {
    return this.#send("binary", connectionId, data);
  }

  /** Sends a message. @throws {UnknownConnection} or why it could not be sent. */
  async post(connectionId: string, message: string | Uint8Array): Promise<void> {
    const { socket } = this.#open(connectionId);
    const { messageBytes } = this.#context.limits;
    const bytes = typeof message === "string" ? byteLength(message) : message.length;
    if (bytes > messageBytes) {
      throw new RangeError(`message size ${bytes} exceeds maximum of ${messageBytes} bytes`);
    }
    await socket.send(message);
  }

  /** The plugin is called back before this answers, on an instance of its own. */
  async closeConnection(
    { connectionId, code, reason }: Named & { readonly code: number; readonly reason: string },
    signal: AbortSignal,
  ): Promise<Record<string, never>> {
    await this.end(connectionId, code, reason);
    await this.#callback("close", { connectionId, code, reason }, signal);
    return {};
  }

  /** Closes a connection, and calls nobody back. @throws {UnknownConnection} */
  async end(connectionId: string, code: number, reason: string): Promise<void> {
    const { connection, socket } = this.#open(connectionId);
    this.#forget(connection);
    await this.#closeSocket(socket, code, reason);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    const open = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(
      open.map(({ socket }) => socket && this.#closeSocket(socket, 1001, "plugin unloaded")),
    );
  }

  #checkDial(url: WrittenUrl, headers: ReadonlyMap<string, string>): void {
    const { connections } = this.#context.limits;
    const fail = (cause: string): ServiceError => new ServiceError(`failed to connect: ${cause}`);
    if (this.#ended.signal.aborted) throw fail("plugin unloaded");
    if (this.#connections.size + this.#replacing >= connections) {
      throw fail(`maximum of ${connections} connections reached`);
    }
    if (url.hasCredentials) throw fail("malformed ws or wss URL");
    for (const name of headers.keys()) {
      const canonical = canonicalName(name);
      if (HANDSHAKE.test(canonical)) {
        throw fail(`websocket: duplicate header not allowed: ${canonical}`);
      }
    }
    const wrong = headerFault(headers);
    if (wrong !== undefined) throw fail(wrong);
  }

  #dial(
    connection: Connection,
    url: string,
    headers: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Socket> {
    const { clock, egress, limits } = this.#context;
    if (egress === undefined) throw new EgressError("transport", "network is not available");
    const maxMessageBytes = limits.messageBytes;
    return withDeadline(clock, LIMIT_MS, [signal, this.#ended.signal], async (until) => {
      const socket = await egress.connect(
        { url, headers, maxMessageBytes },
        this.#events(connection),
        until,
      );
      // Nobody waits any more, so nobody would ever close it.
      if (until.aborted) await this.#closeSocket(socket, 1001, "");
      return socket;
    });
  }

  /** One event after another: the next frame is looked at when the callback for the last has returned. */
  #events(connection: Connection): SocketEvents {
    const { id: connectionId } = connection;
    let last: Promise<void> = Promise.resolve();
    const inOrder = (callback: () => Promise<void>): Promise<void> => {
      last = last.then(() => this.#isKnown(connection) ? callback() : undefined);
      return last;
    };
    return {
      text: (message) => inOrder(() => this.#callback("text_message", { connectionId, message })),
      binary: (data) =>
        inOrder(() => this.#callback("binary_message", { connectionId, data: data.toBase64() })),
      closed: (code, reason) =>
        inOrder(async () => {
          await (this.#isClose(code)
            ? this.#callback("close", { connectionId, code: this.#toldCode(code), reason })
            : this.#callback("error", { connectionId, error: closeText(code, reason) }));
          this.#forget(connection);
        }),
    };
  }

  async #send(
    kind: "text" | "binary",
    id: string,
    message: string | Uint8Array,
  ): Promise<Record<string, never>> {
    try {
      await this.post(id, message);
    } catch (error) {
      if (error instanceof UnknownConnection) throw error;
      throw new ServiceError(`failed to send ${kind} message: ${errorText(error)}`);
    }
    return {};
  }

  /** The older generation is told of every close frame as of a close, as it was documented (5.7, 8.5). */
  #isClose(code: number): boolean {
    return this.#context.generation === "protobuf" ? code !== 1006 : isOrderlyClose(code);
  }

  #toldCode(code: number): number {
    return this.#context.generation === "protobuf" && code === 1005 ? 1000 : code;
  }

  #open(id: string): { readonly connection: Connection; readonly socket: Socket } {
    const connection = this.#connections.get(id);
    if (connection?.socket === undefined) {
      throw new UnknownConnection(id);
    }
    return { connection, socket: connection.socket };
  }

  #isKnown(connection: Connection): boolean {
    return this.#connections.get(connection.id) === connection;
  }

  /** Leaves a newer connection of the same id alone. */
  #forget(connection: Connection): void {
    if (this.#isKnown(connection)) this.#connections.delete(connection.id);
  }

  async #closeSocket(socket: Socket, code: number, reason: string): Promise<void> {
    try {
      const work = async (): Promise<void> => await socket.close(code, reason);
      await withDeadline(this.#context.clock, CLOSE_MS, [], work);
    } catch (error) {
      this.#context.log("debug", `closing WebSocket: ${errorText(error)}`);
    }
  }

  /** Calls the plugin. A callback it does not export is an event that is dropped. */
  async #callback(event: string, input: object, inside?: AbortSignal): Promise<void> {
    const { callGuest, clock, exports, log } = this.#context;
    const name = `nd_websocket_on_${event}`;
    if (!exports.has(name)) return;
    try {
      const bytes = encoder.encode(JSON.stringify(input));
      await withDeadline(
        clock,
        LIMIT_MS,
        [this.#ended.signal],
        (signal) => callGuest(name, bytes, signal, inside),
      );
    } catch (error) {
      log("error", `${name}: ${errorText(error)}`);
    }
  }
}

function readSocketUrl(url: string): WrittenUrl {
  return readUrl(url, ["ws", "wss"], () => "invalid URL scheme: must be ws:// or wss://");
}

function connectText(error: unknown, url: WrittenUrl): string {
  if (error instanceof EgressError) {
    // Upstream has one text here, for private addresses as well.
    if (error.fault === "host" || error.fault === "private") {
      return refusalText("host", url.text, url);
    }
    if (error.fault === "rule") return error.message;
  }
  return `failed to connect: ${errorText(error)}`;
}
