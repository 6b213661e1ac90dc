package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// realInvoices returns the invoices of the UCI data set "Online Retail" (Chen 2015), one a row.
func realInvoices(t *testing.T) []input {
	t.Helper()
	folder := os.Getenv("CAPILLARY_REFERENCE")
	if folder == "" {
		t.Skip("CAPILLARY_REFERENCE is not set: no real invoices to load")
	}
	f, err := os.Open(filepath.Join(folder, "data", "online-retail-invoices.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var items []input
	for i, row := range rows[1:] {
		in := bill{number: row[0], customer: strings.TrimSuffix(row[2], "(blank)")}.input()
		in.ID = "row-" + strconv.Itoa(i)
		items = append(items, in)
	}
	return items
}

// mishaps strike 5 % of the items and 2 % of the calls.
func mishaps() clienttest.Options {
	return clienttest.Options{
		BatchLimit: 100, Latency: 15 * time.Millisecond, Seed: 3,
		Faults: clienttest.Faults{ItemBusy: 0.05, SearchBusy: 0.005, AuthzUnavailable: 0.005, CustomerBusy: 0.005, RateLimited: 0.005},
	}
}

// The same invoices, by one engine in one process and by three workers: the totals are the same.
func TestTheRealInvoicesEndAsOnOneMachine(t *testing.T) {
	t.Parallel()
	items := realInvoices(t)
	alone, aloneStats := oneMachine(t, items, mishaps())

	sim := clienttest.New(mishaps())
	srv := sim.InMemory()
	t.Cleanup(func() { _ = srv.Close() })
	settings := quick()
	settings.Timeout = 10 * time.Second
	j := open(t, broker(t), "invoices", settings)
	for n := range 3 {
		running(t, j, srv, workerOptions{name: "worker " + strconv.Itoa(n), again: 200 * time.Millisecond})
	}
	inspect, err := inspector()
	require.NoError(t, err)
	go func() {
		_, err := j.produce(t.Context(), inspect, func(yield func(input, error) bool) {
			for _, in := range items {
				if !yield(in, nil) {
					return
				}
			}
		})
		assert.NoError(t, err)
	}()
	together := make(map[caperrors.Outcome]int)
	for _, line := range j.outcomes(t, 60*time.Second) {
		together[line.Outcome]++
	}
	stats := sim.Stats()
	t.Logf("%d invoices: %v; fewest possible calls 260, one machine %d, three workers %d (%d wasted)",
		len(items), together, aloneStats.Calls, stats.Calls, stats.WastedCalls)
	assert.Equal(t, alone, together)
	assert.Equal(t, aloneStats.ItemsApplied, stats.ItemsApplied)
	assert.Zero(t, stats.SameCustomerInFlight)
	assert.Zero(t, stats.SameCustomerInCall)
}

// oneMachine loads the items with the engine alone.
func oneMachine(tb testing.TB, items []input, opts clienttest.Options) (map[caperrors.Outcome]int, clienttest.Stats) {
	tb.Helper()
	sim := clienttest.New(opts)
	srv := sim.InMemory()
	defer srv.Close()
	bulk, err := api(srv.URL, 10*time.Second, client.WithBasic("till", "secret"), client.WithHTTPClient(srv.HTTPClient()))
	require.NoError(tb, err)
	eng, err := batch.New(bulk, batch.Config[json.RawMessage]{})
	require.NoError(tb, err)
	run := eng.Run(tb.Context(), func(yield func(json.RawMessage, error) bool) {
		for _, in := range items {
			if !yield(in.Body, nil) {
				return
			}
		}
	})
	counts := make(map[caperrors.Outcome]int)
	for r := range run.Results() {
		counts[r.Outcome]++
	}
	require.NoError(tb, run.Err())
	return counts, sim.Stats()
}
