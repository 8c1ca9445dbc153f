// A test guest in standard Go: a MetadataAgent as the Navidrome kit builds them, and exports that drive the
// kernel, one host function, and each way for a guest to misbehave. rust_agent has the same exports.
package main

import (
	"encoding/json"

	"github.com/extism/go-pdk"
)

const (
	succeeded      int32 = 0
	failed         int32 = -1
	notImplemented int32 = -2
)

func main() {}

// answer decodes the input, calls the handler and writes its answer, the way the Navidrome Go kit does.
func answer[Request any](handle func(Request) (any, error)) int32 {
	var request Request
	if err := pdk.InputJSON(&request); err != nil {
		return fail(err)
	}
	response, err := handle(request)
	if err != nil {
		return fail(err)
	}
	return output(response)
}

func output(response any) int32 {
	if err := pdk.OutputJSON(response); err != nil {
		return fail(err)
	}
	return succeeded
}

func fail(err error) int32 {
	pdk.SetError(err)
	return failed
}

type configValue struct {
	Value  string `json:"value"`
	Exists bool   `json:"exists"`
}

// Input: a key as plain text. Reads the kernel's config_get.
//
//go:wasmexport config_value
func configValueOf() int32 {
	value, exists := pdk.GetConfig(pdk.InputString())
	return output(configValue{Value: value, Exists: exists})
}

type varsSeen struct {
	Before  string `json:"before"`
	After   string `json:"after"`
	Removed bool   `json:"removed"`
}

// Input: plain text, which variable "kept" holds afterwards; "before" tells what it held when the call began.
//
//go:wasmexport vars_round_trip
func varsRoundTrip() int32 {
	seen := varsSeen{Before: string(pdk.GetVar("kept"))}
	pdk.SetVar("kept", pdk.Input())
	seen.After = string(pdk.GetVar("kept"))
	pdk.SetVar("dropped", []byte("value"))
	pdk.RemoveVar("dropped")
	seen.Removed = pdk.GetVar("dropped") == nil
	return output(seen)
}

// Input: plain text, logged once at each level. go-pdk logs its traces through import log_error.
//
//go:wasmexport log_each_level
func logEachLevel() int32 {
	text := pdk.InputString()
	pdk.Log(pdk.LogTrace, "trace: "+text)
	pdk.Log(pdk.LogDebug, "debug: "+text)
	pdk.Log(pdk.LogInfo, "info: "+text)
	pdk.Log(pdk.LogWarn, "warn: "+text)
	pdk.Log(pdk.LogError, "error: "+text)
	return succeeded
}

// Input: the error text.
//
//go:wasmexport error_text
func errorText() int32 {
	pdk.SetErrorString(pdk.InputString())
	return failed
}

//go:wasmimport extism:host/user config_get
func hostConfigGet(request uint64) uint64

type configRequest struct {
	Key string `json:"key"`
}

func hostConfig(key string) ([]byte, error) {
	request, err := json.Marshal(configRequest{Key: key})
	if err != nil {
		return nil, err
	}
	block := pdk.AllocateBytes(request)
	defer block.Free()
	response := pdk.FindMemory(hostConfigGet(block.Offset()))
	return response.ReadBytes(), nil
}

// Input: a key as plain text. Output: the answer of host function config_get as it came.
//
//go:wasmexport host_config
func hostConfigOf() int32 {
	response, err := hostConfig(pdk.InputString())
	if err != nil {
		return fail(err)
	}
	pdk.Output(response)
	return succeeded
}

// Input: how many host calls to make, as digits. Output: the number of bytes they answered, as digits.
//
//go:wasmexport host_calls
func hostCalls() int32 {
	return withNumber(func(calls int) int32 {
		total := 0
		for range calls {
			response, err := hostConfig("greeting")
			if err != nil {
				return fail(err)
			}
			total += len(response)
		}
		return outputNumber(total)
	})
}

var callsSeen int

// Output: the calls this instance has answered, as digits: always 1 where instances are fresh.
//
//go:wasmexport count_calls
func countCalls() int32 {
	callsSeen++
	return outputNumber(callsSeen)
}
