package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// brokenOff begins a load of 100 bills, one customer each, and ends when all are in flight. It returns the flags of the load.
func brokenOff(t *testing.T, dir string, concurrency int) []string {
	t.Helper()
	input := filepath.Join(dir, "in.ndjson")
	require.NoError(t, os.WriteFile(input, []byte(bills(100, 100)), 0o600))
	flags := fields(fmt.Sprintf("%s-sim-limit 0 -sim-latency 50ms -timeout 2s -on-unknown reconcile -concurrency %d -journal %s -results %s",
		calm, concurrency, filepath.Join(dir, "j"), filepath.Join(dir, "r")), input)
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Millisecond)
	defer cancel()
	var e etl
	e.runUntil(ctx, flags...)
	e.statusIs(t, 1)
	require.Contains(t, e.lastLine(), "etl: 0 records")
	return flags
}

// everyThird has the simulator take each third bill, as if the call that was broken off had come so far.
func everyThird(t *testing.T, sim *clienttest.Simulator) {
	t.Helper()
	var list []string
	for i := 0; i < 100; i += 3 {
		list = append(list, bill(fmt.Sprintf("100-%d", i), fmt.Sprintf("c%d", i)))
	}
	applyAll(t, sim, list...)
}

func TestWhatWasInFlightIsAskedForSeveralAtATime(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 4, 10} {
		t.Run(fmt.Sprintf("%d at most", concurrency), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				flags := brokenOff(t, dir, concurrency)
				start := time.Now()
				e := etl{setup: func(sim *clienttest.Simulator) { everyThird(t, sim) }}
				e.run(t, flags...)
				e.statusIs(t, 0)
				assert.Contains(t, e.stderr, "100 were in flight")
				assert.Contains(t, e.lastLine(), "100 records: applied 66, duplicate 34, refused 0, unknown 0,")
				stats := e.sim.Stats()
				assert.Equal(t, 100, stats.Lookups, "one question a bill")
				assert.Zero(t, stats.DuplicateApplied)
				asking := time.Since(start) - 2*time.Second // the server may have been at work until then
				assert.Less(t, asking, time.Duration(100/concurrency+10)*50*time.Millisecond)
				assert.GreaterOrEqual(t, asking, time.Duration(100/concurrency)*50*time.Millisecond, "and no more at a time")
			})
			for i, line := range readResults(t, filepath.Join(dir, "r")) {
				assert.True(t, line.AfterUnknown)
				want := "applied"
				if i%3 == 0 {
					want = "duplicate"
				}
				assert.Equal(t, want, line.Outcome.String(), "row %d", line.Row)
			}
		})
	}
}

func TestALoadThatIsInterruptedWhileItAsksGoesOn(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"an interrupt", "the end of its context"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				flags := brokenOff(t, dir, 4)
				// It reads ahead to the end of the input at once, and is far from having asked.
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				drain := make(chan struct{})
				timer := time.AfterFunc(2500*time.Millisecond, func() {
					if ending == "an interrupt" {
						close(drain)
					} else {
						cancel()
					}
				})
				defer timer.Stop()
				start := time.Now()
				e := etl{drain: drain}
				e.runUntil(ctx, flags...)
				e.statusIs(t, 1)
				assert.Contains(t, e.stderr, "give the same command again")
				assert.Less(t, time.Since(start), 2700*time.Millisecond)
				asked := e.sim.Stats().Lookups
				assert.Positive(t, asked)
				assert.Less(t, asked, 60)
				sent := e.sim.Stats().ItemsApplied

				e = etl{}
				e.run(t, flags...)
				e.statusIs(t, 0)
				assert.Contains(t, e.lastLine(), "100 records: applied 100,")
				assert.Equal(t, 100, sent+e.sim.Stats().ItemsApplied)
				assert.Zero(t, e.sim.Stats().DuplicateApplied)
			})
			require.Len(t, readResults(t, filepath.Join(dir, "r")), 100)
		})
	}
}

func TestSlowQuestionsDoNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		flags := brokenOff(t, dir, 4)
		start := time.Now()
		e := etl{setup: func(sim *clienttest.Simulator) {
			o := sim.Options()
			o.Script = func(r *http.Request) *clienttest.Answer {
				if slices.Contains([]string{"100-0", "100-20", "100-40", "100-60", "100-80"}, path.Base(r.URL.Path)) {
					return &clienttest.Answer{Delay: 250 * time.Millisecond}
				}
				return nil
			}
			sim.SetOptions(o)
		}}
		e.run(t, flags...)
		e.statusIs(t, 0)
		assert.Contains(t, e.lastLine(), "applied 100,")
		assert.Less(t, time.Since(start)-2*time.Second, 2*time.Second)
	})
}

func TestWhatIsReadAheadIsNotTheEndOfTheInput(t *testing.T) {
	t.Parallel()
	server := clienttest.New(clienttest.Options{}).InMemory()
	t.Cleanup(func() { _ = server.Close() })
	api, err := client.New(server.URL, client.WithBasic("till", "secret"), client.WithHTTPClient(server.HTTPClient()))
	require.NoError(t, err)
	in := &input{source: &ndjsonSource{r: bufio.NewReader(strings.NewReader(bills(5, 5)))}}
	a := &ahead{in: in, read: in.next, open: func(row int) bool { return row%2 == 0 }, left: 3, asker: newAsker(api, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for row := range 3 {
		rec, nextErr := a.next(ctx)
		require.NoError(t, nextErr)
		assert.Equal(t, row+1, rec.row, "in the order of the input")
	}
	assert.True(t, in.ended.Load(), "read to its end")
	cancel()
	a.end()
	assert.False(t, in.ended.Load(), "two records are left")
}
