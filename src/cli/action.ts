import type { TokenScope } from "../state/mod.ts";

/** An installed plugin, or a package that need not be. */
export type Subject = { readonly id: string } | { readonly path: string };

/** Where a package comes from: a file or folder here, or an `https` URL. */
export type PackageSource = { readonly path: string } | { readonly url: string };

/** Where the input of a call comes from. */
export type InputSource =
  | { readonly from: "nothing" }
  | { readonly from: "argument"; readonly json: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "stdin" };

/** One change of a setting, as typed; the text of a file is taken without the line break at its end. */
export type SettingChange =
  | { readonly key: string; readonly to: "text"; readonly text: string }
  | { readonly key: string; readonly to: "file"; readonly path: string }
  | { readonly key: string; readonly to: "default" };

/**
 * A decision as it is typed. What is absent stays as it was decided before. Hosts and methods become rules once the manifest
 * is known, see `narrowing.ts`.
 */
export interface DecisionWords {
  readonly users?: readonly string[] | "all";
  readonly libraries?: readonly number[] | "all";
  readonly writeLibraries?: boolean;
  readonly without?: readonly string[];
  readonly hosts?: readonly string[] | "all";
  readonly methods?: readonly string[];
  readonly localNetwork?: boolean;
  readonly addresses?: readonly string[];
}

/** What each command of the table is told to do, by its kind. Paths are as typed; `-` is stdin. */
export interface ActionFields {
  readonly list: NoFields;
  readonly info: { readonly subject: Subject };
  readonly validate: { readonly subject: Subject };
  readonly install: {
    readonly source: PackageSource;
    readonly id?: string;
    readonly sha256?: string;
    readonly enable: boolean;
    readonly decision: DecisionWords;
    readonly yes: boolean;
  };
  readonly update: {
    readonly id: string;
    readonly source: PackageSource;
    readonly sha256?: string;
    readonly decision: DecisionWords;
    readonly yes: boolean;
  };
  readonly rollback: { readonly id: string };
  readonly remove: { readonly id: string; readonly deleteData: boolean };
  readonly enable: DecisionAbout;
  readonly approve: DecisionAbout;
  readonly disable: { readonly id: string };
  readonly revoke: { readonly id: string };
  readonly refresh: { readonly id: string };
  readonly rescan: NoFields;
  readonly "config-get": { readonly id: string; readonly key?: string };
  readonly "config-set": {
    readonly id: string;
    readonly changes: readonly SettingChange[];
    /** A file with a JSON object of settings. */
    readonly file?: string;
  };
  readonly "config-template": { readonly subject: Subject };
  readonly call: {
    readonly id: string;
    readonly exportName: string;
    readonly input: InputSource;
    readonly timeoutMs?: number;
  };
  readonly logs: Following;
  readonly audit: Following;
  readonly functions: NoFields;
  readonly new: AuthorFields & { readonly template?: string };
  readonly test: AuthorFields;
  readonly dev: { readonly folder: string; readonly id?: string; readonly yes: boolean };
  readonly pack: { readonly folder: string; readonly out?: string };
  readonly doctor: NoFields;
  readonly "token-create": { readonly name: string; readonly scopes: readonly TokenScope[] };
  readonly "token-list": NoFields;
  readonly "token-revoke": { readonly name: string };
}

/** Nothing to be told. */
export type NoFields = Readonly<Record<never, never>>;

/** A decision about a plugin. */
export interface DecisionAbout {
  readonly id: string;
  readonly decision: DecisionWords;
  readonly yes: boolean;
}

/** A plugin in the making. */
export interface AuthorFields {
  /** As typed: a name, or a path. */
  readonly name: string;
  /** The folder that this is; the launcher says it to the process that it starts. */
  readonly folder?: string;
}

/** Which records of a stream. */
export interface Following {
  readonly id?: string;
  readonly follow: boolean;
}

/** The name of what a command does. */
export type ActionKind = keyof ActionFields;

/** The action of one kind, or one of several. */
export type ActionOf<Kind extends ActionKind> = {
  [K in Kind]: { readonly kind: K } & ActionFields[K];
}[Kind];

/** What a command of the table is told to do. */
export type Action = ActionOf<ActionKind>;
