package batch_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// invoices returns a year of a shop's invoices, in their order. A blank
// customer is none.
func invoices(t *testing.T) []bill {
	t.Helper()
	folder := os.Getenv("CAPILLARY_REFERENCE")
	if folder == "" {
		t.Skip("CAPILLARY_REFERENCE is not set: it names the folder with data/online-retail-invoices.csv")
	}
	f, err := os.Open(filepath.Join(folder, "data", "online-retail-invoices.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	items := make([]bill, 0, len(rows))
	for _, row := range rows[1:] {
		b := bill{ID: strconv.Itoa(len(items)), Customer: row[2]}
		if b.Customer == "(blank)" {
			b.Customer = ""
		}
		items = append(items, b)
	}
	return items
}

// skewed returns made up invoices that are as uneven: the k-th customer has
// 250/√k, every seventh has no customer.
func skewed() []bill {
	rng := rand.New(rand.NewPCG(1, 5))
	var items []bill
	for k := 1; k <= 3000; k++ {
		for range int(250 / math.Sqrt(float64(k))) {
			b := bill{Customer: "c" + strconv.Itoa(k)}
			if rng.IntN(7) == 0 {
				b.Customer = ""
			}
			items = append(items, b)
		}
	}
	rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	for i := range items {
		items[i].ID = strconv.Itoa(i)
	}
	return items
}

// longest is the number of items of the customer that has most.
func longest(items []bill) int {
	n, most := make(map[string]int), 0
	for _, b := range items {
		if n[b.Customer]++; b.Customer != "" {
			most = max(most, n[b.Customer])
		}
	}
	return most
}

func TestSkewedDataTakesHardlyMoreCallsThanItMust(t *testing.T) {
	t.Parallel()
	sources := map[string]struct {
		items func(t *testing.T) []bill
		lanes []int
	}{
		"a shop's invoices": {invoices, []int{1, 4, 8, 16}},
		"made up":           {func(t *testing.T) []bill { t.Helper(); return skewed() }, []int{1, 16}},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := source.items(t)
			// No schedule needs fewer calls than these two.
			least := max(longest(items), ceilDiv(len(items), 100))
			for _, lanes := range source.lanes {
				for _, kind := range []string{"no faults", "faults", "a named limit", "a known limit"} {
					t.Run(fmt.Sprintf("%s, %d lanes", kind, lanes), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							loadSkewed(t, items, kind, lanes, least)
						})
					})
				}
			}
		})
	}
}

func loadSkewed(t *testing.T, items []bill, kind string, lanes, least int) {
	t.Helper()
	srv := newServer()
	srv.limit = 100
	srv.named = kind == "a named limit"
	if kind == "faults" {
		rng := rand.New(rand.NewPCG(1, 2))
		srv.fault = func(int, []bill) answer {
			if x := rng.IntN(100); x < 6 { // 2 % each
				return refuseCall([]caperrors.Code{461, 503, 521}[x/2])
			}
			return nil
		}
		srv.verdict = func(bill, int) caperrors.Verdict {
			if rng.IntN(100) < 5 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
	}
	cfg := batch.Config[bill]{MaxConcurrency: lanes}
	if kind == "a named limit" {
		cfg.Advanced.StartItems = 1000
	}
	if kind == "a known limit" {
		cfg.MaxItems = 100
	}
	eng := newEngine(t, srv, cfg)
	start := time.Now()
	rep, err := eng.Do(t.Context(), items)
	trips := int(time.Since(start) / srv.latency)
	require.NoError(t, err)
	assertSound(t, srv, items, rep)
	calls := len(srv.sent())
	t.Logf("%d items, at least %d calls: %d calls in %d round trips", len(items), least, calls, trips)
	if kind == "faults" {
		assert.LessOrEqual(t, calls, least*125/100+30)
		return
	}
	assert.LessOrEqual(t, calls, least*290/260)
	if kind == "a named limit" {
		assert.LessOrEqual(t, srv.rejected, 1)
	}
	switch {
	case lanes > 1:
		assert.LessOrEqual(t, trips, max(longest(items)*105, least*100)/100)
	case kind == "no faults": // B-1's price for the limit, which is learned from 100 on
		assert.Equal(t, calls, trips, "one at a time, and none waits")
		assert.LessOrEqual(t, trips, least+1+5+log2(100))
	default:
		assert.Equal(t, calls, trips)
		assert.LessOrEqual(t, trips, least+1)
	}
	assertIdle(t, eng)
}

// B-2.
func TestDistinctCustomersUseAllLanes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ limit, lanes int }{{37, 4}, {250, 4}, {100, 16}, {20, 8}, {149, 16}, {371, 16}} {
		t.Run(fmt.Sprintf("limit %d, %d lanes", tt.limit, tt.lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.limit = tt.limit
				items := numbered(26_000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: tt.lanes})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv, items, rep)
				assert.Equal(t, tt.lanes, srv.peak)
				assert.LessOrEqual(t, len(srv.sent()), ceilDiv(26_000, tt.limit)+20)
			})
		})
	}
}

// mishaps are what a long load meets, each with the calls that it may add to
// the fewest.
func mishaps(lanes int) map[string]struct {
	meet  func(srv *server, rng *rand.Rand)
	extra func(least int) int
} {
	type mishap = struct {
		meet  func(srv *server, rng *rand.Rand)
		extra func(least int) int
	}
	busy := func(srv *server, rng *rand.Rand) {
		srv.limit = 100
		srv.verdict = func(bill, int) caperrors.Verdict {
			if rng.IntN(100) < 5 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
	}
	learning := 5 + log2(100) + 8
	return map[string]mishap{
		"the limit is 200, falls to 50 and rises to 500": {func(srv *server, _ *rand.Rand) {
			srv.limit = 200
			srv.fault = func(call int, _ []bill) answer {
				switch call {
				case 100:
					srv.limit = 50
				case 200:
					srv.limit = 500
				}
				return nil
			}
		}, func(int) int { return learning + 2*lanes + 20 }},
		// 1.08 of the fewest, 20 and the attempts.
		"5 % of the items are busy": {busy, func(least int) int { return least*8/100 + 20 + 8 }},
		"an outage of one minute": {func(srv *server, _ *rand.Rand) {
			srv.limit = 100
			var down time.Time
			srv.fault = func(call int, _ []bill) answer {
				if call == 100 {
					down = time.Now()
				}
				if call >= 100 && time.Since(down) < time.Minute {
					return refuseCall(503)
				}
				return nil
			}
		}, func(int) int { return learning + lanes + 9 + 60/15 + lanes }},
	}
}

func TestALoadThroughMishaps(t *testing.T) {
	t.Parallel()
	sources := map[string]func(t *testing.T) []bill{
		"a shop's invoices": invoices,
		"made up":           func(t *testing.T) []bill { t.Helper(); return skewed() },
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := source(t)
			least := max(longest(items), ceilDiv(len(items), 100))
			for _, lanes := range []int{1, 4, 16} {
				for what, mishap := range mishaps(lanes) {
					t.Run(fmt.Sprintf("%s, %d lanes", what, lanes), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							srv := newServer()
							mishap.meet(srv, rand.New(rand.NewPCG(4, 5)))
							start := time.Now()
							rep, _ := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: lanes}).Do(t.Context(), items)
							assertSound(t, srv, items, rep)
							p := rep.Progress
							assert.Equal(t, len(items), p.Applied+p.Refused)
							assert.LessOrEqual(t, p.Refused, 2, "8 refusals in a row of 5 % each")
							assert.Len(t, srv.applied, p.Applied)
							t.Logf("%d of %d items applied in %d calls, %d wasted, in %v; at least %d calls without mishaps",
								p.Applied, len(items), p.Calls, p.Wasted, time.Since(start).Round(time.Second/10), least)
							assert.LessOrEqual(t, p.Calls, least+mishap.extra(least))
						})
					})
				}
			}
		})
	}
}
