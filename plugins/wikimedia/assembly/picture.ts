// Addresses of pictures, which the server fetches itself.
// https://commons.wikimedia.org/wiki/Commons:FAQ (Special:FilePath)

import { siteOf } from "./wikipedia";

const FILE_PATH = "/wiki/Special:FilePath/";

/** The file behind a picture (P18) of Wikidata, which names it by `http`; empty where it is none. */
export function commonsFile(picture: string): string {
  const at = picture.indexOf("://commons.wikimedia.org" + FILE_PATH);
  return at < 0 ? "" : "https" + picture.substring(at);
}

/** The file of a name on the Wikipedia of an article; its own files and those of Commons alike. */
export function wikipediaFile(article: string, name: string): string {
  return name == "" ? "" : siteOf(article) + FILE_PATH + encodeURIComponent(name);
}

/** The address of a file in a width in pixels, or in its own if it has fewer. */
export function pictureUrl(file: string, width: i32): string {
  return file + "?width=" + width.toString();
}
