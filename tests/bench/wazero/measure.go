package main

import (
	"context"
	"math"
	"slices"
	"time"
)

// load is what it takes from a file to a guest that can be called, in milliseconds, at the median.
type load struct {
	CompileMs float64 `json:"compileMs"`
	// File read, runtime and host modules made, module compiled, instance made and initialised.
	ReadyMs float64 `json:"readyMs"`
}

type spread struct {
	MedianMs float64 `json:"medianMs"`
	P99Ms    float64 `json:"p99Ms"`
}

// fresh is what a call on its own instance takes: the total is the sum of the three parts without the close.
type fresh struct {
	Iterations  int    `json:"iterations"`
	Instantiate spread `json:"instantiate"`
	Initialise  spread `json:"initialise"`
	Call        spread `json:"call"`
	Total       spread `json:"total"`
	Close       spread `json:"close"`
}

func timeLoads(ctx context.Context, path string, a abi, times int, cached newCache) (load, error) {
	var compile, ready []time.Duration
	for range times {
		start := time.Now()
		g, err := openGuest(ctx, path, a, cached)
		if err != nil {
			return load{}, err
		}
		a.begin("")
		module, err := g.instance(ctx)
		if err == nil {
			err = initialise(ctx, module)
		}
		ready = append(ready, time.Since(start))
		compile = append(compile, g.compile)
		g.close(ctx)
		if err != nil {
			return load{}, err
		}
	}
	return load{CompileMs: spreadOf(compile).MedianMs, ReadyMs: spreadOf(ready).MedianMs}, nil
}

func (g *guest) timeFresh(ctx context.Context, export, input string, iterations int) (fresh, string, error) {
	const warmups = 20
	var output string
	var parts [5][]time.Duration
	for i := range warmups + iterations {
		marks, text, err := g.oneCall(ctx, export, input)
		if err != nil {
			return fresh{}, "", err
		}
		output = text
		if i < warmups {
			continue
		}
		for part := range 4 {
			parts[part] = append(parts[part], marks[part+1].Sub(marks[part]))
		}
		parts[4] = append(parts[4], marks[3].Sub(marks[0]))
	}
	return fresh{
		Iterations:  iterations,
		Instantiate: spreadOf(parts[0]),
		Initialise:  spreadOf(parts[1]),
		Call:        spreadOf(parts[2]),
		Close:       spreadOf(parts[3]),
		Total:       spreadOf(parts[4]),
	}, output, nil
}

// oneCall answers one call on an instance of its own; the marks lie between its five steps.
func (g *guest) oneCall(ctx context.Context, export, input string) (marks [5]time.Time, output string, err error) {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	marks[0] = time.Now()
	module, err := g.instance(limited)
	if err != nil {
		return marks, "", err
	}
	marks[1] = time.Now()
	g.abi.begin(input)
	if err = initialise(limited, module); err != nil {
		return marks, "", err
	}
	marks[2] = time.Now()
	if output, err = g.abi.call(limited, module, export); err != nil {
		return marks, "", err
	}
	marks[3] = time.Now()
	err = module.Close(limited)
	marks[4] = time.Now()
	return marks, output, err
}

// timeHostCall gives microseconds for one host call, from one guest call that makes many less one that makes
// none; 0 where the guest has no export for that.
func (g *guest) timeHostCall(ctx context.Context) (float64, error) {
	const calls, rounds = 2000, 9
	export, _ := g.abi.hostCalls(0)
	if _, there := g.compiled.ExportedFunctions()[export]; !there {
		return 0, nil
	}
	var many, none []time.Duration
	for range rounds {
		for _, run := range []struct {
			calls int
			times *[]time.Duration
		}{{calls, &many}, {0, &none}} {
			export, input := g.abi.hostCalls(run.calls)
			marks, _, err := g.oneCall(ctx, export, input)
			if err != nil {
				return 0, err
			}
			*run.times = append(*run.times, marks[3].Sub(marks[2]))
		}
	}
	return (spreadOf(many).MedianMs - spreadOf(none).MedianMs) * 1000 / calls, nil
}

func spreadOf(times []time.Duration) spread {
	sorted := slices.Sorted(slices.Values(times))
	at := func(share float64) float64 {
		index := int(math.Ceil(share*float64(len(sorted)))) - 1
		return float64(sorted[index].Nanoseconds()) / 1e6
	}
	return spread{MedianMs: at(0.5), P99Ms: at(0.99)}
}
