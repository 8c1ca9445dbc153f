// Answers biographies and MusicBrainz ids from the plugin's configuration. It needs no permission.

import { ArtistRequest, config, Json, MetadataAgent, registerMetadataAgent } from "@soundproof/pdk";

export { nd_get_artist_biography, nd_get_artist_mbid } from "@soundproof/pdk";

class Hello extends MetadataAgent {
  override artistBiography(request: ArtistRequest): string {
    return find(request.name).get("biography").text();
  }

  override artistMbid(request: ArtistRequest): string {
    return find(request.name).get("mbid").text();
  }
}

/** The configured artist of this name, upper and lower case alike; a missing value if there is none. */
function find(name: string): Json {
  const artists = config.json("artists");
  const wanted = name.toLowerCase();
  for (let i = 0; i < artists.length; i++) {
    const artist = artists.at(i);
    if (artist.get("name").text().toLowerCase() == wanted) return artist;
  }
  return Json.MISSING;
}

registerMetadataAgent(new Hello());
