/**
 * The one error type of Soundproof, and the list of its codes.
 *
 * Texts follow one rule: *Cannot do what: state*, upper case first, no full stop, values in quotes.
 * The README's table of codes is checked against {@link ERROR_CODES} by a test.
 *
 * @module
 */

/** Every code an error of Soundproof can carry, with what it means. */
export const ERROR_CODES = {
  "api.address_in_use": "The address to listen on is taken, or cannot be used",
  "api.answer_invalid": "A running service answered what its client does not understand",
  "api.body_incomplete": "The request's body broke off",
  "api.body_invalid": "The request's body is not what the path takes",
  "api.body_timeout": "The request's body came too slowly",
  "api.body_too_large": "The request's body is longer than the service takes",
  "api.busy": "Too much is under way, over all or of this token; try again later",
  "api.host_refused": "The request's `Host` is not a name of this service (DNS rebinding)",
  "api.internal": "A fault inside the service; its log has more",
  "api.method_not_allowed": "The path exists, but not with this method",
  "api.not_found": "No such path",
  "api.origin_refused": "The request comes from a web page of another origin",
  "api.query_invalid": "A query parameter is not valid",
  "api.scope_missing": "The token is good for other things than the path",
  "api.token_exposed": "The token file can be read by others, so its token is not used",
  "api.token_invalid": "The token file does not hold a token",
  "api.too_many_failures": "Too many requests from this address had no valid token",
  "api.unauthorized": "The request has no valid bearer token",
  "api.unreachable": "The running service cannot be reached",
  "call.cancelled": "The caller gave up before the plugin had answered",
  "cli.cases_invalid": "Test cases of a plugin are not of the form that they must have",
  "cli.data_missing": "The data folder does not exist",
  "cli.declined":
    "The answer to a question was not yes, or nobody could be asked; nothing was done",
  "cli.deno_too_old": "This Deno is older than the oldest one that Soundproof supports",
  "cli.file_unwritable": "A file that a command makes cannot be written",
  "cli.input_invalid": "A file or stdin that a command takes cannot be read, or is not JSON",
  "cli.link_refused": "A folder cannot be linked into the plugins folder",
  "cli.path_taken": "Something is already where a command was to make a folder",
  "cli.path_unusable": "A path cannot be said in Deno's permission lists",
  "cli.service_missing": "The command needs a service that runs on the data folder",
  "cli.setting_missing": "A setting of a plugin is not set, and has no default",
  "cli.usage": "The command line is not understood; exit code 2",
  "config.fixed": "The configuration file sets a setting, so that it can be changed only there",
  "config.invalid":
    "Settings are not what the plugin's manifest takes; `problems` lists each field",
  "configuration.invalid":
    "The configuration file cannot be read, or a value given for it is wrong",
  "egress.address_refused": "A host is, or resolves to, an address that a plugin may not reach",
  "egress.body_too_large":
    "A request's body, or a response's once decompressed, is larger than its limit",
  "egress.busy": "A plugin has too many requests, sockets or bytes under way",
  "egress.byte_limit": "A plugin has sent or received as many bytes as it may in an hour",
  "egress.cancelled": "The caller gave up, or the plugin was unloaded",
  "egress.close_refused": "A WebSocket close code or reason that cannot be sent",
  "egress.connect_failed": "No address of a host could be connected to",
  "egress.connection_limit": "A plugin has as many connections open as it may",
  "egress.credentials": "A client of the gateway showed no credentials, or wrong ones",
  "egress.handshake_timeout": "A client of the gateway, or the host it asked for, was too slow",
  "egress.header_refused": "A request header that may not be sent",
  "egress.host_not_allowed": "No rule of the plugin covers a host and port",
  "egress.malformed": "A client of the gateway sent what is no SOCKS5 CONNECT request",
  "egress.message_too_large": "A WebSocket message is larger than its limit",
  "egress.method_not_allowed": "The rule that covers a URL does not allow the method",
  "egress.own_address": "A plugin asked for an address the host itself listens on",
  "egress.rate_limit": "A plugin asked for more requests or connections in a minute than it may",
  "egress.redirect_refused": "A redirect leads where the plugin may not go",
  "egress.resolution_failed": "A host name has no address, or none was found in time",
  "egress.response_headers_too_large": "A response has too many or too large headers",
  "egress.scheme_not_allowed": "A URL is not of http, https, ws or wss",
  "egress.socket_closed": "The WebSocket is closed",
  "egress.timeout": "No full answer within the time limit",
  "egress.too_many_redirects": "A chain of redirects is longer than its limit",
  "egress.transport": "A connection, TLS or protocol fault",
  "egress.url_not_allowed": "No rule of the plugin covers a URL",
  "grant.invalid": "An administrator granted what the manifest does not ask for",
  "guest.deadline": "The plugin did not answer within its deadline and was stopped",
  "guest.error": "The plugin reported an error of its own",
  "guest.exit": "The plugin left with `proc_exit` and a code other than 0",
  "guest.exit_code": "The plugin's export returned a code other than 0 and left no error text",
  "guest.export_type": "The export is no function without parameters that returns at most one i32",
  "guest.export_unknown": "The plugin has no export of this name",
  "guest.input_invalid": "The input of a call is not what the export takes",
  "guest.lost": "The cell that ran the call was lost",
  "guest.not_implemented": "The plugin has the export but does not implement it",
  "guest.output_invalid": "The plugin's answer is not of the shape its export promises",
  "guest.trap": "The plugin trapped",
  "host.flags_missing": "Deno was started without a flag that a wall needs",
  "manifest.config_invalid": "Settings of a plugin cannot be read or are too large",
  "manifest.invalid": "A manifest is not valid; `problems` lists each fault with its JSON path",
  "module.compile_timeout": "A module took too long to compile",
  "module.export_refused":
    "A module exports a function of its ABI with another type than the ABI's",
  "module.feature": "A module uses what is newer than WebAssembly 2.0",
  "module.import_refused": "A module imports what does not exist or was not granted",
  "module.limit": "A module has more of something than is admitted",
  "module.malformed": "The bytes are not a WebAssembly module",
  "module.memory": "A module starts with more memory than the plugin may have",
  "module.too_large": "A module is larger than is admitted",
  "package.archive_invalid":
    "A package is not a zip archive, or one that could be read in two ways",
  "package.bomb": "A file in a package unpacks to far more bytes than it was packed in",
  "package.download_failed": "A package did not come: no answer, an error, or too slow",
  "package.download_refused":
    "The URL of a package, or one it redirects to, is one that is not followed",
  "package.duplicate_entry":
    "Two entries of a package have one name, letter case and Unicode form aside",
  "package.encrypted": "An entry of a package is encrypted",
  "package.file_missing": "A package lacks `manifest.json` or `plugin.wasm`",
  "package.hash_mismatch": "A package does not have the SHA-256 that it must have",
  "package.id_invalid": "A name in the plugins folder cannot be a plugin id",
  "package.id_taken": "Two packages have the same plugin id",
  "package.name_refused": "An entry of a package has a name that is dangerous on some system",
  "package.not_written": "A package cannot be put into the plugins folder, or taken out of it",
  "package.symlink": "An entry of a package is a link or a special file",
  "package.too_large": "A package, or a file in it, is larger than is read",
  "package.unreadable": "A package cannot be read",
  "plugin.build_failed": "A plugin's package cannot be built from its sources",
  "plugin.changed": "A package is not the one that was enabled, or decided on",
  "plugin.exists": "A plugin has this id already",
  "plugin.no_previous": "No version before this one is kept of the plugin",
  "plugin.not_replaceable": "A package is a folder or a link: no version can take its place",
  "plugin.left_alone": "The plugin keeps failing, and is left alone for a while",
  "plugin.not_running": "The plugin is not enabled, or could not be loaded",
  "plugin.switched_off": "The configuration keeps the plugin from running",
  "plugin.unknown": "No plugin has this id",
  "pool.cells_lost": "Too many cells of the plugin did not come back from their deadline",
  "pool.closed": "The plugin is being unloaded",
  "pool.queue_deadline": "No cell was free in time",
  "pool.queue_full": "Too many calls wait for the plugin already",
  "scrobbles.invalid": "A play lacks what a scrobble needs, or is too large",
  "scrobbles.queue_full": "Too many plays of a user wait for a plugin already",
  "scrobbles.unknown": "No play in the list of those that failed has this id",
  "services.call_failed":
    "A host function of the older generation failed where all it can do is end the guest's call",
  "services.function_missing": "A host function is in the table but no service answers it",
  "services.function_unknown": "A guest called a host function that does not exist for its plugin",
  "services.server_part_missing":
    "A permission needs something of the music server that it does not offer",
  "services.unavailable": "A host service could not be made when its plugin was loaded",
  "sidecar.server_failed": "The music server could not be asked about what it said is playing",
  "sidecar.server_missing": "No music server that speaks the Subsonic API is configured",
  "sidecar.track_unknown": "The music server does not know a track that it said is playing",
  "token.name_invalid": "A token of the API cannot have this name",
  "token.name_taken": "A token of the API that holds has this name",
  "token.revoked": "A token of the API was revoked, and cannot be used again",
  "token.too_many": "As many tokens of the API hold as can",
  "token.unknown": "No token of the API that holds has this name",
  "state.locked": "Another process, or another host in this one, uses the data folder",
} as const;

/** A stable, dotted name of what went wrong; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** One fault in a document, where it is, what stands there and what is wanted. */
export interface Problem {
  /** JSON path of the fault, `$` at the root, such as `$.permissions.http.requiredHosts[0]`. */
  readonly path: string;
  /** What was found there, shortened. */
  readonly found: string;
  /** What is wanted there. */
  readonly wanted: string;
}

/** Options of {@link SoundproofError}. */
export interface SoundproofErrorOptions extends ErrorOptions {
  /** The single faults, where the error is about a document. */
  readonly problems?: readonly Problem[];
  /** The plugin's own words, where the error is about what a plugin did. */
  readonly detail?: string;
}

/** A refusal or fault with a stable code, for programs, and a sentence, for people. */
export class SoundproofError extends Error {
  /** Always `SoundproofError`. */
  override readonly name = "SoundproofError";
  /** What kind of refusal or fault this is. */
  readonly code: ErrorCode;
  /** The single faults of a document; empty for other errors. */
  readonly problems: readonly Problem[];
  /** The plugin's own words, where the error is about what a plugin did; empty for other errors. */
  readonly detail: string;

  /** Makes an error; `message` is a sentence by the rule above. */
  constructor(code: ErrorCode, message: string, options: SoundproofErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.problems = options.problems ?? [];
    this.detail = options.detail ?? "";
  }
}

/** The text of anything that was thrown, an error or not. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
