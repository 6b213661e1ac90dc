package batch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/retry"
)

// A server that refuses a large part of its calls empties the budget now and
// then. The waits that follow spread the load over minutes, not over hours; the
// calls are those that it takes without a budget.
func TestAnEmptyBudgetDoesNotStretchALoadOverHours(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, tt := range []struct {
		share  float64
		tokens int
		most   time.Duration
	}{
		// 200 calls are wanted, some 333 and 500 are made. Without a budget they
		// take half a minute and three. A success that gives tokens back makes the
		// next wait one of a second again; one of 20 s each would make 11 and 53 min.
		{0.4, retry.DefaultBudget, time.Minute},
		{0.4, 50, 150 * time.Second},
		{0.6, retry.DefaultBudget, 12 * time.Minute},
		{0.6, 50, 20 * time.Minute},
	} {
		t.Run(fmt.Sprintf("%v of the calls, %d tokens", tt.share, tt.tokens), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(10) {
				synctest.Test(t, func(t *testing.T) {
					rng := rand.New(rand.NewPCG(seed, 7))
					srv := &shared{server: newServer(), budget: retry.NewBudget(tt.tokens)}
					refused := 0
					srv.fault = func(int, []bill) answer {
						if rng.Float64() < tt.share {
							refused++
							return refuseCall(503)
						}
						return nil
					}
					items := numbered(20_000)
					eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
					start := time.Now()
					rep, err := eng.Do(t.Context(), items)
					require.NoError(t, err)
					took := time.Since(start)
					assertSound(t, srv.server, items, rep)
					t.Logf("%v, %d calls, %d refused", took.Round(time.Second), len(srv.sent()), refused)
					assert.LessOrEqual(t, took, tt.most)
					assert.Equal(t, 200, len(srv.sent())-refused)
					assertIdle(t, eng)
				})
			}
		})
	}
}

// B-10: an outage costs no more calls when the budget is empty.
func TestAnOutageWithAnEmptyBudgetCostsFewCalls(t *testing.T) {
	t.Parallel()
	for _, tokens := range []int{1, 50, retry.DefaultBudget} {
		t.Run(fmt.Sprintf("%d tokens", tokens), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const lanes, lasts = 16, 5 * time.Minute
				srv := &shared{server: newServer(), budget: retry.NewBudget(tokens)}
				down := 0
				from := time.Now().Add(2 * time.Second)
				srv.fault = func(int, []bill) answer {
					if since := time.Since(from); since > 0 && since < lasts {
						down++
						return refuseCall(503)
					}
					return nil
				}
				items := numbered(100_000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: lanes})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv.server, items, rep)
				t.Logf("B-10: an outage of %v took %d calls; the load went on %v after it", lasts, down, time.Since(from.Add(lasts)).Round(time.Second))
				assert.LessOrEqual(t, down, lanes+9+int(lasts/(15*time.Second)))
				assertIdle(t, eng)
			})
		})
	}
}
