package batch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// T-09, T-25.
func TestALostAnswerIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(lose(0))
		items := numbered(150)
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), items)
		require.Error(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 100, caperrors.Applied: 50}, outcomes(rep))
		var sending *caperrors.TransportError
		require.ErrorAs(t, rep.Results[0].Err, &sending)
		assert.False(t, rep.Results[0].AfterUnknown)
		assert.Len(t, srv.callsWith("0"), 1, "not sent again")
	})
}

func TestALostAnswerIsSentAgainOnDemand(t *testing.T) {
	t.Parallel()
	later := map[string]struct {
		second  caperrors.Verdict
		outcome caperrors.Outcome
	}{
		"the server has it":           {caperrors.Verdict{Outcome: caperrors.Duplicate, Code: 604, Kind: caperrors.ErrDuplicate}, caperrors.Duplicate},
		"it had not come":             {caperrors.Verdict{Outcome: caperrors.Applied}, caperrors.Applied},
		"it is refused for good":      {caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid}, caperrors.Refused},
		"it is refused until the end": {refusedNow(521), caperrors.Unknown},
	}
	for name, tt := range later {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(failCall(&caperrors.CallError{Outcome: caperrors.Unknown, Err: errors.New("cut")}))
				srv.verdict = func(bill, int) caperrors.Verdict { return tt.second }
				eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ResendUnknown})
				rep, _ := eng.Do(t.Context(), numbered(10))
				for _, r := range rep.Results {
					assert.Equal(t, tt.outcome, r.Outcome)
					assert.Equal(t, tt.outcome != caperrors.Unknown, r.AfterUnknown)
					assert.GreaterOrEqual(t, r.Attempts, 2)
					assert.Equal(t, !tt.outcome.Done(), r.Err != nil)
				}
				assertIdle(t, eng)
			})
		})
	}
}

func TestResendingEndsAfterTheAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return failCall(errors.New("cut")) }
		eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ResendUnknown, MaxAttempts: 3})
		rep, err := eng.Do(t.Context(), numbered(10))
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		assert.Len(t, srv.sent(), 3)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 10}, outcomes(rep))
	})
}

func TestAnItemWithAnUnknownVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, _ int) caperrors.Verdict {
			if b.ID == "1" {
				return caperrors.Verdict{}
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), numbered(3))
		require.Error(t, err)
		assert.Equal(t, caperrors.Unknown, rep.Results[1].Outcome)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 2, caperrors.Unknown: 1}, outcomes(rep))
	})
}

func TestAServerThatDoesNotKnowItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(failCall(&caperrors.CallError{
			Outcome: caperrors.Refused, Err: &caperrors.RequestError{Code: 500, Kind: caperrors.ErrUncertain},
		}))
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), numbered(3))
		require.Error(t, err)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 3}, outcomes(rep))
	})
}

func TestATimeOutKeepsTheCustomerClosedForAsLongAgain(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]batch.OnUnknown{"reported": batch.ReportUnknown, "sent again": batch.ResendUnknown} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(lose(30 * time.Second))
				srv.dedupe = true
				eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: policy, MaxItems: 2})
				items := ofCustomers("a", "b", "a", "c", "d", "e")
				rep, err := eng.Do(t.Context(), items)
				assert.Equal(t, policy == batch.ResendUnknown, err == nil)
				assert.Empty(t, srv.clashes)
				freed := srv.calls[0].end.Add(30 * time.Second)
				again := srv.callsWith("2")[0]
				assert.False(t, again.at.Before(freed), "the server may still be at work")
				assert.Less(t, again.at.Sub(freed), 2*time.Second)
				other := srv.callsWith("3")[0]
				assert.True(t, other.at.Before(freed), "the others go on")
				if policy == batch.ReportUnknown {
					assertSound(t, srv, items, rep)
				} else {
					assert.True(t, rep.Results[0].AfterUnknown)
				}
				assertIdle(t, eng)
			})
		})
	}
}

func TestWhatFollowsAFailureOfItsCustomer(t *testing.T) {
	t.Parallel()
	failures := map[string]struct {
		verdict caperrors.Verdict
		holds   bool
	}{
		"unknown":   {caperrors.Verdict{}, true},
		"given up":  {refusedNow(521), true},
		"refused":   {caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid}, false},
		"duplicate": {caperrors.Verdict{Outcome: caperrors.Duplicate}, false},
	}
	for name, tt := range failures {
		for _, hold := range []bool{true, false} {
			policy := batch.ContinueKey
			if hold {
				policy = batch.HoldKey
				name += ", hold"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := newServer()
					srv.verdict = func(b bill, _ int) caperrors.Verdict {
						if b.ID == "1" || b.ID == "6" {
							return tt.verdict
						}
						return caperrors.Verdict{Outcome: caperrors.Applied}
					}
					eng := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 2, Advanced: batch.Advanced{OnKeyFailure: policy, Window: 8}})
					// The last two of "a" come after it is held.
					items := ofCustomers("a", "a", "a", "b", "a", "b", "", "", "b", "c", "d", "e", "a", "a")
					rep, _ := eng.Do(t.Context(), items)
					for i, r := range rep.Results {
						follows := items[i].Customer == "a" && i > 1
						switch {
						case i == 1 || i == 6:
						case follows && tt.holds && hold:
							assert.Equal(t, caperrors.NotSent, r.Outcome, "item %d", i)
							require.ErrorIs(t, r.Err, caperrors.ErrPredecessor)
							assert.Empty(t, srv.callsWith(items[i].ID))
						default:
							assert.Equal(t, caperrors.Applied, r.Outcome, "item %d", i)
						}
					}
					assertIdle(t, eng)
					rep, _ = eng.Do(t.Context(), []bill{{ID: "99", Customer: "a"}})
					assert.Equal(t, caperrors.Applied, rep.Results[0].Outcome, "only the same job is held")
				})
			})
		}
	}
}

func TestNotSentIsNoAttemptAndGoesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(slices.Repeat([]answer{notSent()}, 3)...)
		items := ofCustomers("a", "a", "b")
		eng := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 1})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		for _, r := range rep.Results {
			assert.Equal(t, 1, r.Attempts)
		}
	})
}

// The server goes on working when its caller has left: the next item of the
// customer must not overtake.
func TestACallCutByItsContextKeepsItsKeysClosedForAsLongAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Second
		eng := newEngine(t, srv, batch.Config[bill]{})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		rep, err := eng.Do(ctx, ofCustomers("ann"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, caperrors.Unknown, rep.Results[0].Outcome)

		_, err = eng.Do(t.Context(), []bill{{ID: "1", Customer: "ann"}})
		require.NoError(t, err)
		require.Len(t, srv.calls, 2)
		assert.GreaterOrEqual(t, srv.calls[1].at.Sub(start), 800*time.Millisecond)

		_, err = eng.Do(t.Context(), []bill{{ID: "2", Customer: "bob"}})
		require.NoError(t, err)
	})
}
