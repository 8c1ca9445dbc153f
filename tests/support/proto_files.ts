/**
 * The messages of the `.proto` files under `schema/protobuf`, read by a reader of the little that they use: so it
 * can be told on any machine whether the TypeScript that was made from them still says the same.
 *
 * @module
 */

/** One field: `label type name = number`, as it is written. */
export type FieldText = string;

/** The fields of each message, by its full name. */
export function readProto(text: string): Map<string, FieldText[]> {
  const code = text.replace(/\/\/.*$/gm, "");
  const pack = /package (\w+);/.exec(code)?.[1] ?? "";
  return new Map(
    Array.from(code.matchAll(/message (\w+) \{([^}]*)\}/g), ([, name, body = ""]) => [
      `${pack}.${name}`,
      body.split(";").map((field) => field.replace(/\s+/g, " ").trim()).filter((field) =>
        field !== ""
      ),
    ]),
  );
}

/** The `.proto` files, by the path that they are imported under. */
export function protoFiles(folder: string, under = ""): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}/${under}`)) {
    const path = under === "" ? name : `${under}/${name}`;
    if (isDirectory) { for (const file of protoFiles(folder, path)) files.set(...file); }
    else if (name.endsWith(".proto")) files.set(path, Deno.readTextFileSync(`${folder}/${path}`));
  }
  return files;
}
