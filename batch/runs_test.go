package batch_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// newRuns returns an engine whose calls may carry several bills of a customer,
// and its server.
func newRuns(t *testing.T, cfg batch.Config[bill]) (*server, *batch.Engine[bill]) {
	t.Helper()
	srv := newServer()
	srv.runs = true
	cfg.Advanced.SameKeyInBatch = true
	return srv, newEngine(t, srv, cfg)
}

func ofOne(n int) []bill { return ofCustomers(slices.Repeat([]string{"a"}, n)...) }

func TestARunOfOneCustomerSharesACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 100})
		items := ofOne(249)
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, []int{100, 100, 49}, lengths(srv))
		assert.True(t, slices.IsSortedFunc(srv.order["a"], byNumber))
		assert.Equal(t, 1, srv.peak, "one call of a customer at a time")
		assertIdle(t, eng)
	})
}

// Bills 1 and 3 are refused for now, 2 and 4 are applied: nothing is inferred.
// What was not applied is sent again in its order, and 5 waits for it.
func TestARunWithTransientsKeepsTheOrderOfTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 5})
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if (b.ID == "1" || b.ID == "3") && sends == 1 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		items := ofOne(6)
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, [][]string{{"0", "1", "2", "3", "4"}, {"1", "3", "5"}}, srv.sent())
		assertIdle(t, eng)
	})
}

// The parts of a split call go one after another: they are of one customer.
func TestARunWithAnItemAtFaultIsSplitInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 8, MaxConcurrency: 8})
		_, err := eng.Do(t.Context(), numbered(100)) // opens the lanes
		require.NoError(t, err)
		srv.fault = func(_ int, bills []bill) answer {
			if slices.ContainsFunc(bills, func(b bill) bool { return b.ID == "3" }) {
				return refuseCall(400)
			}
			return nil
		}
		rep, err := eng.Do(t.Context(), ofOne(8))
		require.Error(t, err)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 7, caperrors.Refused: 1}, outcomes(rep))
		assert.Equal(t, []string{"0", "1", "2", "4", "5", "6", "7"}, srv.order["a"])
		assert.Empty(t, srv.clashes)
		assertIdle(t, eng)
	})
}

// The first half of a split call is refused for now. The second must not go
// before it is through.
func TestARunIsTakenBackBehindWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 8})
		srv.first(refuseCall(400), refuseCall(503))
		rep, err := eng.Do(t.Context(), ofOne(8))
		require.NoError(t, err)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 8}, outcomes(rep))
		assert.Equal(t, []int{8, 4, 8}, lengths(srv))
		assert.True(t, slices.IsSortedFunc(srv.order["a"], byNumber))
		assertIdle(t, eng)
	})
}

func TestARunIsHeldBehindWhatIsGivenUp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script  []answer
		verdict func(b bill, sends int) caperrors.Verdict
		want    []caperrors.Outcome // of 8 bills, 4 a call
	}{
		"one is unknown: the later ones of its call are not sent again": {
			nil, func(b bill, _ int) caperrors.Verdict {
				switch b.ID {
				case "0", "2":
					return refusedNow(521)
				case "1":
					return caperrors.Verdict{}
				default:
					return caperrors.Verdict{Outcome: caperrors.Applied}
				}
			},
			// 0 comes before it, and has its second try; 2 comes after it.
			[]caperrors.Outcome{caperrors.Refused, caperrors.Unknown, caperrors.Refused, caperrors.Applied},
		},
		"the first half of a split call is unknown: the second is not sent": {
			[]answer{refuseCall(400), lose(0)},
			nil,
			[]caperrors.Outcome{caperrors.Unknown, caperrors.Unknown, caperrors.Refused, caperrors.Refused},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, eng := newRuns(t, batch.Config[bill]{
					MaxItems: 4, MaxAttempts: 2, Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey},
				})
				srv.first(tt.script...).verdict = tt.verdict
				rep, err := eng.Do(t.Context(), ofOne(8))
				require.ErrorIs(t, err, caperrors.ErrPredecessor)
				for i, r := range rep.Results {
					if i < len(tt.want) {
						assert.Equal(t, tt.want[i], r.Outcome, "item %d", i)
						continue
					}
					assert.Equal(t, caperrors.NotSent, r.Outcome, "item %d", i)
					require.ErrorIs(t, r.Err, caperrors.ErrPredecessor)
				}
				assert.Equal(t, 1, rep.Results[2].Attempts)
				require.ErrorIs(t, rep.Results[2].Err, caperrors.ErrPredecessor)
				assertIdle(t, eng)
			})
		})
	}
}

// A call with a run timed out. What comes behind it waits as long again.
func TestARunThatTimedOutKeepsItsCustomerClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 4})
		srv.first(refuseCall(400), lose(30*time.Second))
		_, err := eng.Do(t.Context(), ofOne(8))
		require.Error(t, err)
		calls := srv.calls
		require.Len(t, calls, 4, "4 are split, 2 time out, then 2 and 4")
		assert.Equal(t, []string{"2", "3", "4", "5"}, calls[2].ids)
		assert.GreaterOrEqual(t, calls[2].at.Sub(calls[1].end), 30*time.Second)
		assertIdle(t, eng)
	})
}

func TestRunsSaveRoundTripsOfSkewedData(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, eng := newRuns(t, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 8})
		items := skewed()
		start := time.Now()
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		trips := int(time.Since(start) / srv.latency)
		t.Logf("%d items, the longest backlog %d: %d calls in %d round trips", len(items), longest(items), len(srv.sent()), trips)
		assert.LessOrEqual(t, len(srv.sent()), ceilDiv(len(items), 100)+5)
		assert.LessOrEqual(t, trips, 2*ceilDiv(len(items), 100)/8)
	})
}
