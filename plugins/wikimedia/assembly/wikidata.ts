// Wikidata's query service: one question gives the item, its picture and its articles.
// https://www.wikidata.org/wiki/Wikidata:SPARQL_query_service

import { Json, log } from "@soundproof/pdk";
import { Artist } from "./artist";
import { ask } from "./ask";

const ENDPOINT = "https://query.wikidata.org/sparql?format=json&query=";

/** How many times as many Wikipedias must know the first of two namesakes. */
const CLEARLY_BETTER_KNOWN = 3;

/** Items of a MusicBrainz artist id (P434). */
export function byMbid(mbid: string): string {
  return '?item wdt:P434 "' + mbid + '".';
}

/**
 * Items of a name that are musicians, composers or DJs by occupation (P106), or musical ensembles (P31).
 *
 * @param unlinked Leaves out items with a MusicBrainz id: the artist's own was not found, so theirs is
 * another.
 */
export function byName(name: string, language: string, unlinked: bool): string {
  const quoted = '"' + escape(name) + '"';
  const others = language == "en" ? "" : quoted + "@" + language;
  return "VALUES ?name { " + quoted + "@en " + quoted + "@mul " + others + " } " +
    "?item rdfs:label|skos:altLabel ?name. " +
    "FILTER(EXISTS { ?item wdt:P106/wdt:P279* wd:Q639669 }" +
    " || EXISTS { ?item wdt:P106/wdt:P279* wd:Q36834 }" +
    " || EXISTS { ?item wdt:P106/wdt:P279* wd:Q130857 }" +
    " || EXISTS { ?item wdt:P31/wdt:P279* wd:Q2088357 }) " +
    (unlinked ? "FILTER NOT EXISTS { ?item wdt:P434 ?other } " : "");
}

/**
 * The artist that an item is; `null` where there is none, or after a fault.
 *
 * @param namesakes Whether the items may be different artists: then one must be clearly better known.
 */
export function queryArtist(items: string, language: string, namesakes: bool): Artist | null {
  const query = "SELECT ?item ?links (SAMPLE(?image) AS ?picture)" +
    " (SAMPLE(?page) AS ?article) (SAMPLE(?englishPage) AS ?english) WHERE { " + items +
    " ?item wikibase:sitelinks ?links." +
    " OPTIONAL { ?item wdt:P18 ?image }" + article("?page", language) +
    article("?englishPage", "en") + " } GROUP BY ?item ?links ORDER BY DESC(?links) LIMIT 2";
  const answer = ask("Wikidata", ENDPOINT + encodeURIComponent(query));
  if (answer === null) return null;
  const rows = answer.get("results").get("bindings");
  if (rows.length == 0) return null;
  const first = rows.at(0);
  if (namesakes && rows.length > 1 && links(first) < links(rows.at(1)) * CLEARLY_BETTER_KNOWN) {
    log.info("More than one artist has this name: " + value(first, "item") + " and " +
      value(rows.at(1), "item"));
    return null;
  }
  const page = value(first, "article");
  return new Artist(page != "" ? page : value(first, "english"), value(first, "picture"));
}

function article(variable: string, language: string): string {
  return " OPTIONAL { " + variable + " schema:about ?item; schema:isPartOf <https://" + language +
    ".wikipedia.org/> }";
}

/** How many sites of Wikimedia have a page on the item. */
function links(row: Json): i64 {
  // Numbers come as texts: https://www.w3.org/TR/sparql11-results-json/
  return Json.parse(value(row, "links")).integer();
}

function value(row: Json, name: string): string {
  return row.get(name).get("value").text();
}

/** A text inside the quotes of SPARQL. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
}
