use extism_pdk::*;
use serde::{Deserialize, Serialize};

const NOT_IMPLEMENTED: i32 = -2;

#[derive(Deserialize, FromBytes)]
#[encoding(Json)]
pub struct ArtistRequest {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Serialize, ToBytes)]
#[encoding(Json)]
pub struct MbidResponse {
    mbid: String,
}

#[derive(Serialize, ToBytes)]
#[encoding(Json)]
pub struct BiographyResponse {
    biography: String,
}

#[plugin_fn]
pub fn nd_get_artist_mbid(request: ArtistRequest) -> FnResult<MbidResponse> {
    let mbid = format!("mbid-of-{}", request.id);
    Ok(MbidResponse { mbid })
}

#[plugin_fn]
pub fn nd_get_artist_biography(request: ArtistRequest) -> FnResult<BiographyResponse> {
    if request.name.is_empty() {
        return Err(Error::msg("artist has no name").into());
    }
    let greeting = config::get("greeting")?.unwrap_or_else(|| "About".into());
    let biography = format!("{greeting} {}", request.name);
    Ok(BiographyResponse { biography })
}

macro_rules! not_implemented {
    ($($name:ident)+) => {
        $(#[no_mangle]
        pub extern "C" fn $name() -> i32 {
            NOT_IMPLEMENTED
        })+
    };
}

not_implemented! {
    nd_get_artist_url
    nd_get_similar_artists
    nd_get_artist_images
    nd_get_artist_top_songs
    nd_get_album_info
    nd_get_album_images
    nd_get_similar_songs_by_track
    nd_get_similar_songs_by_album
    nd_get_similar_songs_by_artist
}
