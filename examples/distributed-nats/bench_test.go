package main

import (
	"strconv"
	"testing"
	"time"

	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/stretchr/testify/require"
)

// BenchmarkAWorkerBesideThePlainEngine loads the same items through one worker and through the engine alone, and reports the worker's
// items a second by the engine's. A call takes 50 ms, as little as one over a network does; both have four in flight.
func BenchmarkAWorkerBesideThePlainEngine(b *testing.B) {
	bills := make([]bill, 30_000)
	for i := range bills {
		bills[i] = bill{number: "n" + strconv.Itoa(i), customer: "c" + strconv.Itoa(i%15_000)}
	}
	items := make([]input, len(bills))
	for i, one := range bills {
		items[i] = one.input()
	}
	opts := clienttest.Options{BatchLimit: 100, Latency: 50 * time.Millisecond}
	for b.Loop() {
		start := time.Now()
		counts, alone := oneMachine(b, items, opts)
		plain := time.Since(start)
		require.Len(b, counts, 1)

		sim := clienttest.New(opts)
		srv := sim.InMemory()
		url := broker(b)
		s := quick()
		s.Timeout = 30 * time.Second
		j := open(b, url, "bench", s)
		j.load(b, bills)
		stop := running(b, url, "bench", srv, &options{})
		await(b, time.Minute, "the first call", func() bool { return sim.Stats().Calls > 0 })
		start = time.Now()
		await(b, time.Minute, "the last item", func() bool {
			info, err := j.results.Info(b.Context())
			return err == nil && info.State.Msgs == uint64(len(bills))
		})
		took := time.Since(start)
		require.NoError(b, stop())
		require.NoError(b, srv.Close())
		b.ReportMetric(plain.Seconds()/took.Seconds(), "ratio")
		b.ReportMetric(float64(len(bills))/took.Seconds(), "items/s")
		b.ReportMetric(float64(sim.Stats().Calls)/float64(alone.Calls), "calls/calls")
	}
}
