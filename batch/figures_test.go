package batch_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// long reports whether the figures are to be shown over their whole range.
func long() bool { return os.Getenv("CAPILLARY_LONG") != "" }

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
		require.Equal(t, "repack", l.Rejected(back.size, 0, back.probe, false))
	}
	return calls, rejected
}

// B-1: what learning a limit costs, whatever it is, wherever the search begins
// and however many calls are in flight: max(1, ⌈log₂ S/L⌉) + 5 rejected calls,
// and ⌈log₂ L⌉ more to know it exactly, in a load of a million items.
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
					_, rejected := learnTogether(t, items, limit, start, 5000, lanes)
					assert.LessOrEqual(t, rejected, max(1, log2(ceilDiv(start, limit)))+5+log2(limit),
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
