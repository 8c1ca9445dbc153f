// The peer of the benchmarks: the same .wasm in wazero, Navidrome's engine, with its compiler and with
// WithCloseOnContextDone, and nothing else of Navidrome or Extism. It prints one JSON object; times are of the
// wall clock, and memory and caches are those of one process that does nothing else.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/tetratelabs/wazero"
)

type report struct {
	Go        string `json:"go"`
	WasmBytes int    `json:"wasmBytes"`
	Output    string `json:"output"`
	// Nothing cached, and with wazero's cache on disk filled by an earlier runtime.
	Cold load `json:"cold"`
	Warm load `json:"warm"`
	// A fresh instance for each call, on one compiled module.
	Fresh fresh `json:"fresh"`
	// One call of extism:host/user config_get, the guest's part included; absent where the guest makes none.
	HostCallUs float64 `json:"hostCallUs,omitempty"`
}

func main() {
	wasm := flag.String("wasm", "", "path of the guest")
	export := flag.String("export", "nd_get_artist_biography", "export to call")
	input := flag.String("input", "{}", "input of the call")
	configJSON := flag.String("config", "{}", "the plugin's settings, a JSON object of strings")
	goPlugin := flag.Bool("go-plugin", false, "the guest is of the older ABI, and the input is in hex")
	iterations := flag.Int("iterations", 200, "fresh instances to time")
	flag.Parse()

	a, err := abiOf(*goPlugin, *configJSON)
	if *goPlugin && err == nil {
		var bytes []byte
		bytes, err = hex.DecodeString(*input)
		*input = string(bytes)
	}
	var result *report
	if err == nil {
		result, err = measure(a, *wasm, *export, *input, *iterations)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func abiOf(goPlugin bool, configJSON string) (abi, error) {
	if goPlugin {
		return &goPluginHost{}, nil
	}
	k := &kernel{}
	if err := json.Unmarshal([]byte(configJSON), &k.config); err != nil {
		return nil, fmt.Errorf("-config: %w", err)
	}
	return k, nil
}

func measure(a abi, path, export, input string, iterations int) (*report, error) {
	if iterations < 1 {
		return nil, fmt.Errorf("-iterations: %d is less than 1", iterations)
	}
	ctx := context.Background()
	result := &report{Go: runtime.Version()}

	var err error
	if result.Cold, err = timeLoads(ctx, path, a, 3, uncached); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "wazero-peer-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	fromDisk := func() (wazero.CompilationCache, error) {
		return wazero.NewCompilationCacheWithDir(folder)
	}
	if _, err = timeLoads(ctx, path, a, 1, fromDisk); err != nil {
		return nil, err
	}
	if result.Warm, err = timeLoads(ctx, path, a, 7, fromDisk); err != nil {
		return nil, err
	}

	g, err := openGuest(ctx, path, a, fromDisk)
	if err != nil {
		return nil, err
	}
	defer g.close(ctx)
	result.WasmBytes = g.wasmBytes
	if result.Fresh, result.Output, err = g.timeFresh(ctx, export, input, iterations); err != nil {
		return nil, err
	}
	result.HostCallUs, err = g.timeHostCall(ctx)
	return result, err
}
