package main

import (
	"errors"

	"github.com/extism/go-pdk"
)

type artistRequest struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	MBID string `json:"mbid,omitempty"`
}

type mbidResponse struct {
	MBID string `json:"mbid"`
}

type biographyResponse struct {
	Biography string `json:"biography"`
}

var errNoName = errors.New("artist has no name")

//go:wasmexport nd_get_artist_mbid
func ndGetArtistMBID() int32 {
	return answer(func(request artistRequest) (any, error) {
		return mbidResponse{MBID: "mbid-of-" + request.ID}, nil
	})
}

// The text begins with the setting "greeting", "About" without it.
//
//go:wasmexport nd_get_artist_biography
func ndGetArtistBiography() int32 {
	return answer(func(request artistRequest) (any, error) {
		if request.Name == "" {
			return nil, errNoName
		}
		greeting, found := pdk.GetConfig("greeting")
		if !found {
			greeting = "About"
		}
		return biographyResponse{Biography: greeting + " " + request.Name}, nil
	})
}

//go:wasmexport nd_get_artist_url
func ndGetArtistURL() int32 { return notImplemented }

//go:wasmexport nd_get_similar_artists
func ndGetSimilarArtists() int32 { return notImplemented }

//go:wasmexport nd_get_artist_images
func ndGetArtistImages() int32 { return notImplemented }

//go:wasmexport nd_get_artist_top_songs
func ndGetArtistTopSongs() int32 { return notImplemented }

//go:wasmexport nd_get_album_info
func ndGetAlbumInfo() int32 { return notImplemented }

//go:wasmexport nd_get_album_images
func ndGetAlbumImages() int32 { return notImplemented }

//go:wasmexport nd_get_similar_songs_by_track
func ndGetSimilarSongsByTrack() int32 { return notImplemented }

//go:wasmexport nd_get_similar_songs_by_album
func ndGetSimilarSongsByAlbum() int32 { return notImplemented }

//go:wasmexport nd_get_similar_songs_by_artist
func ndGetSimilarSongsByArtist() int32 { return notImplemented }
