package main

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/stretchr/testify/require"
)

// BenchmarkAWorkerBesideThePlainEngine loads the same items through one worker and through the engine alone, and reports the worker's
// items a second by the engine's. Both have four calls in flight; the simulator takes 50 or 200 ms for one.
func BenchmarkAWorkerBesideThePlainEngine(b *testing.B) {
	bills := make([]bill, 20_000)
	items := make([]input, len(bills))
	for i := range bills {
		bills[i] = bill{number: "n" + strconv.Itoa(i), customer: "c" + strconv.Itoa(i%10_000)}
		items[i] = bills[i].input()
	}
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		b.Run(latency.String(), func(b *testing.B) {
			opts := clienttest.Options{BatchLimit: 100, Latency: latency}
			var alone, through time.Duration
			for b.Loop() {
				start := time.Now()
				oneMachine(b, items, opts)
				alone += time.Since(start)
				through += throughWorker(b, bills, opts)
			}
			b.ReportMetric(alone.Seconds()/through.Seconds(), "ratio")
			b.ReportMetric(float64(len(bills)*b.N)/through.Seconds(), "items/s")
		})
	}
}

// throughWorker returns how long a worker takes from its first call to the last outcome.
func throughWorker(b *testing.B, bills []bill, opts clienttest.Options) time.Duration {
	b.Helper()
	sim := clienttest.New(opts)
	srv := sim.InMemory()
	defer srv.Close()
	s := quick()
	s.Timeout = 30 * time.Second
	j := open(b, broker(b), "bench", s)
	j.load(b, bills)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := j.watch(ctx, nil, nil)
		done <- err
	}()
	stop := running(b, j, srv, workerOptions{})
	await(b, time.Minute, "the first call", func() bool { return sim.Stats().Calls > 0 })
	start := time.Now()
	require.NoError(b, <-done)
	took := time.Since(start)
	require.NoError(b, stop())
	return took
}
