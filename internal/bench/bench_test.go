package main

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchServer is the server of the benchmarks; nil if none will run.
var benchServer *process

func TestMain(m *testing.M) {
	serveIfAsked()
	flag.Parse()
	code := 1
	if bench := flag.Lookup("test.bench"); bench == nil || bench.Value.String() == "" {
		code = m.Run()
	} else if p, err := startServer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		benchServer = p
		code = m.Run()
		p.stop()
	}
	os.Exit(code)
}

func BenchmarkRequests(b *testing.B) {
	for _, goroutines := range []int{1, 8} {
		contenders, err := requestContenders(benchServer.url, goroutines)
		require.NoError(b, err)
		for _, c := range contenders {
			b.Run(fmt.Sprintf("%s/%d", c.name, goroutines), func(b *testing.B) { benchmark(b, c, "calls/s") })
		}
	}
}

func BenchmarkBulk(b *testing.B) {
	for _, size := range []int{100, 1000} {
		contenders, err := bulkContenders(benchServer.url, size)
		require.NoError(b, err)
		for _, c := range contenders {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) { benchmark(b, c, "items/s") })
		}
	}
}

func benchmark(b *testing.B, c contender, unit string) {
	b.Helper()
	b.ReportAllocs()
	seen, err := countsOf(benchServer.url)
	require.NoError(b, err)
	b.ResetTimer()
	got, err := c.run(b.N)
	b.StopTimer()
	require.NoError(b, err)
	require.NoError(b, account(benchServer.url, seen, got, b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
}
