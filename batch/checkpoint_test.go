package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// stored returns a checkpoint as it comes back from where it was stored.
func stored(t *testing.T, cp batch.Checkpoint) batch.Checkpoint {
	t.Helper()
	text, err := json.Marshal(cp)
	require.NoError(t, err)
	var back batch.Checkpoint
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
	return back
}

func TestAResultIsDeliveredWhenTheNextIsAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		items := numbered(5)
		run := eng.Run(t.Context(), fromBills(items))
		n := 0
		for range run.Results() {
			cp := run.Checkpoint()
			assert.Equal(t, n, cp.Done.Len())
			assert.Len(t, cp.Items, 5-n, "the others are answered")
			if n++; n == 3 {
				break
			}
		}
		cp := stored(t, run.Checkpoint())
		assert.Equal(t, 2, cp.Done.Len(), "the third may not have been dealt with")

		later := eng.Run(t.Context(), fromBills(items), batch.Resume(cp))
		results := runAllOf(later)
		require.NoError(t, later.Err())
		assert.Len(t, results, 3)
		for _, r := range results {
			assert.Equal(t, caperrors.Applied, r.Outcome)
			assert.Equal(t, items[r.Index], r.Item)
		}
		assert.Len(t, srv.sent(), 1, "nothing was sent again")
		end := later.Checkpoint()
		assert.Equal(t, 5, end.Done.Low())
		assert.Empty(t, end.Items)
	})
}

func TestACheckpointHoldsWhatIsInFlightAsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "0" && sends <= 2 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		run := eng.Run(t.Context(), fromBills(numbered(2)))
		var between batch.Checkpoint
		before, inside := run.Checkpoint(), make(chan batch.Checkpoint, 1)
		probe := time.AfterFunc(25*time.Millisecond, func() { inside <- run.Checkpoint() })
		defer probe.Stop()
		for r := range run.Results() {
			if r.Index == 1 {
				between = run.Checkpoint()
			}
		}
		assert.Equal(t, 0, before.Done.Len())
		assert.Empty(t, before.Items)
		during := <-inside
		require.Len(t, during.Items, 2)
		for i, e := range during.Items {
			assert.Equal(t, batch.Entry{Index: i, Open: true, Outcome: caperrors.Unknown, Attempts: 1}, e)
		}
		require.Len(t, between.Items, 2)
		assert.Equal(t, 1, between.Items[0].Attempts)
		assert.Equal(t, 1, between.Items[0].Strikes)
		assert.Equal(t, caperrors.Refused, between.Items[0].Outcome)
		assert.True(t, between.Items[0].Open)

		// A run from the checkpoint in between goes on with the attempts.
		later := runAllOf(eng.Run(t.Context(), fromBills(numbered(2)), batch.Resume(stored(t, between))))
		assert.Equal(t, 2, later[0].Attempts)
		assert.Equal(t, 1, later[1].Attempts)
		assert.Len(t, srv.callsWith("1"), 1)
	})
}

func TestStopEndsARunInGoodOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1, MaxItems: 10})
		items := numbered(100)
		run := eng.Run(t.Context(), fromBills(items))
		reason := errors.New("lunch")
		time.AfterFunc(75*time.Millisecond, func() { run.Stop(reason) })
		results := runAllOf(run)
		require.ErrorIs(t, run.Err(), reason)
		require.Len(t, srv.sent(), 2)
		assert.Len(t, results, run.Progress().Accepted)
		for i, r := range results {
			assert.Equal(t, i >= 20, r.Unfinished)
			assert.Equal(t, i < 20, r.Outcome == caperrors.Applied, "what was in flight was waited for")
		}
		later := eng.Run(t.Context(), fromBills(items), batch.Resume(stored(t, run.Checkpoint())))
		assert.Len(t, runAllOf(later), 80)
		require.NoError(t, later.Err())
		for _, b := range items {
			assert.Len(t, srv.callsWith(b.ID), 1)
		}
		assertIdle(t, eng)
	})
}

func TestARunStoppedBeforeItBegins(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, newServer(), batch.Config[bill]{})
	run := eng.Run(t.Context(), fromBills(numbered(3)))
	run.Stop(nil)
	assert.Empty(t, runAllOf(run))
	require.NoError(t, run.Err())
	assert.Zero(t, run.Progress().Accepted)
}

func TestAdmissionWaitsForAnItemThatHoldsUpTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const window = 10
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "0" && sends < 60 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 1000, MaxItems: 5, Advanced: batch.Advanced{Window: window}})
		run := eng.Run(t.Context(), fromBills(numbered(3000)))
		ahead, widest := 0, 0
		for r := range run.Results() {
			cp := run.Checkpoint()
			ahead = max(ahead, r.Index-cp.Done.Low())
			text, err := json.Marshal(cp)
			require.NoError(t, err)
			widest = max(widest, len(text))
		}
		require.NoError(t, run.Err())
		assert.Equal(t, 3000, run.Progress().Applied)
		assert.Less(t, ahead, 64*window, "never further ahead than 64 windows")
		assert.Greater(t, ahead, 32*window)
		assert.Less(t, widest, 4096)
	})
}

// An item whose next try would come too late is left to another run. The others
// use the time that is left.
func TestAnItemWithoutTimeHoldsUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// After a time-out of 5 s its customer stays closed for as long again.
		srv := newServer().first(lose(5 * time.Second))
		eng := newEngine(t, srv, batch.Config[bill]{
			MaxItems: 5, OnUnknown: batch.ResendUnknown, Advanced: batch.Advanced{Window: 10},
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start, last := time.Now(), time.Duration(0)
		run := eng.Run(ctx, fromBills(numbered(10_000)))
		results := make(map[int]batch.Result[bill])
		for r := range run.Results() {
			results[r.Index] = r
			if r.Outcome == caperrors.Applied {
				last = time.Since(start)
			}
		}
		require.ErrorIs(t, results[0].Err, caperrors.ErrDeadlineTooNear)
		assert.True(t, results[0].Unfinished)
		assert.Greater(t, last, 9*time.Second)
		cp := run.Checkpoint()
		assert.Zero(t, cp.Done.Low())
		assertIdle(t, eng)
	})
}

func TestACheckpointOfAnotherEndpointIsRefused(t *testing.T) {
	t.Parallel()
	srv := newServer()
	eng := newEngine(t, srv, batch.Config[bill]{})
	run := eng.Run(t.Context(), fromBills(numbered(3)), batch.Resume(batch.Checkpoint{Limits: batch.Limits{Endpoint: "other", Accepted: 5}}))
	assert.Empty(t, runAllOf(run))
	var argument *caperrors.ArgumentError
	require.ErrorAs(t, run.Err(), &argument)
	assert.Empty(t, srv.sent())
}

func TestALearnedLimitIsNotLearnedAgain(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]bool{"found by trying": false, "named by the server": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.limit, srv.named = 37, named
				first := newEngine(t, srv, batch.Config[bill]{})
				_, err := first.Do(t.Context(), numbered(20_000))
				require.NoError(t, err)
				learned := first.Limits()
				assert.Equal(t, 37, learned.Accepted)
				assert.Equal(t, 38, learned.Refused)
				text, err := json.Marshal(learned)
				require.NoError(t, err)

				srv.rejected = 0
				var back batch.Limits
				require.NoError(t, json.Unmarshal(text, &back))
				second := newEngine(t, srv, batch.Config[bill]{})
				require.NoError(t, second.SetLimits(back))
				rep, err := second.Do(t.Context(), numbered(37*60))
				require.NoError(t, err)
				assert.Zero(t, srv.rejected)
				assert.Zero(t, rep.Progress.Wasted)
				assert.Equal(t, 60, rep.Progress.Calls)
			})
		})
	}
}

func TestALearnedWeightIsNotLearnedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.bytes = 2000
		first := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		_, err := first.Do(t.Context(), numbered(5000))
		require.NoError(t, err)
		learned := first.Limits()
		require.Positive(t, srv.overweight)
		assert.LessOrEqual(t, learned.AcceptedBytes, 2000)
		assert.Greater(t, learned.RefusedBytes, 2000)

		srv.overweight = 0
		second := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		require.NoError(t, second.SetLimits(learned))
		_, err = second.Do(t.Context(), numbered(1000))
		require.NoError(t, err)
		assert.Zero(t, srv.overweight)
	})
}

func TestLimitsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]batch.Limits{
		"another endpoint":    {Endpoint: "other", Accepted: 5},
		"refused below taken": {Endpoint: "batch", Accepted: 5, Refused: 5},
		"negative":            {Endpoint: "batch", Accepted: -1},
		"more than any call":  {Endpoint: "batch", Accepted: 50, Refused: math.MaxInt},
		"bytes of no body":    {Endpoint: "batch", RefusedBytes: math.MaxInt},
		"bytes the same":      {Endpoint: "batch", AcceptedBytes: 9, RefusedBytes: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eng := newEngine(t, newServer(), batch.Config[bill]{})
			before := eng.Limits()
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, eng.SetLimits(l), &argument)
			assert.Equal(t, before, eng.Limits())
		})
	}
	eng := newEngine(t, newServer(), batch.Config[bill]{})
	require.NoError(t, eng.SetLimits(batch.Limits{}), "nothing is known")
	require.NoError(t, eng.SetLimits(batch.Limits{Endpoint: "batch", Accepted: 50}))
	require.NoError(t, eng.SetLimits(batch.Limits{Endpoint: "batch", Accepted: 20, Refused: 21}))
	assert.Equal(t, 50, eng.Limits().Accepted, "what is known already is newer")
}

func TestACheckpointThatNoRunCanHaveMadeIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"open and applied: it would go out twice": `{"items":[{"i":1,"open":true,"outcome":"applied"}]}`,
		"a position before the input":             `{"items":[{"i":-1,"outcome":"refused"}]}`,
		"attempts to come":                        `{"items":[{"i":1,"open":true,"outcome":"refused","attempts":-1}]}`,
		"tries without end":                       `{"items":[{"i":1,"open":true,"outcome":"refused","strikes":-1000000}]}`,
		"limits without end":                      `{"limits":{"endpoint":"batch","accepted":50,"refused":9223372036854775807}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cp batch.Checkpoint
			require.NoError(t, json.Unmarshal([]byte(text), &cp))
			srv := newServer()
			run := newEngine(t, srv, batch.Config[bill]{}).Run(t.Context(), fromBills(numbered(3)), batch.Resume(cp))
			assert.Empty(t, runAllOf(run))
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, run.Err(), &argument)
			assert.Empty(t, srv.sent())
		})
	}
}

// The result stood in the checkpoint since a run that reports what is unknown;
// a run that sends it again has no say in it.
func TestAResultIsDeliveredWhateverTheNextRunWouldDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ResendUnknown, Advanced: batch.Advanced{Window: 10}})
		cp := batch.Checkpoint{Items: []batch.Entry{{Outcome: caperrors.Unknown, Attempts: 1, Stop: caperrors.ErrContextEnded}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		// More than the 64 windows that one item may be behind the others.
		run := eng.Run(ctx, fromBills(numbered(2000)), batch.Resume(stored(t, cp)))
		results := runAllOf(run)
		require.NoError(t, run.Err())
		assert.Len(t, results, 2000)
		assert.Equal(t, caperrors.Unknown, results[0].Outcome)
		assert.False(t, results[0].Unfinished)
		assert.Empty(t, srv.callsWith("0"))
		end := run.Checkpoint()
		assert.Equal(t, 2000, end.Done.Low())
	})
}

// What failed in the journal's run and in the checkpoint's holds its key in the
// run after, too.
func TestFailuresOfJournalAndCheckpointAddUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey}})
		items := ofCustomers("a", "b", "c", "a", "b", "c")
		book := newLogbook()
		book.done[0] = true
		cp := batch.Checkpoint{Failed: []int{1}}
		require.NoError(t, cp.Done.Add(1))
		run := eng.Run(t.Context(), fromBills(items), batch.Resume(cp), batch.WithJournal(book))
		results := runAllOf(run)
		require.NoError(t, run.Err())
		assert.Len(t, results, 4)
		assert.Equal(t, [][]string{{"2"}, {"5"}}, srv.sent())
		assert.Equal(t, []int{0, 1, 3, 4}, run.Checkpoint().Failed)
	})
}
