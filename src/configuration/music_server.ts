/** A music server that plugins are to see. Paths are as written: relative to the file's own folder, or absolute. */
export type MusicServerConfiguration =
  & {
    /** `LibraryPaths`: where the folders of its libraries are, by their ids. */
    readonly libraryPaths: ReadonlyMap<number, string>;
    /** `WritableLibraries`: those whose folders the process may write at all. */
    readonly writableLibraries: readonly number[];
  }
  & (
    | { readonly kind: "memory"; readonly library: string }
    | {
      readonly kind: "subsonic";
      readonly url: string;
      readonly username: string;
      readonly password: { readonly file: string } | { readonly env: string };
      readonly userHeader?: string;
      /** `Users`: those that are asked about by name. */
      readonly usernames: readonly string[];
      readonly formPost: boolean;
      /** `Watch`: whether the server is asked what plays. */
      readonly watches: boolean;
    }
  );

/** The table `[MusicServer]` as the schema lets it through. */
export interface MusicServerTable {
  readonly Library?: string;
  readonly URL?: string;
  readonly Username?: string;
  readonly PasswordFile?: string;
  readonly PasswordEnv?: string;
  readonly UserHeader?: string;
  readonly Users?: readonly string[];
  readonly FormPost?: boolean;
  readonly Watch?: boolean;
  readonly LibraryPaths?: Readonly<Record<string, string>>;
  readonly WritableLibraries?: readonly number[];
}

/** What the table says, or a text that says what is wanted. */
export function readMusicServer(table: MusicServerTable): MusicServerConfiguration | string {
  const { Library, URL: url, Username, PasswordFile, PasswordEnv, UserHeader } = table;
  const common = {
    libraryPaths: new Map(
      Object.entries(table.LibraryPaths ?? {}).map(([id, path]) => [Number(id), path]),
    ),
    writableLibraries: table.WritableLibraries ?? [],
  };
  if ((Library === undefined) === (url === undefined)) return "either Library or URL";
  if (Library !== undefined) return { ...common, kind: "memory", library: Library };
  if (url === undefined || Username === undefined) return "a Username beside the URL";
  if ((PasswordFile === undefined) === (PasswordEnv === undefined)) {
    return "either PasswordFile or PasswordEnv beside the URL";
  }
  return {
    ...common,
    kind: "subsonic",
    url,
    username: Username,
    password: PasswordFile === undefined ? { env: PasswordEnv ?? "" } : { file: PasswordFile },
    ...(UserHeader !== undefined && { userHeader: UserHeader }),
    usernames: table.Users ?? [],
    formPost: table.FormPost ?? false,
    watches: table.Watch ?? true,
  };
}
