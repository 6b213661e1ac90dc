package batch_test

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// applyAll is a server in memory that takes everything at once.
type applyAll struct{ verdicts []caperrors.Verdict }

func (s applyAll) Send(_ context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	return s.verdicts[:len(items)], nil
}

func newApplyAll() applyAll {
	s := applyAll{verdicts: make([]caperrors.Verdict, 1000)}
	for i := range s.verdicts {
		s.verdicts[i].Outcome = caperrors.Applied
	}
	return s
}

// encodedBills are items that are encoded already, so that what is measured is
// the engine alone.
func encodedBills(n int) iter.Seq2[json.RawMessage, error] {
	body := json.RawMessage(`{"billNumber":"1"}`)
	return func(yield func(json.RawMessage, error) bool) {
		for range n {
			if !yield(body, nil) {
				return
			}
		}
	}
}

func manyNames() []string {
	names := make([]string, 1<<16)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// keyShapes are ways in which items may share their keys.
func keyShapes() map[string]func(i int) string {
	names := manyNames()
	return map[string]func(i int) string{
		"no key":           func(int) string { return "" },
		"65536 keys":       func(i int) string { return names[i%len(names)] },
		"skewed, 300 keys": func(i int) string { return names[(i*i)%300] },
	}
}

// runAll sends n items and returns the number of calls.
func runAll(tb testing.TB, n int, key func(i int) string) int {
	tb.Helper()
	next := 0
	eng, err := batch.New(newApplyAll(), batch.Config[json.RawMessage]{MaxItems: 100, Key: func(json.RawMessage) string {
		next++
		return key(next)
	}})
	require.NoError(tb, err)
	run := eng.Run(tb.Context(), encodedBills(n))
	done := 0
	for range run.Results() {
		done++
	}
	require.NoError(tb, run.Err())
	require.Equal(tb, n, done)
	return run.Progress().Calls
}

// BenchmarkRun reports the engine's own cost of one item: time, allocations.
// B-9.
func BenchmarkRun(b *testing.B) {
	for name, key := range keyShapes() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			calls := runAll(b, b.N, key)
			b.ReportMetric(float64(calls)*100/float64(b.N), "calls/100items")
		})
	}
}

// BenchmarkRunWithTwoKeys reports the same for items of two keys each.
func BenchmarkRunWithTwoKeys(b *testing.B) {
	b.ReportAllocs()
	runWithTwoKeys(b, b.N, manyNames())
}

// runWithTwoKeys sends n items of two keys each.
func runWithTwoKeys(tb testing.TB, n int, names []string) {
	tb.Helper()
	next := 0
	keys := make([]string, 2)
	eng, err := batch.New(newApplyAll(), batch.Config[json.RawMessage]{MaxItems: 100, Keys: func(json.RawMessage) []string {
		next++
		keys[0], keys[1] = names[next%len(names)], names[next*7%len(names)]
		return keys
	}})
	require.NoError(tb, err)
	run := eng.Run(tb.Context(), encodedBills(n))
	for range run.Results() {
	}
	require.NoError(tb, run.Err())
}

// B-9.
//
//nolint:paralleltest // allocations are counted for the whole process
func TestAnItemTakesAtMostOneAllocation(t *testing.T) {
	if underRace {
		t.Skip("the race detector adds allocations")
	}
	const items = 50_000
	for name, key := range keyShapes() {
		t.Run(name, func(t *testing.T) {
			allocations := testing.AllocsPerRun(2, func() { runAll(t, items, key) })
			assert.LessOrEqual(t, allocations/items, 1.0)
		})
	}
	names := manyNames()
	t.Run("two keys", func(t *testing.T) {
		// The one is the list of further keys, which the engine copies. What the
		// 8,000 items of the window need once is a quarter on top, so it is what
		// further items add that is counted.
		some := testing.AllocsPerRun(2, func() { runWithTwoKeys(t, items, names) })
		more := testing.AllocsPerRun(2, func() { runWithTwoKeys(t, 3*items, names) })
		assert.LessOrEqual(t, (more-some)/(2*items), 1.1) // calls and growth included
	})
}

// B-9, T-50: 10 million items with CAPILLARY_LONG, each of a customer of its own.
//
//nolint:paralleltest // the heap is measured for the whole process
func TestMemoryIsFlat(t *testing.T) {
	items := 200_000
	if os.Getenv("CAPILLARY_LONG") != "" {
		items = 10_000_000
	}
	i := 0
	eng, err := batch.New(newApplyAll(), batch.Config[json.RawMessage]{MaxItems: 100, Key: func(json.RawMessage) string {
		i++
		return strconv.Itoa(i) // every item has a key of its own
	}})
	require.NoError(t, err)
	run := eng.Run(t.Context(), encodedBills(items))
	var early, late uint64
	n := 0
	for range run.Results() {
		n++
		if n%(items/40) != 0 {
			continue
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if n <= items/2 {
			early = max(early, m.HeapAlloc)
		} else {
			late = max(late, m.HeapAlloc)
		}
		_, keys := batch.Held(eng)
		assert.LessOrEqual(t, keys, 8000)
	}
	require.NoError(t, run.Err())
	assert.LessOrEqual(t, late, uint64(64<<20))
	// How full the window is differs from look to look, which moves the most of
	// twenty looks by up to a MiB. A leak of 24 bytes an item would be 2.3 MiB here.
	assert.LessOrEqual(t, float64(late), 1.1*float64(early)+1.5*(1<<20))
	t.Logf("B-9: %d items: %d KiB of live heap in the first half, %d KiB in the second, resident at the end %s",
		items, early>>10, late>>10, resident())
}

// resident is the memory of the process as the system counts it, where it can
// be asked as on Linux.
func resident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "not known"
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
