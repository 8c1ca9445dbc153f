/**
 * The shapes of what goes in and out, as JSON Schema that TypeScript can read: the same objects check requests, check
 * the answers a client gets, and stand in the OpenAPI document.
 *
 * @module
 */
import {
  Kind,
  type Static,
  type TObject,
  type TSchema,
  type TUnsafe,
  Type,
  TypeRegistry,
} from "@sinclair/typebox";
import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { Json as JsonValue } from "../manifest/mod.ts";

TypeRegistry.Set<{ readonly enum: readonly string[] }>(
  "OneOf",
  (schema, value) => schema.enum.some((word) => word === value),
);

/** One of these texts. */
export function oneOf<const Word extends string>(...words: readonly Word[]): TUnsafe<Word> {
  return Type.Unsafe({ [Kind]: "OneOf", type: "string", enum: words });
}

/** What a schema describes. */
export type Shape<Schema extends TSchema> = Static<Schema>;

const CLOSED = { additionalProperties: false } as const;

/** Whatever was read from JSON. */
const Json = Type.Unsafe<JsonValue>(Type.Unknown({ description: "Any JSON value" }));

const Code = Type.Unsafe<ErrorCode>({
  ...oneOf(...Object.keys(ERROR_CODES)),
  description: "Stable, for programs",
});

/** Permission keys a manifest can have. */
const PermissionKey = oneOf(
  "artwork",
  "cache",
  "config",
  "http",
  "kvstore",
  "library",
  "matcher",
  "preferences",
  "scheduler",
  "scrobbleRetriever",
  "storage",
  "subsonicapi",
  "taskqueue",
  "users",
  "websocket",
);

/** One fault of a document. */
export const Problem = Type.Object({
  path: Type.String({ description: "JSON path of the fault, $ at the root" }),
  found: Type.String(),
  wanted: Type.String(),
}, { $id: "Problem" });

/** Problem details (RFC 9457). */
export const ProblemDetails = Type.Object({
  type: Type.String({ description: "urn:soundproof:error:CODE" }),
  title: Type.String({ description: "What the code means" }),
  status: Type.Integer(),
  detail: Type.String({ description: "What was refused or failed, and why" }),
  code: Code,
  problems: Type.Array(Problem),
}, { $id: "ProblemDetails" });

const State = oneOf("running", "disabled", "failed", "waiting");

const Permission = Type.Object({ reason: Type.Optional(Type.String()) });
const NetworkPermission = Type.Object({
  ...Permission.properties,
  requiredHosts: Type.Optional(Type.Array(Type.String())),
  allowedUrls: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  allowLocalNetwork: Type.Boolean(),
  allowRedirects: Type.Boolean(),
});
const Permissions = Type.Partial(Type.Object({
  artwork: Permission,
  cache: Permission,
  config: Permission,
  http: NetworkPermission,
  kvstore: Type.Object({
    ...Permission.properties,
    maxSize: Type.Optional(Type.String()),
  }),
  library: Type.Object({ ...Permission.properties, filesystem: Type.Boolean() }),
  matcher: Permission,
  preferences: Permission,
  scheduler: Permission,
  scrobbleRetriever: Permission,
  storage: Permission,
  subsonicapi: Type.Object({
    ...Permission.properties,
    allowedUsernames: Type.Optional(Type.Array(Type.String())),
    allowAdmins: Type.Boolean(),
  }),
  taskqueue: Type.Object({ ...Permission.properties, maxConcurrency: Type.Number() }),
  users: Permission,
  websocket: NetworkPermission,
}));

const Manifest = Type.Object({
  dialect: oneOf("navidrome", "protobuf", "protobuf_on_extism", "first_design"),
  name: Type.String(),
  author: Type.String(),
  version: Type.String(),
  description: Type.Optional(Type.String()),
  website: Type.Optional(Type.String()),
  capabilities: Type.Optional(Type.Array(Type.String())),
  permissions: Permissions,
  hostFunctions: Type.Optional(Type.Array(Type.String())),
  config: Type.Optional(
    Type.Object({
      schema: Type.Record(Type.String(), Json, { description: "JSON Schema of the settings" }),
      uiSchema: Type.Optional(Type.Record(Type.String(), Json)),
    }),
  ),
});

const Name = Type.String({ minLength: 1, maxLength: 1_000 });
const Narrowing = Type.Object({
  hosts: Type.Optional(Type.Array(Name)),
  urls: Type.Optional(Type.Record(Type.String(), Type.Array(Name))),
}, CLOSED);
const Users = { description: "Whose data it gets" };
const Libraries = { description: "Which libraries it gets" };

/** What an administrator decides; the last three spell it as Navidrome does. */
export const Decision = Type.Object({
  without: Type.Optional(Type.Array(PermissionKey, { description: "Withheld altogether" })),
  http: Type.Optional(Narrowing),
  websocket: Type.Optional(Narrowing),
  localNetwork: Type.Optional(Type.Boolean()),
  addresses: Type.Optional(Type.Array(Name, { description: "Private addresses to open" })),
  users: Type.Optional(Type.Union([Type.Array(Name), Type.Literal("all")], Users)),
  libraries: Type.Optional(
    Type.Union([
      Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      Type.Literal("all"),
    ], Libraries),
  ),
  writeLibraries: Type.Optional(Type.Boolean()),
  allUsers: Type.Optional(Type.Boolean()),
  allLibraries: Type.Optional(Type.Boolean()),
  allowWriteAccess: Type.Optional(Type.Boolean()),
}, { ...CLOSED, $id: "Decision" });

/** A plugin. */
export const PluginSummary = Type.Object({
  id: Type.String(),
  state: State,
  kind: oneOf("file", "folder", "link"),
  path: Type.String(),
  sha256: Type.String({ description: "Of the package; empty where it could not be read" }),
  manifest: Type.Optional(Manifest),
  capabilities: Type.Array(oneOf(
    "Lifecycle",
    "Lyrics",
    "MetadataAgent",
    "Scheduler",
    "Scrobbler",
    "SonicSimilarity",
    "TaskWorker",
    "WebSocket",
  )),
  exports: Type.Array(Type.String()),
  openRules: Type.Array(Type.String()),
  error: Type.Optional(
    Type.Object({
      code: Code,
      message: Type.String(),
      problems: Type.Array(Problem),
    }),
  ),
  warnings: Type.Array(Problem),
  decision: Type.Optional(Decision),
  cells: Type.Integer({ description: "Alive now" }),
}, { $id: "PluginSummary" });

/** All plugins. */
export const PluginList = Type.Object({ plugins: Type.Array(PluginSummary) });

/** What a package asks for, beside what was approved. */
export const PackageReview = Type.Object({
  items: Type.Array(Type.Object({
    permission: PermissionKey,
    allows: Type.Array(Type.String()),
    reason: Type.String(),
    unusual: Type.Array(Type.String()),
    change: oneOf("new", "wider", "narrower", "same"),
    difference: Type.Array(Type.String()),
    withheld: Type.Boolean(),
  })),
  dropped: Type.Array(PermissionKey),
  functions: Type.Array(Type.String()),
  grows: Type.Boolean({ description: "Whether more is asked for than was approved" }),
  sha256: Type.String({ description: "Of the package that was read" }),
}, { $id: "PackageReview" });

/** Settings that apply. */
export const ConfigView = Type.Object({
  values: Type.Record(Type.String(), Json, { description: "*** stands for each secret" }),
  fixed: Type.Array(Type.String(), { description: "Set by the configuration file" }),
  definition: Type.Optional(
    Type.Object({
      schema: Type.Record(Type.String(), Json),
      uiSchema: Type.Optional(Type.Record(Type.String(), Json)),
    }),
  ),
}, { $id: "ConfigView" });

/** Settings to change. */
export const ConfigChanges = Type.Record(Type.String(), Json, {
  description: "By key; null takes a setting back, *** leaves a secret as it is",
  examples: [{ apiKey: "secret" }],
});

/** A line of the log. */
export const LogRecord = Type.Object({
  id: Type.Integer(),
  time: Type.String({ description: "ISO 8601" }),
  level: oneOf("trace", "debug", "info", "warn", "error"),
  plugin: Type.Optional(Type.String()),
  message: Type.String(),
}, { $id: "LogRecord" });

/** A decision, refusal or kill. */
export const AuditRecord = Type.Object({
  id: Type.Integer(),
  time: Type.Integer({ description: "Milliseconds since the Unix epoch" }),
  plugin: Type.String(),
  code: Type.String(),
  subject: Type.String(),
  reason: Type.String(),
}, { $id: "AuditRecord" });

/** A change of a plugin. */
export const HostEvent = Type.Object({
  id: Type.Integer(),
  time: Type.Integer({ description: "Milliseconds since the Unix epoch" }),
  plugin: Type.String(),
  kind: oneOf("installed", "updated", "removed", "state", "config"),
  state: Type.Optional(State),
}, { $id: "HostEvent" });

/** The records of each stream. */
export const STREAM_RECORDS = { log: LogRecord, audit: AuditRecord, event: HostEvent } as const;

/** Schemas that the document names once. */
export const NAMED: readonly TObject[] = [
  AuditRecord,
  ConfigView,
  Decision,
  HostEvent,
  LogRecord,
  PackageReview,
  PluginSummary,
  Problem,
  ProblemDetails,
];
