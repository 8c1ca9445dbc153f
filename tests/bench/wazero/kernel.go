package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// kernel is the least of an Extism kernel that guests can tell from the real one while they behave: blocks lie
// one after the other in one buffer that all calls share, each with its length in the 8 bytes before it, and
// freeing does nothing. The buffer is never cleared, never looked up by instance (calls come one at a time) and
// has no limits, and the functions take wazero's fast path without reflection. All of that is cheaper than the
// real kernel, a WebAssembly module with an instance for each plugin instance: the peer is not slowed down here.
type kernel struct {
	config map[string]string
	vars   map[string]string
	memory []byte
	next   uint64

	input, inputLength   uint64
	output, outputLength uint64
	failure              uint64
}

const headerBytes = 8

// begin forgets the last call and takes the input of the next.
func (k *kernel) begin(input string) {
	if k.memory == nil {
		k.memory = make([]byte, 1<<20)
	}
	k.next = headerBytes
	k.vars = nil
	k.output, k.outputLength, k.failure = 0, 0, 0
	k.input, k.inputLength = k.put(input), uint64(len(input))
}

func (k *kernel) alloc(length uint64) uint64 {
	if length == 0 {
		return 0
	}
	handle := k.next + headerBytes
	k.next = (handle + length + 7) &^ 7
	// 8 bytes more, as guests may use 64-bit access up to the last byte.
	if wanted := k.next + 8; wanted > uint64(len(k.memory)) {
		grown := make([]byte, 2*wanted)
		copy(grown, k.memory)
		k.memory = grown
	}
	binary.LittleEndian.PutUint64(k.memory[handle-headerBytes:], length)
	return handle
}

func (k *kernel) length(handle uint64) uint64 {
	if handle < headerBytes {
		return 0
	}
	return binary.LittleEndian.Uint64(k.memory[handle-headerBytes:])
}

func (k *kernel) put(text string) uint64 {
	handle := k.alloc(uint64(len(text)))
	copy(k.memory[handle:], text)
	return handle
}

func (k *kernel) bytes(handle uint64) []byte { return k.memory[handle : handle+k.length(handle)] }
func (k *kernel) text(handle uint64) string  { return string(k.bytes(handle)) }
func (k *kernel) errorText() string          { return k.text(k.failure) }
func (k *kernel) outputText() string {
	return string(k.memory[k.output : k.output+k.outputLength])
}

func (k *kernel) setVar(key, value uint64) {
	if k.vars == nil {
		k.vars = map[string]string{}
	}
	if value == 0 {
		delete(k.vars, k.text(key))
		return
	}
	k.vars[k.text(key)] = k.text(value)
}

// userConfigGet is the host function config_get of Navidrome: JSON in, JSON out, empty fields left out.
func (k *kernel) userConfigGet(request uint64) uint64 {
	var asked struct{ Key string }
	if err := json.Unmarshal(k.bytes(request), &asked); err != nil {
		return k.put(`{"error":"invalid request"}`)
	}
	value, exists := k.config[asked.Key]
	answer, err := json.Marshal(struct {
		Value  string `json:"value,omitempty"`
		Exists bool   `json:"exists,omitempty"`
	}{value, exists})
	if err != nil {
		return k.put(`{"error":"invalid value"}`)
	}
	return k.put(string(answer))
}

// provide makes the host modules of a runtime: the kernel without HTTP, which no test guest imports.
func (k *kernel) provide(ctx context.Context, r wazero.Runtime) error {
	const logLevelOff = 1<<31 - 1
	i32, i64 := api.ValueTypeI32, api.ValueTypeI64
	none, word, small := []api.ValueType{}, []api.ValueType{i64}, []api.ValueType{i32}
	pair, byteAt := []api.ValueType{i64, i64}, []api.ValueType{i64, i32}

	env := r.NewHostModuleBuilder("extism:host/env")
	export := func(name string, params, results []api.ValueType, run func(stack []uint64)) {
		function := api.GoFunc(func(_ context.Context, stack []uint64) { run(stack) })
		env.NewFunctionBuilder().WithGoFunction(function, params, results).Export(name)
	}
	export("alloc", word, word, func(s []uint64) { s[0] = k.alloc(s[0]) })
	export("free", word, none, func([]uint64) {})
	export("length", word, word, func(s []uint64) { s[0] = k.length(s[0]) })
	export("length_unsafe", word, word, func(s []uint64) { s[0] = k.length(s[0]) })
	export("load_u8", word, small, func(s []uint64) { s[0] = uint64(k.memory[s[0]]) })
	export("load_u64", word, word, func(s []uint64) { s[0] = binary.LittleEndian.Uint64(k.memory[s[0]:]) })
	export("store_u8", byteAt, none, func(s []uint64) { k.memory[s[0]] = byte(s[1]) })
	export("store_u64", pair, none, func(s []uint64) { binary.LittleEndian.PutUint64(k.memory[s[0]:], s[1]) })
	export("input_length", none, word, func(s []uint64) { s[0] = k.inputLength })
	export("input_offset", none, word, func(s []uint64) { s[0] = k.input })
	export("input_load_u8", word, small, func(s []uint64) { s[0] = uint64(k.memory[k.input+s[0]]) })
	export("input_load_u64", word, word, func(s []uint64) {
		s[0] = binary.LittleEndian.Uint64(k.memory[k.input+s[0]:])
	})
	export("output_set", pair, none, func(s []uint64) {
		if s[0] != 0 {
			k.output, k.outputLength = s[0], s[1]
		}
	})
	export("error_set", word, none, func(s []uint64) { k.failure = s[0] })
	export("config_get", word, word, func(s []uint64) { s[0] = k.put(k.config[k.text(s[0])]) })
	export("var_get", word, word, func(s []uint64) { s[0] = k.put(k.vars[k.text(s[0])]) })
	export("var_set", pair, none, func(s []uint64) { k.setVar(s[0], s[1]) })
	export("get_log_level", none, small, func(s []uint64) { s[0] = logLevelOff })
	for _, name := range []string{"log_trace", "log_debug", "log_info", "log_warn", "log_error"} {
		export(name, word, none, func([]uint64) {})
	}
	if _, err := env.Instantiate(ctx); err != nil {
		return err
	}

	user := r.NewHostModuleBuilder("extism:host/user")
	configGet := api.GoFunc(func(_ context.Context, s []uint64) { s[0] = k.userConfigGet(s[0]) })
	user.NewFunctionBuilder().WithGoFunction(configGet, word, word).Export("config_get")
	_, err := user.Instantiate(ctx)
	return err
}

// call runs an export to its end, with the outcome that Navidrome would see.
func (k *kernel) call(ctx context.Context, module api.Module, export string) (string, error) {
	function := module.ExportedFunction(export)
	if function == nil {
		return "", fmt.Errorf("function not found: %s", export)
	}
	results, err := function.Call(ctx)
	if err != nil {
		return "", err
	}
	if text := k.errorText(); text != "" {
		return "", errors.New(text)
	}
	if code := int32(results[0]); code != 0 {
		return "", fmt.Errorf("%s exited with code %d", export, code)
	}
	return k.outputText(), nil
}

func (k *kernel) hostCalls(calls int) (string, string) { return "host_calls", strconv.Itoa(calls) }
