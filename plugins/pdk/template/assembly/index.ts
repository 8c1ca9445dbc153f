// What a server asks is a method; what you do not override is "not implemented". See plugins/README.md.

import { ArtistRequest, config, fail, MetadataAgent, registerMetadataAgent } from "@soundproof/pdk";

// The functions that the server finds: one for each method below.
export { nd_get_artist_biography } from "@soundproof/pdk";

class Agent extends MetadataAgent {
  override artistBiography(request: ArtistRequest): string {
    if (request.name == "") {
      fail("Cannot tell of an artist: the name is empty"); // a fault, which the server logs
      return "";
    }
    if (request.name == "Unknown Artist") return ""; // not found
    return request.name + ": " + config.text("motto", "Listen first");
  }
}

registerMetadataAgent(new Agent());
