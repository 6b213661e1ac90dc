package batch_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestAnItemThatWasInFlightIsAskedAbout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		find     func(ctx context.Context, items []bill) ([]batch.Found, error)
		outcome  caperrors.Outcome
		sends    int
		attempts int
		after    bool
	}{
		"it is there": {func(context.Context, []bill) ([]batch.Found, error) {
			return []batch.Found{batch.Present}, nil
		}, caperrors.Duplicate, 0, 1, true},
		"it is not there": {func(context.Context, []bill) ([]batch.Found, error) {
			return []batch.Found{batch.Absent}, nil
		}, caperrors.Applied, 1, 2, true},
		"nobody can tell": {func(context.Context, []bill) ([]batch.Found, error) {
			return []batch.Found{batch.CannotTell}, nil
		}, caperrors.Unknown, 0, 1, false},
		"the question fails": {func(context.Context, []bill) ([]batch.Found, error) {
			return nil, errors.New("no answer")
		}, caperrors.Unknown, 0, 1, false},
		"the answer is of another length": {func(context.Context, []bill) ([]batch.Found, error) {
			return []batch.Found{batch.Absent, batch.Absent}, nil
		}, caperrors.Unknown, 0, 1, false},
		"the question panics": {func(context.Context, []bill) ([]batch.Found, error) {
			panic("oh")
		}, caperrors.Unknown, 0, 1, false},
		"the question does not return in time": {func(context.Context, []bill) ([]batch.Found, error) {
			nap(time.Hour)
			return []batch.Found{batch.Absent}, nil
		}, caperrors.Unknown, 0, 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				book := newLogbook()
				book.known[0] = batch.Entry{Index: 0, Open: true, Outcome: caperrors.Unknown, Attempts: 1}
				asked := 0
				eng := newEngine(t, srv, batch.Config[bill]{
					OnUnknown: batch.ReconcileUnknown,
					Reconcile: func(ctx context.Context, items []bill) ([]batch.Found, error) {
						asked++
						assert.Equal(t, []bill{{ID: "0", Customer: "a"}}, items)
						assert.Empty(t, srv.sent(), "nothing of its customer goes out meanwhile")
						return tt.find(ctx, items)
					},
				})
				items := ofCustomers("a", "a")
				run := eng.Run(t.Context(), fromBills(items), batch.WithJournal(book))
				results := runAllOf(run)
				require.NoError(t, run.Err())
				assert.Equal(t, 1, asked)
				assert.Equal(t, tt.outcome, results[0].Outcome)
				assert.Equal(t, tt.attempts, results[0].Attempts)
				assert.Equal(t, tt.after, results[0].AfterUnknown)
				assert.Len(t, srv.callsWith("0"), tt.sends)
				assert.Equal(t, caperrors.Applied, results[1].Outcome)
				assert.False(t, book.known[0].Open, "the journal knows it")
				nap(2 * time.Hour)
				assertIdle(t, eng)
			})
		})
	}
}

// hangs waits for the end of its context.
func hangs(asked *atomic.Int64) asker {
	return func(ctx context.Context, _ []bill) ([]batch.Found, error) {
		asked.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// inFlight is a checkpoint of items that an earlier run left in flight.
func inFlight(n int) (cp batch.Checkpoint) {
	for i := range n {
		cp.Items = append(cp.Items, batch.Entry{Index: i, Open: true, Outcome: caperrors.Unknown, Attempts: 1})
	}
	return cp
}

// Whether the function notices the end or not, a later run asks again.
func TestTheEndOfARunAnswersNoInquiry(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	for name, ask := range map[string]asker{
		"it notices the end": hangs(&asked),
		"it does not": func(context.Context, []bill) ([]batch.Found, error) {
			nap(time.Minute)
			return []batch.Found{batch.Present, batch.Present}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(lose(0))
				eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ReconcileUnknown, Reconcile: ask})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				run := eng.Run(ctx, fromBills(numbered(2)))
				results := runAllOf(run)
				require.ErrorIs(t, run.Err(), context.DeadlineExceeded)
				require.Len(t, results, 2)
				for _, r := range results {
					assert.Equal(t, caperrors.Unknown, r.Outcome)
					require.ErrorIs(t, r.Err, caperrors.ErrContextEnded)
					assert.True(t, r.Unfinished)
				}
				cp := run.Checkpoint()
				assert.Zero(t, cp.Done.Len())
				require.Len(t, cp.Items, 2)
				for _, e := range cp.Items {
					assert.True(t, e.Open)
					assert.Equal(t, caperrors.Unknown, e.Outcome)
				}
				nap(time.Hour)
				assertIdle(t, eng)
			})
		})
	}
}

func TestTheEndOfARunAnswersNoInquiryFromBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ReconcileUnknown, Reconcile: hangs(&asked)})
		for range 20 { // two things happen when the context ends, in any order
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			run := eng.Run(ctx, fromBills(numbered(2)), batch.Resume(inFlight(2)))
			assert.Empty(t, runAllOf(run))
			require.ErrorIs(t, run.Err(), context.DeadlineExceeded)
			cp := run.Checkpoint()
			assert.Equal(t, inFlight(2).Items, cp.Items)
			assert.Zero(t, cp.Done.Len())
		}
		assert.Equal(t, int64(20), asked.Load())
		assert.Empty(t, srv.sent())
		assertIdle(t, eng)
	})
}

func TestARunThatIsStoppedAsksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		eng := newEngine(t, newServer(), batch.Config[bill]{OnUnknown: batch.ReconcileUnknown, Reconcile: hangs(&asked)})
		run := eng.Run(t.Context(), fromBills(numbered(2)), batch.Resume(inFlight(2)))
		run.Stop(nil)
		assert.Empty(t, runAllOf(run))
		assert.Zero(t, asked.Load())
		assertIdle(t, eng)
	})
}
