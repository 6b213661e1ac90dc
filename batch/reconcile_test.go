package batch_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// asker is a Reconcile function.
type asker func(ctx context.Context, items []bill) ([]batch.Found, error)

// always finds the same of every item.
func finds(f batch.Found) asker {
	return func(_ context.Context, items []bill) ([]batch.Found, error) {
		found := make([]batch.Found, len(items))
		for i := range found {
			found[i] = f
		}
		return found, nil
	}
}

func TestWhatWasFoundOutDecides(t *testing.T) {
	t.Parallel()
	unknown := func(reason string) batch.Result[bill] {
		return batch.Result[bill]{Outcome: caperrors.Unknown, Attempts: 1, Message: reason}
	}
	tests := map[string]struct {
		ask  asker
		want batch.Result[bill] // Message: part of the error
	}{
		"the server has it":      {finds(batch.Present), batch.Result[bill]{Outcome: caperrors.Duplicate, AfterUnknown: true, Attempts: 1}},
		"the server has it not":  {finds(batch.Absent), batch.Result[bill]{Outcome: caperrors.Applied, AfterUnknown: true, Attempts: 2}},
		"nothing was found out":  {finds(batch.CannotTell), unknown("cut")},
		"an answer that is none": {finds(99), unknown("cut")},
		"an error": {
			func(context.Context, []bill) ([]batch.Found, error) {
				return make([]batch.Found, 3), errors.New("down")
			},
			unknown("reconcile: down, after: cut"),
		},
		"too few answers": {
			func(context.Context, []bill) ([]batch.Found, error) { return []batch.Found{batch.Absent}, nil },
			unknown("reconcile: 1 answers for 3 items"),
		},
		"too many answers": {
			func(context.Context, []bill) ([]batch.Found, error) { return make([]batch.Found, 4), nil },
			unknown("reconcile: 4 answers for 3 items"),
		},
		"a panic": {
			func(context.Context, []bill) ([]batch.Found, error) { panic("boom") },
			unknown("reconcile: panic: string"),
		},
		"the end of its goroutine": {
			func(context.Context, []bill) ([]batch.Found, error) { runtime.Goexit(); return nil, nil },
			unknown("reconcile did not return"),
		},
		"longer than it may take": {
			func(ctx context.Context, _ []bill) ([]batch.Found, error) { <-ctx.Done(); return nil, ctx.Err() },
			unknown("reconcile: context deadline exceeded"),
		},
		"deaf to its end": {
			func(context.Context, []bill) ([]batch.Found, error) {
				nap(time.Hour)
				return make([]batch.Found, 3), nil
			},
			unknown("reconcile: context deadline exceeded"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(failCall(errors.New("cut")))
				asked := make(chan []bill, 1)
				eng := newEngine(t, srv, batch.Config[bill]{
					OnUnknown: batch.ReconcileUnknown,
					Reconcile: func(ctx context.Context, items []bill) ([]batch.Found, error) {
						asked <- items // once
						return tt.ask(ctx, items)
					},
				})
				start := time.Now()
				items := numbered(3)
				rep, err := eng.Do(t.Context(), items)
				assert.Less(t, time.Since(start), 2*time.Minute)
				assert.Equal(t, items, <-asked)
				for _, r := range rep.Results {
					assert.Equal(t, tt.want.Outcome, r.Outcome)
					assert.Equal(t, tt.want.AfterUnknown, r.AfterUnknown)
					assert.Equal(t, tt.want.Attempts, r.Attempts)
					if tt.want.Outcome.Done() {
						assert.NoError(t, r.Err)
					} else {
						assert.ErrorContains(t, r.Err, tt.want.Message)
					}
				}
				assert.Equal(t, tt.want.Outcome.Done(), err == nil)
				nap(2 * time.Hour) // what comes late changes nothing
				assertIdle(t, eng)
			})
		})
	}
}

func TestWhatIsNeverThereIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return failCall(errors.New("cut")) }
		eng := newEngine(t, srv, batch.Config[bill]{
			OnUnknown: batch.ReconcileUnknown, Reconcile: finds(batch.Absent), MaxAttempts: 3,
			Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey},
		})
		rep, err := eng.Do(t.Context(), ofCustomers("a", "a"))
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		r := rep.Results[0]
		assert.Equal(t, caperrors.Refused, r.Outcome, "it was found not to be there")
		assert.True(t, r.AfterUnknown)
		assert.Equal(t, 3, r.Attempts)
		assert.Equal(t, batch.Again, r.Settlement())
		require.ErrorIs(t, rep.Results[1].Err, caperrors.ErrPredecessor)
	})
}

// The call times out after 30 s; the server may be at work on it for as long
// again. Until the answer, nothing of the customer goes.
func TestACustomerStaysClosedWhileItsItemIsAskedAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(late(30 * time.Second))
		var asked time.Duration
		start := time.Now()
		eng := newEngine(t, srv, batch.Config[bill]{
			OnUnknown: batch.ReconcileUnknown, MaxItems: 1,
			Reconcile: func(_ context.Context, items []bill) ([]batch.Found, error) {
				asked = time.Since(start)
				nap(10 * time.Second)
				srv.mu.Lock()
				defer srv.mu.Unlock()
				if srv.applied[items[0].ID] > 0 {
					return []batch.Found{batch.Present}, nil
				}
				return []batch.Found{batch.Absent}, nil
			},
		})
		rep, err := eng.Do(t.Context(), ofCustomers("a", "a"))
		require.NoError(t, err)
		assert.GreaterOrEqual(t, asked, time.Minute)
		assert.Equal(t, caperrors.Duplicate, rep.Results[0].Outcome)
		assert.Equal(t, caperrors.Applied, rep.Results[1].Outcome)
		assert.GreaterOrEqual(t, srv.calls[1].at.Sub(start), asked+10*time.Second)
	})
}

func TestOnlySoManyAreAskedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(_ bill, sends int) caperrors.Verdict {
			if sends == 1 {
				return caperrors.Verdict{} // each call leaves its items out
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		var now, most atomic.Int64
		eng := newEngine(t, srv, batch.Config[bill]{
			OnUnknown: batch.ReconcileUnknown, MaxItems: 5, MaxConcurrency: 3,
			Reconcile: func(ctx context.Context, items []bill) ([]batch.Found, error) {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				nap(20 * time.Second)
				return finds(batch.Absent)(ctx, items)
			},
		})
		items := numbered(100)
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, int64(3), most.Load())
		assertIdle(t, eng)
	})
}

func TestTheContextEndsAnInquiry(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		after time.Duration // the call is cut at once
		deaf  bool
	}{
		"before it is made":       {time.Millisecond, false},
		"under way":               {time.Second * 40, false},
		"under way, and not seen": {time.Second * 40, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(failCall(errors.New("cut")))
				start, told := time.Now(), make(chan time.Duration, 1)
				eng := newEngine(t, srv, batch.Config[bill]{
					OnUnknown: batch.ReconcileUnknown,
					Reconcile: func(ctx context.Context, _ []bill) ([]batch.Found, error) {
						if tt.deaf {
							nap(time.Hour)
						}
						<-ctx.Done()
						told <- time.Since(start)
						return nil, ctx.Err()
					},
				})
				ctx, cancel := context.WithTimeout(t.Context(), tt.after)
				defer cancel()
				rep, err := eng.Do(ctx, numbered(3))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.LessOrEqual(t, time.Since(start), tt.after+100*time.Millisecond)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 3}, outcomes(rep))
				nap(time.Second)
				if name == "under way" {
					assert.Equal(t, tt.after, <-told)
				}
				nap(2 * time.Hour)
				assertIdle(t, eng)
			})
		})
	}
}

func TestReconcileAndItsPolicyGoTogether(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]batch.Config[bill]{
		"the policy alone":   {OnUnknown: batch.ReconcileUnknown},
		"the function alone": {Reconcile: finds(batch.Present)},
		"with another":       {Reconcile: finds(batch.Present), OnUnknown: batch.ResendUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := batch.New(newServer(), cfg)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, "Reconcile", argument.Field)
		})
	}
}

// A writer's items are asked about while others are added.
func TestAWritersItemsAreAskedAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(failCall(errors.New("cut")))
		eng := newEngine(t, srv, batch.Config[bill]{
			OnUnknown: batch.ReconcileUnknown, Reconcile: finds(batch.Present), MaxItems: 2,
		})
		duplicates := 0
		w := eng.Writer(func(_ context.Context, r batch.Result[bill]) {
			if r.Outcome == caperrors.Duplicate && r.AfterUnknown {
				duplicates++
			}
		})
		for _, b := range numbered(600) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		require.NoError(t, w.Close(t.Context()))
		assert.Equal(t, 2, duplicates)
	})
}
