/**
 * What a plugin's author declares, read from any of the four dialects into one type.
 *
 * @module
 */

/** Which generation of manifest a document was written in. */
export type Dialect = "navidrome" | "protobuf" | "protobuf_on_extism" | "first_design";

/** A declared permission. Its presence asks; `reason` is what the author tells the administrator. */
export interface Permission {
  /** What the author tells the administrator it is for. */
  readonly reason?: string;
}

/** Rules on where a plugin may connect. */
export interface NetworkPermission extends Permission {
  /**
   * Host patterns (`example.com`, `*.example.com`, `*`): any port, path and method. Absent where the
   * manifest has none; an empty list of the `http` permission means any public host.
   */
  readonly requiredHosts?: readonly string[];
  /** URL patterns and the methods allowed for each (`*` for any). WebSocket rules have `["*"]`. */
  readonly allowedUrls?: Readonly<Record<string, readonly string[]>>;
  /** Whether the author asks for private and loopback addresses. */
  readonly allowLocalNetwork: boolean;
  /** Whether redirects are followed (the first design can say no). */
  readonly allowRedirects: boolean;
}

/** Access to the server's libraries. */
export interface LibraryPermission extends Permission {
  /** Whether library folders are mounted at `/libraries/<id>`. */
  readonly filesystem: boolean;
}

/** A key-value store of the plugin's own. */
export interface KvstorePermission extends Permission {
  /** Upper bound on stored bytes as declared, such as `1MB`; absent for the default of 1 MiB. */
  readonly maxSize?: string;
}

/** Durable task queues. */
export interface TaskqueuePermission extends Permission {
  /** Tasks that may run at once over all queues of the plugin; at least 1. */
  readonly maxConcurrency: number;
}

/** Calls to the music server's Subsonic API. */
export interface SubsonicapiPermission extends Permission {
  /** User names the plugin may act as; absent for whichever the administrator assigns. */
  readonly allowedUsernames?: readonly string[];
  /**
   * Whether administrators may be among them. The protobuf generation and the first design declare it, default
   * false; on Extism modules true unless written, as there administrators need assignment like anyone else.
   */
  readonly allowAdmins: boolean;
}

/** Everything a manifest can ask for, by permission key. Absent means not asked. */
export interface Permissions {
  /** Addresses of cover art. */
  readonly artwork?: Permission;
  /** A cache in memory. */
  readonly cache?: Permission;
  /** Reading its own settings (protobuf generation; elsewhere no permission is needed). */
  readonly config?: Permission;
  /** Requests to HTTP servers. */
  readonly http?: NetworkPermission;
  /** A durable key-value store. */
  readonly kvstore?: KvstorePermission;
  /** The server's libraries. */
  readonly library?: LibraryPermission;
  /** Finding songs in the libraries. */
  readonly matcher?: Permission;
  /** A user's values for this plugin (the first design, and ours). */
  readonly preferences?: Permission;
  /** Being called at set times. */
  readonly scheduler?: Permission;
  /** Reading what users played. */
  readonly scrobbleRetriever?: Permission;
  /** A folder of its own, mounted at `/storage`. */
  readonly storage?: Permission;
  /** Calls to the server's Subsonic API. */
  readonly subsonicapi?: SubsonicapiPermission;
  /** Durable queues of tasks. */
  readonly taskqueue?: TaskqueuePermission;
  /** The server's users. */
  readonly users?: Permission;
  /** Web sockets it opens. */
  readonly websocket?: NetworkPermission;
}

/** A permission key that exists. */
export type PermissionKey = keyof Permissions;

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The settings a plugin takes. */
export interface ConfigDefinition {
  /** JSON Schema of the settings object. */
  readonly schema: { readonly [key: string]: Json };
  /** JSONForms layout; not looked at by the host. */
  readonly uiSchema?: { readonly [key: string]: Json };
}

/** What an author declares about a plugin. */
export interface Manifest {
  /** Which rules the document was read by. */
  readonly dialect: Dialect;
  /** Display name; never the plugin's id. */
  readonly name: string;
  /** Who wrote it; shown, never trusted. */
  readonly author: string;
  /** The plugin's version; any text. */
  readonly version: string;
  /** What it does; may have line breaks. */
  readonly description?: string;
  /** Where it comes from; any text, not checked to be a URL. */
  readonly website?: string;
  /** Capabilities as declared by dialects that declare them; Navidrome's finds them from exports. */
  readonly capabilities?: readonly string[];
  /** What it asks for. */
  readonly permissions: Permissions;
  /** Host functions the first design lists one by one; absent where a permission brings all of its. */
  readonly hostFunctions?: readonly string[];
  /** The settings it takes. */
  readonly config?: ConfigDefinition;
}
