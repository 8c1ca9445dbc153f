// A test guest in standard Go of the generation of Navidrome 0.57 to 0.59: a plugin with all its exports, that
// speaks the wire format of google.golang.org/protobuf, asks the cache, and misbehaves where it is asked to.
package main

import "log"

func main() {}

//go:wasmimport env get_int
func envGetInt(offset, size uint32) uint64

//go:wasmimport env set_int
func envSetInt(offset, size uint32) uint64

//go:wasmimport env get_string
func envGetString(offset, size uint32) uint64

// calls counts the calls of this instance; a fresh one has answered none.
var calls int64

// ask calls a host function and reads its response.
func ask(function func(uint32, uint32) uint64, request []byte) message {
	packed := function(address(request), uint32(len(request)))
	response, _ := read(uint32(packed>>32), uint32(packed))
	return response
}

func version() uint64 { return 1 }

//go:wasmexport metadata_agent_api_version
func metadataVersion() uint64 { return version() }

//go:wasmexport scrobbler_api_version
func scrobblerVersion() uint64 { return version() }

//go:wasmexport scheduler_callback_api_version
func schedulerVersion() uint64 { return version() }

//go:wasmexport lifecycle_management_api_version
func lifecycleVersion() uint64 { return version() }

//go:wasmexport web_socket_callback_api_version
func webSocketVersion() uint64 { return version() }

// The MBID of anybody with a name. Names that begin with "!" misbehave.
//
//go:wasmexport metadata_agent_get_artist_mbid
func artistMBID(offset, size uint32) uint64 {
	request, ok := read(offset, size)
	if !ok {
		return 0
	}
	calls++
	switch name := string(request.texts[2]); name {
	case "":
		return fails(notFound)
	case "!panic":
		panic("no luck")
	case "!loop":
		for {
			calls++
		}
	case "!count":
		return gives(text(nil, 1, string(rune('0'+calls))))
	}
	return gives(text(nil, 1, "1234567890"))
}

// Nothing it knows of.
//
//go:wasmexport metadata_agent_get_artist_url
func artistURL(uint32, uint32) uint64 { return fails(notImplemented) }

//go:wasmexport metadata_agent_get_artist_biography
func artistBiography(offset, size uint32) uint64 {
	request, ok := read(offset, size)
	if !ok {
		return 0
	}
	log.Printf("biography of %s", request.texts[2])
	return gives(text(nil, 1, "About "+string(request.texts[2])))
}

// Asks the cache as often as `limit` says, and then names as many artists, up to two.
//
//go:wasmexport metadata_agent_get_similar_artists
func similarArtists(offset, size uint32) uint64 {
	request, _ := read(offset, size)
	limit := int64(request.numbers[4])
	key := text(nil, 1, "count")
	ask(envSetInt, number(key, 2, limit))
	for range limit {
		if found := ask(envGetInt, key); found.numbers[1] != 1 || int64(found.numbers[2]) != limit {
			return fails("the cache forgot")
		}
	}
	var response []byte
	for i := range min(limit, 2) {
		response = part(response, 1, text(text(nil, 1, "Artist "+string(rune('1'+i))), 2, "m"))
	}
	return gives(response)
}

//go:wasmexport metadata_agent_get_artist_images
func artistImages(uint32, uint32) uint64 {
	return gives(part(part(nil, 1, number(text(nil, 1, "u"), 2, 300)), 1, number(text(nil, 1, "v"), 2, -1)))
}

// One song, by the text that the cache has under the name of the artist.
//
//go:wasmexport metadata_agent_get_artist_top_songs
func topSongs(offset, size uint32) uint64 {
	request, _ := read(offset, size)
	found := ask(envGetString, text(nil, 1, string(request.texts[2])))
	return gives(part(nil, 1, text(nil, 1, string(found.texts[2]))))
}

//go:wasmexport metadata_agent_get_album_info
func albumInfo(offset, size uint32) uint64 {
	request, _ := read(offset, size)
	if string(request.texts[1]) == "" {
		return 0
	}
	return gives(part(nil, 1, text(text(nil, 1, string(request.texts[1])), 3, "é")))
}

//go:wasmexport metadata_agent_get_album_images
func albumImages(uint32, uint32) uint64 { return 0 }

//go:wasmexport scrobbler_is_authorized
func isAuthorized(uint32, uint32) uint64 { return gives(number(nil, 1, 1)) }

//go:wasmexport scrobbler_now_playing
func nowPlaying(uint32, uint32) uint64 { return 0 }

//go:wasmexport scrobbler_scrobble
func scrobble(uint32, uint32) uint64 { return gives(text(nil, 1, "not today")) }

//go:wasmexport scheduler_callback_on_scheduler_callback
func onSchedulerCallback(uint32, uint32) uint64 { return 0 }

//go:wasmexport lifecycle_management_on_init
func onInit(uint32, uint32) uint64 { return 0 }

//go:wasmexport web_socket_callback_on_text_message
func onTextMessage(uint32, uint32) uint64 { return 0 }

//go:wasmexport web_socket_callback_on_binary_message
func onBinaryMessage(uint32, uint32) uint64 { return 0 }

//go:wasmexport web_socket_callback_on_error
func onError(uint32, uint32) uint64 { return 0 }

//go:wasmexport web_socket_callback_on_close
func onClose(uint32, uint32) uint64 { return 0 }
