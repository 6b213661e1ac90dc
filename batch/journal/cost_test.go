package journal_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/batch/journal"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// transactions are n items, each of a customer of its own.
func transactions(n int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for i := range n {
			body := fmt.Appendf(nil, `{"identifierType":"externalId","identifierValue":"C%07d","source":"INSTORE",`+
				`"type":"REGULAR","billNumber":"B%07d","billAmount":12.5}`, i, i)
			if !yield(body, nil) {
				return
			}
		}
	}
}

// cost is what a load took.
type cost struct {
	elapsed time.Duration
	heap    uint64 // most in use at ten moments
	size    int64  // of the journal's file
}

// loadThrough loads n items into a simulator with a latency of 20 ms and a limit
// of 100, 16 calls at a time, with a journal at path or, if that is empty, without.
func loadThrough(tb testing.TB, n int, path string) cost {
	tb.Helper()
	sim := clienttest.New(clienttest.Options{Latency: 20 * time.Millisecond, BatchLimit: 100, Forget: true})
	srv := sim.InMemory()
	defer func() { _ = srv.Close() }()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("till", "secret"))
	require.NoError(tb, err)
	eng, err := batch.New(c.Bulk(client.TransactionsBulk), batch.Config[json.RawMessage]{MaxItems: 100, MaxConcurrency: 16})
	require.NoError(tb, err)
	var opts []batch.RunOption
	var book *journal.Journal
	if path != "" {
		book, err = journal.Open(path, identity)
		require.NoError(tb, err)
		opts = append(opts, batch.WithJournal(book))
	}
	var got cost
	start, marked, results := time.Now(), time.Now(), 0
	run := eng.Run(tb.Context(), transactions(n), opts...)
	for r := range run.Results() {
		if !r.Outcome.Done() {
			require.NoError(tb, r.Err)
		}
		if results++; results%max(1, n/10) == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			got.heap = max(got.heap, m.HeapInuse)
		}
		if book == nil {
			continue
		}
		book.Delivered(r.Index)
		if time.Since(marked) >= time.Second {
			marked = time.Now()
			require.NoError(tb, book.Mark(nil))
		}
	}
	require.NoError(tb, run.Err())
	require.Equal(tb, n, results)
	if book != nil {
		require.NoError(tb, book.Mark(nil))
		require.NoError(tb, book.Close())
		info, err := os.Stat(path)
		require.NoError(tb, err)
		got.size = info.Size()
	}
	got.elapsed = time.Since(start)
	return got
}

// BenchmarkLoad reports a load's time for one item, with a journal and without:
//
//	go test ./batch/journal -run '^$' -bench Load -benchtime 1000000x
func BenchmarkLoad(b *testing.B) {
	for name, file := range map[string]string{"without a journal": "", "with a journal": "j"} {
		b.Run(name, func(b *testing.B) {
			path := file
			if path != "" {
				path = filepath.Join(b.TempDir(), file)
			}
			got := loadThrough(b, b.N, path)
			b.ReportMetric(float64(got.heap>>20), "MiB-heap")
			b.ReportMetric(float64(got.size>>20), "MiB-file")
		})
	}
}

// The loads take turns, so that what else the machine does strikes both.
func TestWhatAJournalCosts(t *testing.T) { //nolint:paralleltest // times are compared
	if os.Getenv("CAPILLARY_LONG") == "" {
		t.Skip("CAPILLARY_LONG is not set: a million items in turns, twice")
	}
	const rounds, items = 5, 200_000
	// The best of each counts: what else the machine does only makes it worse.
	without, with := time.Hour, time.Hour
	for round := range rounds {
		plain := loadThrough(t, items, "")
		kept := loadThrough(t, items, filepath.Join(t.TempDir(), "j"))
		without, with = min(without, plain.elapsed), min(with, kept.elapsed)
		t.Logf("round %d: %v without, %v with; heap %d and %d MiB; file %d MiB", round+1, plain.elapsed.Round(time.Millisecond),
			kept.elapsed.Round(time.Millisecond), plain.heap>>20, kept.heap>>20, kept.size>>20)
	}
	t.Logf("%d items at best: %v without, %v with: %+.1f %%", items, without.Round(time.Millisecond), with.Round(time.Millisecond),
		100*(with.Seconds()/without.Seconds()-1))
	assert.LessOrEqual(t, with.Seconds(), 1.15*without.Seconds())
}
