package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// The limit Navidrome gives a call; with WithCloseOnContextDone it costs a goroutine a call.
const callLimit = 30 * time.Second

// newCache makes the compilation cache of a runtime, nil for none.
type newCache func() (wazero.CompilationCache, error)

func uncached() (wazero.CompilationCache, error) { return nil, nil }

// guest is a compiled module and the runtime it lives in.
type guest struct {
	runtime   wazero.Runtime
	cache     wazero.CompilationCache
	compiled  wazero.CompiledModule
	kernel    *kernel
	wasmBytes int
	compile   time.Duration
}

func openGuest(ctx context.Context, path string, k *kernel, cached newCache) (*guest, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(true)
	cache, err := cached()
	if err != nil {
		return nil, err
	}
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	g := &guest{kernel: k, cache: cache, wasmBytes: len(wasm)}
	g.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err = g.link(ctx, wasm); err != nil {
		g.close(ctx)
		return nil, err
	}
	return g, nil
}

func (g *guest) link(ctx context.Context, wasm []byte) error {
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, g.runtime); err != nil {
		return err
	}
	if err := g.kernel.provide(ctx, g.runtime); err != nil {
		return err
	}
	start := time.Now()
	compiled, err := g.runtime.CompileModule(ctx, wasm)
	g.compile = time.Since(start)
	g.compiled = compiled
	return err
}

func (g *guest) close(ctx context.Context) {
	g.runtime.Close(ctx)
	if g.cache != nil {
		g.cache.Close(ctx)
	}
}

// instance makes a guest that nobody has called, and does not run its initialiser.
func (g *guest) instance(ctx context.Context) (api.Module, error) {
	config := wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions().
		WithSysWalltime().
		WithRandSource(rand.Reader)
	return g.runtime.InstantiateModule(ctx, g.compiled, config)
}

func initialise(ctx context.Context, module api.Module) error {
	function := module.ExportedFunction("_initialize")
	if function == nil {
		return nil
	}
	_, err := function.Call(ctx)
	return err
}

// call runs an export to its end, with the outcome that Navidrome would see.
func (g *guest) call(ctx context.Context, module api.Module, export string) (string, error) {
	function := module.ExportedFunction(export)
	if function == nil {
		return "", fmt.Errorf("function not found: %s", export)
	}
	results, err := function.Call(ctx)
	if err != nil {
		return "", err
	}
	if text := g.kernel.errorText(); text != "" {
		return "", errors.New(text)
	}
	if code := int32(results[0]); code != 0 {
		return "", fmt.Errorf("%s exited with code %d", export, code)
	}
	return g.kernel.outputText(), nil
}
