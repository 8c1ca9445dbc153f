package main

import (
	"context"
	"crypto/rand"
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
	abi       abi
	wasmBytes int
	compile   time.Duration
}

// abi is one of the two ways in which guests and hosts talk.
type abi interface {
	// provide makes the host modules of a runtime.
	provide(ctx context.Context, r wazero.Runtime) error
	// begin forgets the last call and takes the input of the next.
	begin(input string)
	// call runs an export to its end, with the outcome that Navidrome would see.
	call(ctx context.Context, module api.Module, export string) (string, error)
	// hostCalls is an export that makes so many host calls, and its input.
	hostCalls(calls int) (export string, input string)
}

func openGuest(ctx context.Context, path string, a abi, cached newCache) (*guest, error) {
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
	g := &guest{abi: a, cache: cache, wasmBytes: len(wasm)}
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
	if err := g.abi.provide(ctx, g.runtime); err != nil {
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
