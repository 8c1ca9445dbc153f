package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// goPluginHost is the least of a host of the ABI of Navidrome 0.57 to 0.59 that the test guest can tell from the
// real one: the steps of a call as its generated code has them, and a cache with one entry in the bytes of its
// message. It decodes and encodes nothing, which the real one does with every message: the peer is not slowed
// down here.
type goPluginHost struct {
	input string
	// What set_int was given for the value, as get_int answers it.
	value []byte
}

const errorFlag = 1 << 31

func (h *goPluginHost) begin(input string) { h.input, h.value = input, nil }

func (h *goPluginHost) hostCalls(calls int) (string, string) {
	// A request of metadata_agent_get_similar_artists with so many in its field limit.
	bytes := []byte{0x20}
	for ; calls >= 128; calls >>= 7 {
		bytes = append(bytes, byte(calls)|128)
	}
	return "metadata_agent_get_similar_artists", string(append(bytes, byte(calls)))
}

func (h *goPluginHost) call(ctx context.Context, module api.Module, export string) (string, error) {
	version, err := function(module, "metadata_agent_api_version")
	if err != nil {
		return "", err
	}
	if found, err := version.Call(ctx); err != nil || found[0] != 1 {
		return "", fmt.Errorf("API version mismatch, host: 1, plugin: %v, %w", found, err)
	}
	malloc, err := function(module, "malloc")
	if err != nil {
		return "", err
	}
	free, err := function(module, "free")
	if err != nil {
		return "", err
	}
	method, err := function(module, export)
	if err != nil {
		return "", err
	}
	var offset uint64
	if size := uint64(len(h.input)); size > 0 {
		results, err := malloc.Call(ctx, size)
		if err != nil {
			return "", err
		}
		offset = results[0]
		defer free.Call(ctx, offset)
		if !module.Memory().Write(uint32(offset), []byte(h.input)) {
			return "", errors.New("write out of range")
		}
	}
	results, err := method.Call(ctx, offset, uint64(len(h.input)))
	if err != nil {
		return "", err
	}
	at, size := uint32(results[0]>>32), uint32(results[0])
	if at != 0 {
		defer free.Call(ctx, uint64(at))
	}
	bytes, ok := module.Memory().Read(at, size&^errorFlag)
	if !ok {
		return "", errors.New("read out of range")
	}
	if size&errorFlag != 0 {
		return "", errors.New(string(bytes))
	}
	return string(bytes), nil
}

func function(module api.Module, name string) (api.Function, error) {
	if found := module.ExportedFunction(name); found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s is not exported", name)
}

func (h *goPluginHost) provide(ctx context.Context, r wazero.Runtime) error {
	words, packed := []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, []api.ValueType{api.ValueTypeI64}
	env := r.NewHostModuleBuilder("env")
	export := func(name string, answer func(request []byte) []byte) {
		run := api.GoModuleFunc(func(ctx context.Context, module api.Module, stack []uint64) {
			request, ok := module.Memory().Read(uint32(stack[0]), uint32(stack[1]))
			if !ok {
				panic(name + ": read out of range")
			}
			response := answer(request)
			stack[0] = 0
			if len(response) == 0 {
				return
			}
			results, err := module.ExportedFunction("malloc").Call(ctx, uint64(len(response)))
			if err != nil || !module.Memory().Write(uint32(results[0]), response) {
				panic(name + ": write out of range")
			}
			stack[0] = results[0]<<32 | uint64(len(response))
		})
		env.NewFunctionBuilder().WithGoModuleFunction(run, words, packed).Export(name)
	}
	// The request is the key, which is not looked at, and field 2; exists and field 2 are the response.
	export("set_int", func(request []byte) []byte {
		h.value = append([]byte{8, 1}, request[2+int(request[1]):]...)
		return []byte{8, 1}
	})
	export("get_int", func([]byte) []byte { return h.value })
	export("get_string", func([]byte) []byte { return nil })
	_, err := env.Instantiate(ctx)
	return err
}
