package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/extism/go-pdk"
)

func withNumber(use func(int) int32) int32 {
	number, err := strconv.Atoi(pdk.InputString())
	if err != nil {
		return fail(fmt.Errorf("input is not a number: %w", err))
	}
	return use(number)
}

func outputNumber(number int) int32 {
	pdk.OutputString(strconv.Itoa(number))
	return succeeded
}

var spins uint64

//go:wasmexport loop_forever
func loopForever() int32 {
	for {
		spins++
	}
}

// Input: the exit code, as digits.
//
//go:wasmexport exit_with_code
func exitWithCode() int32 {
	return withNumber(func(code int) int32 {
		os.Exit(code)
		return succeeded
	})
}

// Input: the text of the panic.
//
//go:wasmexport panic_now
func panicNow() int32 {
	panic(pdk.InputString())
}

// Input: milliseconds, as digits. Output: the milliseconds that passed on the guest's clock.
//
//go:wasmexport sleep_ms
func sleepMs() int32 {
	return withNumber(func(ms int) int32 {
		start := time.Now()
		time.Sleep(time.Duration(ms) * time.Millisecond)
		return outputNumber(int(time.Since(start).Milliseconds()))
	})
}

// Input: how many bytes to answer, as digits. Output: that many letters x.
//
//go:wasmexport big_output
func bigOutput() int32 {
	return withNumber(func(size int) int32 {
		pdk.Output(bytes.Repeat([]byte{'x'}, size))
		return succeeded
	})
}
