// The action API of a Wikipedia: https://www.mediawiki.org/wiki/API:Query

import { Json } from "@soundproof/pdk";
import { ask, faultOf } from "./ask";

/** The text before an article's first heading; empty where there is none, or after a fault. */
export function introduction(article: string): string {
  const page = query(article, "&prop=extracts&exintro=1&explaintext=1");
  return page === null ? "" : page.get("extract").text().trim();
}

/** File name of the picture that stands for an article; empty where there is none, or after a fault. */
export function pageImage(article: string): string {
  const page = query(article, "&prop=pageimages&piprop=name");
  return page === null ? "" : page.get("pageimage").text();
}

/** The address of a Wikipedia, up to its host. */
export function siteOf(article: string): string {
  return article.substring(0, max(article.indexOf("/wiki/"), 0));
}

function query(article: string, properties: string): Json | null {
  const site = siteOf(article);
  // The addresses come from Wikidata, which could be wrong; the manifest's hosts hold in any case.
  if (!site.startsWith("https://") || !site.endsWith(".wikipedia.org")) return null;
  const title = decodeURIComponent(article.substring(site.length + 6));
  const answer = ask(
    "Wikipedia",
    site + "/w/api.php?action=query&format=json&formatversion=2&redirects=1" + properties +
      "&titles=" + encodeURIComponent(title),
  );
  if (answer === null) return null;
  const error = answer.get("error");
  if (error.exists) return faultOf("Wikipedia", error.get("info").text("it gave an error"));
  return answer.get("query").get("pages").at(0);
}
