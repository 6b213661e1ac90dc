package batch_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// long reports whether the figures are to be shown over their whole range.
func long() bool { return os.Getenv("CAPILLARY_LONG") != "" }

// notInShort leaves a figure out of a short run, such as the one with the race
// detector, where it takes minutes: other tests run the same code there.
func notInShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
}

// scaled is a number of items, and that of the long run.
func scaled(short, whole int) int {
	if long() {
		return whole
	}
	return short
}

// outstanding is a call of a learner's test.
type outstanding struct {
	size  int
	probe bool
}

// learnTogether sends n items with up to lanes calls in flight, which come back
// in the order they went out, to a server that takes up to limit a call.
func learnTogether(t *testing.T, n, limit, start, maxItems, lanes int) (calls, rejected int) {
	t.Helper()
	l := batch.NewLearner()
	var flying []outstanding
	for n > 0 || len(flying) > 0 {
		if n > 0 && len(flying) < lanes {
			size, wait := l.Size(start, maxItems)
			if !wait {
				size = min(size, n)
				flying = append(flying, outstanding{size, l.Began(size)})
				n -= size
				calls++
				continue
			}
		}
		back := flying[0]
		flying = flying[1:]
		if back.size <= limit {
			l.Accepted(back.size, back.probe)
			continue
		}
		rejected++
		n += back.size
		require.Equal(t, "repack", l.Rejected(back.size, 0, back.probe))
	}
	return calls, rejected
}

// B-1: what learning a limit costs, whatever it is, wherever the search begins
// and however many calls are in flight: max(1, ⌈log₂ S/L⌉) + 5 rejected calls,
// and ⌈log₂ L⌉ more to know it exactly, in a load of a million items; beside the
// looks whether it rose.
//
// CAPILLARY_LONG makes it every limit from 1 to 5000.
func TestALimitIsLearnedWithinItsPrice(t *testing.T) {
	t.Parallel()
	step := 97
	if long() {
		step = 1
	}
	for _, start := range []int{1, 10, 100, 1000, 5000} {
		t.Run(fmt.Sprintf("from %d", start), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			worst, at := 0, ""
			for _, lanes := range []int{1, 16, 64} {
				for limit := 1; limit <= 5000; limit += step {
					items := 1_000_000
					if limit < 20 {
						items = 100_000 // calls, not items, are what takes time
					}
					calls, rejected := learnTogether(t, items, limit, start, 5000, lanes)
					assert.LessOrEqual(t, rejected, max(1, log2(ceilDiv(start, limit)))+5+log2(limit)+looks(calls),
						"limit %d, %d lanes", limit, lanes)
					mu.Lock()
					if rejected > worst {
						worst, at = rejected, fmt.Sprintf("limit %d, %d lanes", limit, lanes)
					}
					mu.Unlock()
				}
			}
			t.Logf("B-1: at most %d rejected calls, %s", worst, at)
		})
	}
}

// B-2: the calls of a load of distinct customers, exactly learned: within 0.5 %
// and 20 of the fewest for a million items, within 20 for 26,000.
func TestCallsComeNearTheFewest(t *testing.T) {
	t.Parallel()
	step := 37
	if long() {
		step = 1
	}
	for _, lanes := range []int{1, 16} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			worst, at := 0.0, 0
			for limit := 1; limit <= 1000; limit += step {
				calls, _ := learnTogether(t, 1_000_000, limit, 100, 1000, lanes)
				fewest := ceilDiv(1_000_000, limit)
				assert.LessOrEqual(t, float64(calls), 1.005*float64(fewest)+20, "a million at limit %d: %d calls more", limit, calls-fewest)
				if over := float64(calls-20) / float64(fewest); over > worst {
					worst, at = over, limit
				}
				if limit >= 20 {
					calls, _ = learnTogether(t, 26_000, limit, 100, 1000, lanes)
					assert.LessOrEqual(t, calls, ceilDiv(26_000, limit)+20, "26,000 at limit %d", limit)
				}
			}
			t.Logf("B-2: at most %.4f of the fewest calls and 20, at limit %d", worst, at)
		})
	}
}

// B-3: a limit that falls from 200 to 50 and later rises to 500, neither named.
func TestALimitThatFallsAndRisesIsFollowed(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4, 8, 16} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.limit = 200
				before, fallen, taken := 0, 0, 0
				srv.fault = func(call int, bills []bill) answer {
					switch call {
					case 100:
						srv.limit, before = 50, srv.rejected
					case 500:
						srv.limit, fallen = 500, srv.rejected
					}
					if srv.limit == 500 && len(bills) < 500 {
						taken++
					}
					return nil
				}
				items := numbered(scaled(70_000, 150_000))
				rep, err := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: lanes}).Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv, items, rep)
				assert.Equal(t, 500, rep.Progress.Limit)
				t.Logf("B-3: %d calls rejected before, %d by the fall, %d by the rise, %d at the old limit after it, %d calls in all",
					before, fallen-before, srv.rejected-fallen, taken, len(srv.sent()))
				// Those in flight when it fell, what finds it, and three that looked
				// whether it rose, after 64, 128 and 256 calls.
				assert.LessOrEqual(t, fallen-before, lanes+log2(200/50)+5+3)
				assert.LessOrEqual(t, taken, 256+lanes)
			})
		})
	}
}

// B-3: a limit that only rises, late in a load, is found before as many calls
// again as were made: the looks are 64 calls apart, then twice as many, and so on.
func TestALimitThatRisesLateIsFollowed(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, lanes := range []int{1, 8} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const rises = 500
				srv := newServer()
				srv.limit = 200
				found := 0
				srv.fault = func(call int, bills []bill) answer {
					if call == rises {
						srv.limit = 500
					}
					if call > rises && found == 0 && len(bills) > 200 {
						found = call
					}
					return nil
				}
				items := numbered(250_000)
				rep, err := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: lanes}).Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv, items, rep)
				assert.Equal(t, 500, rep.Progress.Limit)
				// Looks after 64, 128, 256 and 512 calls of 200, at most 15 to learn it,
				// and those in flight.
				t.Logf("B-3: risen after call %d, found by call %d", rises, found)
				assert.LessOrEqual(t, found, 64+128+256+512+4+15+lanes)
			})
		})
	}
}

// B-7: items that fail for now ride in later full calls.
func TestRetriesCostHardlyACall(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{0.01, 0.05, 0.2} {
		for _, size := range []int{100, 500} {
			t.Run(fmt.Sprintf("%v of the items, %d a call", share, size), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					const attempts = 8
					n := scaled(30_000, 100_000)
					rng := rand.New(rand.NewPCG(7, 7))
					srv := newServer()
					srv.verdict = func(bill, int) caperrors.Verdict {
						if rng.Float64() < share {
							return refusedNow(521)
						}
						return caperrors.Verdict{Outcome: caperrors.Applied}
					}
					items := numbered(n)
					eng := newEngine(t, srv, batch.Config[bill]{MaxItems: size, Advanced: batch.Advanced{StartItems: size}})
					rep, _ := eng.Do(t.Context(), items)
					assertSound(t, srv, items, rep)
					fewest := float64(n) / float64(size)
					calls := len(srv.sent())
					t.Logf("B-7: %d calls, %.3f of the fewest without failures", calls, float64(calls)/fewest)
					assert.LessOrEqual(t, float64(calls), 1.02*fewest/(1-share)+attempts)
				})
			})
		}
	}
}
