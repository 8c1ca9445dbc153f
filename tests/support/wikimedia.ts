/**
 * A little of Wikidata's query service and of two Wikipedias, in the form of the real answers:
 * https://www.w3.org/TR/sparql11-results-json/ and https://www.mediawiki.org/wiki/API:Query
 * (format version 2).
 */

/** What the sites know of one artist. */
interface Entry {
  readonly item: string;
  readonly names: readonly string[];
  readonly mbid?: string;
  /** How many sites have a page on it. */
  readonly links: number;
  /** File name on Commons. */
  readonly picture?: string;
  /** Article titles by language. */
  readonly articles?: Readonly<Record<string, string>>;
}

/** A MusicBrainz id with so many times the same digit. */
export function mbid(digit: string): string {
  return [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join("-");
}

const ENTRIES: readonly Entry[] = [
  {
    item: "Q1",
    names: ["Björk", "Björk Guðmundsdóttir"],
    mbid: mbid("1"),
    links: 112,
    picture: "Björk live & loud.jpg",
    articles: { en: "Björk", de: "Björk" },
  },
  {
    item: "Q2",
    names: ["Nobody & the Pictures"],
    mbid: mbid("2"),
    links: 3,
    articles: { en: "Nobody & the Pictures (band)" },
  },
  { item: "Q3", names: ["Faceless"], mbid: mbid("3"), links: 1 },
  {
    item: "Q4",
    names: ["Nirvana"],
    mbid: mbid("4"),
    links: 130,
    articles: { en: "Nirvana (band)" },
  },
  { item: "Q5", names: ["Nirvana"], mbid: mbid("5"), links: 20, articles: { en: "Nirvana (UK)" } },
  { item: "Q6", names: ["Twins"], links: 9, articles: { en: "Twins (one)" } },
  { item: "Q7", names: ["Twins"], links: 8, articles: { en: "Twins (other)" } },
  { item: "Q8", names: ['Say "Hi"\\'], links: 2, articles: { en: "AC/DC + 100%" } },
  { item: "Q9", names: ["Late Night"], links: 2, articles: { en: "Lagging" } },
  { item: "Q10", names: ["Gone"], links: 2, articles: { en: "Deleted since" } },
];

/** Introductions and page images by language and title. */
const PAGES: Readonly<Record<string, { readonly extract: string; readonly pageimage?: string }>> = {
  "en Björk": { extract: "Björk is an Icelandic singer.\nShe has made ten albums.\n" },
  "de Björk": { extract: "Björk ist eine isländische Sängerin." },
  "en Nobody & the Pictures (band)": { extract: "A duo.", pageimage: "Duo & dog?.svg" },
  "en Nirvana (band)": { extract: "An American band." },
  "en Nirvana (UK)": { extract: "A British band." },
  "en AC/DC + 100%": { extract: "Hi." },
};

/** An answer: its status and its document; a text is sent as it is. */
export interface Answer {
  readonly status: number;
  readonly document: unknown;
}

/** Answers a request as the real sites would. */
export function answerOf(url: URL): Answer {
  const { searchParams } = url;
  if (url.hostname === "query.wikidata.org" && url.pathname === "/sparql") {
    return answerQuery(searchParams.get("query") ?? "");
  }
  const language = /^([a-z-]+)\.wikipedia\.org$/.exec(url.hostname)?.[1];
  if (language !== undefined && url.pathname === "/w/api.php") {
    return answerPage(language, searchParams);
  }
  return { status: 404, document: "<html>Not found</html>" };
}

function answerQuery(query: string): Answer {
  const id = /wdt:P434 "([^"]*)"/.exec(query)?.[1];
  const name = /VALUES \?name \{ "((?:[^"\\]|\\.)*)"@en/.exec(query)?.[1]?.replaceAll(
    /\\(.)/g,
    "$1",
  );
  if (id === mbid("e")) return { status: 503, document: "<html>upstream timed out</html>" };
  if (id === mbid("a")) return { status: 200, document: "<html>not JSON</html>" };
  const unlinked = query.includes("FILTER NOT EXISTS { ?item wdt:P434");
  const language = /isPartOf <https:\/\/([a-z-]+)\.wikipedia\.org\/>/.exec(query)?.[1] ?? "";
  const bindings = ENTRIES
    .filter((entry) => id === undefined ? entry.names.includes(name ?? "") : entry.mbid === id)
    .filter((entry) => !unlinked || entry.mbid === undefined)
    .sort((a, b) => b.links - a.links)
    .slice(0, 2)
    .map((entry) => rowOf(entry, language));
  const vars = ["item", "links", "picture", "article", "english"];
  return { status: 200, document: { head: { vars }, results: { bindings } } };
}

function rowOf({ item, links, picture, articles }: Entry, language: string): unknown {
  const uri = (value: string) => ({ type: "uri", value });
  const article = (of: string) => {
    const title = articles?.[of]?.replaceAll(" ", "_");
    return title && uri(`https://${of}.wikipedia.org/wiki/${encodeURI(title).replace("&", "%26")}`);
  };
  return {
    item: uri(`http://www.wikidata.org/entity/${item}`),
    links: {
      datatype: "http://www.w3.org/2001/XMLSchema#integer",
      type: "literal",
      value: `${links}`,
    },
    ...(picture && {
      picture: uri(
        `http://commons.wikimedia.org/wiki/Special:FilePath/${encodeURIComponent(picture)}`,
      ),
    }),
    ...(article(language) && { article: article(language) }),
    ...(article("en") && { english: article("en") }),
  };
}

function answerPage(language: string, parameters: URLSearchParams): Answer {
  const title = parameters.get("titles")?.replaceAll("_", " ") ?? "";
  if (title === "Lagging") {
    const info = "Waiting for a database server: 7.2 seconds lagged";
    return { status: 200, document: { error: { code: "maxlag", info } } };
  }
  const page = PAGES[`${language} ${title}`];
  const wanted = parameters.get("prop") === "extracts" ? "extract" : "pageimage";
  const fields = page === undefined
    ? { ns: 0, title, missing: true }
    : { pageid: 1, ns: 0, title, ...(page[wanted] && { [wanted]: page[wanted] }) };
  return { status: 200, document: { batchcomplete: true, query: { pages: [fields] } } };
}
