package batch_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// B-1, B-2: what a limit that nobody told of costs the whole engine, with its
// packer, window and lanes, where TestALimitIsLearnedWithinItsPrice and
// TestCallsComeNearTheFewest ask the learner alone.
func TestAnEngineLearnsALimitWithinItsPrice(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, limit := range []int{1, 2, 3, 7, 10, 25, 37, 99, 100, 149, 371, 1000} {
		for _, start := range []int{10, 100, 1000} {
			for _, lanes := range []int{1, 8} {
				t.Run(fmt.Sprintf("limit %d from %d, %d lanes", limit, start, lanes), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						learnWith(t, limit, start, lanes)
					})
				})
			}
		}
	}
}

func learnWith(t *testing.T, limit, start, lanes int) {
	t.Helper()
	srv := newServer()
	srv.limit = limit
	// The price does not depend on the length of the load, but calls of one item
	// each take their time.
	n := min(26_000, scaled(300, 3000)*limit)
	items := numbered(n)
	eng := newEngine(t, srv, batch.Config[bill]{
		MaxItems: 1000, MaxConcurrency: lanes, Advanced: batch.Advanced{StartItems: start},
	})
	run := eng.Run(t.Context(), fromBills(items))
	results := make([]batch.Result[bill], n)
	for r := range run.Results() {
		results[r.Index] = r
	}
	require.NoError(t, run.Err())
	require.Empty(t, unsound(srv, items, results))
	calls, fewest := len(srv.sent()), ceilDiv(n, limit)
	t.Logf("B-1, B-2: %d items, %d calls, %d more than the fewest, %d of them rejected", n, calls, calls-fewest, srv.rejected)
	assert.LessOrEqual(t, srv.rejected, max(1, log2(ceilDiv(start, limit)))+5+log2(limit)+looks(calls))
	if limit < 20 { // B-2 has no bound for a short load of so many calls
		assert.LessOrEqual(t, float64(calls), 1.005*float64(fewest)+20)
	} else {
		assert.LessOrEqual(t, calls, fewest+20)
	}
}
