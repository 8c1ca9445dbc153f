package main

import (
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	errorFlag      = 1 << 31
	notFound       = "plugin:not_found"
	notImplemented = "plugin:not_implemented"
)

// kept holds what the host asked for, so that nothing collects it. It is never given back: an instance lives for
// one call.
var kept [][]byte

//go:wasmexport malloc
func malloc(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	block := make([]byte, size)
	kept = append(kept, block)
	return address(block)
}

//go:wasmexport free
func free(uint32) {}

func address(bytes []byte) uint32 {
	if len(bytes) == 0 {
		return 0
	}
	return uint32(uintptr(unsafe.Pointer(&bytes[0])))
}

func view(offset, size uint32) []byte {
	if size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(offset))), size)
}

// gives hands a response to the host.
func gives(response []byte) uint64 {
	kept = append(kept, response)
	return uint64(address(response))<<32 | uint64(len(response))
}

// fails hands an error text to the host.
func fails(text string) uint64 {
	return gives([]byte(text)) | errorFlag
}

// message holds the fields of a message by number; of one number the last counts.
type message struct {
	texts   map[protowire.Number][]byte
	numbers map[protowire.Number]uint64
}

// read decodes a request; false where it is none, which a guest of that generation answers with nothing.
func read(offset, size uint32) (message, bool) {
	decoded := message{map[protowire.Number][]byte{}, map[protowire.Number]uint64{}}
	for bytes := view(offset, size); len(bytes) > 0; {
		number, kind, length := protowire.ConsumeTag(bytes)
		if length < 0 {
			return decoded, false
		}
		bytes = bytes[length:]
		switch kind {
		case protowire.BytesType:
			var text []byte
			text, length = protowire.ConsumeBytes(bytes)
			decoded.texts[number] = text
		case protowire.VarintType:
			var value uint64
			value, length = protowire.ConsumeVarint(bytes)
			decoded.numbers[number] = value
		default:
			length = protowire.ConsumeFieldValue(number, kind, bytes)
		}
		if length < 0 {
			return decoded, false
		}
		bytes = bytes[length:]
	}
	return decoded, true
}

func text(to []byte, number protowire.Number, value string) []byte {
	if value == "" {
		return to
	}
	return protowire.AppendString(protowire.AppendTag(to, number, protowire.BytesType), value)
}

func part(to []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, number, protowire.BytesType), value)
}

func number(to []byte, number protowire.Number, value int64) []byte {
	if value == 0 {
		return to
	}
	return protowire.AppendVarint(protowire.AppendTag(to, number, protowire.VarintType), uint64(value))
}
