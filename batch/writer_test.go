package batch_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// ledger keeps what a writer's result function was told.
type ledger struct {
	mu      sync.Mutex
	results map[int]batch.Result[bill]
	twice   int
}

func newLedger() *ledger { return &ledger{results: make(map[int]batch.Result[bill])} }

func (l *ledger) note(_ context.Context, r batch.Result[bill]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.results[r.Index]; ok {
		l.twice++
	}
	l.results[r.Index] = r
}

// inOrder returns the results by index, and fails the test if one is missing or
// came twice.
func (l *ledger) inOrder(t *testing.T) []batch.Result[bill] {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Zero(t, l.twice)
	results := make([]batch.Result[bill], len(l.results))
	for i := range results {
		r, ok := l.results[i]
		require.True(t, ok, "no result for item %d", i)
		results[i] = r
	}
	return results
}

// T-08, T-45: one result each; Add after Close is an error, a second Close is none.
func TestAWriterGivesEachItemItsResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 60
		eng := newEngine(t, srv, batch.Config[bill]{})
		told := newLedger()
		w := eng.Writer(told.note)
		items := numbered(1000)
		for _, b := range items {
			require.NoError(t, w.Add(t.Context(), b))
		}
		require.NoError(t, w.Close(t.Context()))
		assert.Empty(t, unsound(srv, items, told.inOrder(t)))
		p := w.Progress()
		assert.Equal(t, 1000, p.Applied)
		assertIdle(t, eng)

		require.ErrorIs(t, w.Add(t.Context(), items[0]), batch.ErrClosed)
		require.NoError(t, w.Close(t.Context()), "a second Close tells the same")
	})
}

// T-07.
func TestAddsOfManyGoroutinesRaceWithClose(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			srv := newServer()
			eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 40}})
			told := newLedger()
			w := eng.Writer(told.note)
			var wg sync.WaitGroup
			var mu sync.Mutex
			taken := 0
			for g := range 8 {
				pause := time.Duration(rng.IntN(20)) * time.Millisecond
				wg.Go(func() {
					for i := range 50 {
						if i%10 == 0 {
							nap(pause)
						}
						b := bill{ID: string(rune('a'+g)) + string(rune('A'+i)), Customer: string(rune('a' + g))}
						if err := w.Add(context.Background(), b); err != nil {
							assert.ErrorIs(t, err, batch.ErrClosed)
							return
						}
						mu.Lock()
						taken++
						mu.Unlock()
					}
				})
			}
			nap(time.Duration(rng.IntN(2000)) * time.Millisecond)
			require.NoError(t, w.Close(context.Background()))
			wg.Wait()
			assert.Len(t, told.inOrder(t), taken, "an Add that returned nil has its result, another has none")
			assert.Empty(t, srv.clashes)
			for id, n := range srv.applied {
				assert.Equal(t, 1, n, id)
			}
		})
	}
}

// T-04, T-15, T-38.
func TestFlushWaitsForRetriesAndDoesNotLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(refuseCall(461))
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Linger: time.Hour}})
		told := newLedger()
		w := eng.Writer(told.note)
		for _, b := range numbered(7) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		synctest.Wait()
		assert.Empty(t, srv.sent(), "seven items wait for others to join them")
		start := time.Now()
		require.NoError(t, w.Flush(t.Context()))
		assert.Less(t, time.Since(start), 5*time.Second)
		assert.Len(t, told.inOrder(t), 7, "also those that were refused at first")
		assert.Len(t, srv.sent(), 2)
		require.NoError(t, w.Flush(t.Context()), "nothing is left to wait for")
		require.NoError(t, w.Close(t.Context()))
	})
}

// T-15.
func TestFlushDoesNotWaitForWhatComesAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		told := newLedger()
		w := eng.Writer(told.note)
		flushed := make(chan time.Duration, 1)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0", Customer: "slow"}))
		start := time.Now()
		go func() {
			assert.NoError(t, w.Flush(context.Background()))
			flushed <- time.Since(start)
		}()
		synctest.Wait()
		for i := range 5 { // one after another: they are of the same customer
			require.NoError(t, w.Add(t.Context(), bill{ID: string(rune('1' + i)), Customer: "slow"}))
		}
		assert.Equal(t, srv.latency, <-flushed)
		require.NoError(t, w.Close(t.Context()))
		assert.Len(t, told.inOrder(t), 6)
	})
}

// T-14: a full window makes Add wait; nothing is dropped.
func TestFlushAndAddEndWithTheirContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Minute
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 2}})
		told := newLedger()
		w := eng.Writer(told.note)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		require.NoError(t, w.Add(t.Context(), bill{ID: "1"}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, w.Add(ctx, bill{ID: "2"}), context.DeadlineExceeded, "the window is full")
		assert.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, w.Flush(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, w.Add(ctx, bill{ID: "2"}), context.DeadlineExceeded)
		require.NoError(t, w.Close(t.Context()))
		assert.Len(t, told.inOrder(t), 2, "what was not taken has no result")
	})
}

// T-39, B-12.
func TestCloseOfAStuckServerReturnsWithEveryResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv := newServer().first(func(context.Context, *server, []bill) ([]caperrors.Verdict, error) {
			<-release // deaf to its context
			return nil, errors.New("too late")
		})
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10})
		told := newLedger()
		w := eng.Writer(told.note)
		for _, b := range numbered(25) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		cause := errors.New("shutting down")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		start := time.Now()
		err := w.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, cause)
		assert.LessOrEqual(t, time.Since(start), time.Second+100*time.Millisecond)
		counts := make(map[caperrors.Outcome]int)
		for _, r := range told.inOrder(t) {
			counts[r.Outcome]++
		}
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 10, caperrors.NotSent: 15}, counts)
		close(release)
	})
}

func TestAWriterStoppedByTheServiceSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(refuseCall(403))
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 2})
		told := newLedger()
		w := eng.Writer(told.note)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		require.NoError(t, w.Add(t.Context(), bill{ID: "1"}))
		require.NoError(t, w.Flush(t.Context()))
		require.ErrorIs(t, w.Add(t.Context(), bill{ID: "2"}), caperrors.CodeForbidden)
		require.ErrorIs(t, w.Close(t.Context()), caperrors.CodeForbidden)
		assert.Len(t, told.inOrder(t), 2)
	})
}

// T-47.
func TestAResultFunctionThatPanicsStopsTheWriterAndLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 5})
		told := newLedger()
		w := eng.Writer(func(ctx context.Context, r batch.Result[bill]) {
			told.note(ctx, r)
			if r.Index == 3 {
				panic("cannot go on")
			}
		})
		for _, b := range numbered(20) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		var panicked *batch.PanicError
		require.ErrorAs(t, w.Close(t.Context()), &panicked)
		assert.Equal(t, "cannot go on", panicked.Value)
		assert.Len(t, told.inOrder(t), 20, "the others were told all the same")
	})
}

// T-42.
func TestAResultFunctionCannotWaitForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		other := eng.Writer(func(context.Context, batch.Result[bill]) {})
		var w *batch.Writer[bill]
		var faults []error
		w = eng.Writer(func(ctx context.Context, r batch.Result[bill]) {
			faults = append(faults, w.Add(ctx, r.Item), w.Flush(ctx), w.Close(ctx), other.Add(ctx, r.Item))
		})
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		require.NoError(t, w.Close(t.Context()))
		require.Len(t, faults, 4)
		for _, err := range faults[:3] {
			require.ErrorIs(t, err, batch.ErrReentrant)
		}
		require.NoError(t, faults[3], "another writer is fine")
		require.NoError(t, other.Close(t.Context()))
	})
}

// What is made from the result function's context is known as well. With another
// context nobody can tell the function from any other caller: Flush waits, but
// not longer than that, and a goroutine may close the writer.
func TestAResultFunctionThatUsesItsWriterWithOtherContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		var w *batch.Writer[bill]
		var flushed, added, derived, stopped error
		var waited time.Duration
		closed := make(chan error, 1)
		w = eng.Writer(func(ctx context.Context, r batch.Result[bill]) {
			if r.Index > 0 {
				return
			}
			made, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			start := time.Now()
			derived, stopped = w.Flush(made), w.Stop(made)
			if time.Since(start) > 0 {
				return
			}
			other, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			added = w.Add(other, bill{ID: "1"}) //nolint:contextcheck // that is the point
			flushed = w.Flush(other)            //nolint:contextcheck // that is the point
			waited = time.Since(start)
			go func() { closed <- w.Close(t.Context()) }() //nolint:contextcheck // that is the point
		})
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		require.NoError(t, <-closed)
		require.ErrorIs(t, derived, batch.ErrReentrant)
		require.ErrorIs(t, stopped, batch.ErrReentrant)
		require.NoError(t, added, "there is room")
		require.ErrorIs(t, flushed, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, waited)
		assert.Equal(t, 2, w.Progress().Applied)
	})
}

func TestTwoWritersAndADoKeepOneCustomerApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		told := newLedger()
		one := eng.Writer(told.note)
		two := eng.Writer(func(context.Context, batch.Result[bill]) {})
		for i := range 10 {
			require.NoError(t, one.Add(t.Context(), bill{ID: "one" + string(rune('0'+i)), Customer: "ann"}))
			require.NoError(t, two.Add(t.Context(), bill{ID: "two" + string(rune('0'+i)), Customer: "ann"}))
		}
		_, err := eng.Do(t.Context(), ofCustomers("ann", "ann", "bob"))
		require.NoError(t, err)
		require.NoError(t, one.Close(t.Context()))
		require.NoError(t, two.Close(t.Context()))
		assert.Empty(t, srv.clashes)
		assert.Len(t, srv.applied, 23)
	})
}

func TestALaterItemsResultDoesNotEndAFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(_ int, bills []bill) answer {
			if bills[0].Customer == "slow" {
				return slowly(time.Minute)
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 1})
		// The engine begins with one call at a time: it has to have seen some.
		_, err := eng.Do(t.Context(), numbered(20))
		require.NoError(t, err)
		told := newLedger()
		w := eng.Writer(told.note)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0", Customer: "slow"}))
		synctest.Wait()
		start := time.Now()
		flushed := make(chan time.Duration, 1)
		go func() {
			assert.NoError(t, w.Flush(context.Background()))
			flushed <- time.Since(start)
		}()
		synctest.Wait()
		for i := range 3 {
			require.NoError(t, w.Add(t.Context(), bill{ID: string(rune('1' + i)), Customer: string(rune('a' + i))}))
		}
		nap(time.Second)
		assert.Equal(t, 3, w.Progress().Applied, "the later ones are done")
		assert.Equal(t, time.Minute, <-flushed)
		require.NoError(t, w.Close(t.Context()))
	})
}

// T-40.
func TestRoomForTwoLetsTwoWaitingAddsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 3}})
		told := newLedger()
		w := eng.Writer(told.note)
		var wg sync.WaitGroup
		for _, b := range numbered(6) {
			wg.Go(func() { assert.NoError(t, w.Add(context.Background(), b)) })
		}
		wg.Wait()
		require.NoError(t, w.Close(t.Context()))
		assert.Len(t, srv.sent(), 2, "three items each, no call for one alone")
		assert.Len(t, told.inOrder(t), 6)
	})
}

// T-39.
func TestCloseSendsAllWaitingAddsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Hour
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 1}})
		told := newLedger()
		w := eng.Writer(told.note)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		start := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				err := w.Add(context.Background(), bill{ID: "late"})
				assert.Less(t, time.Since(start), time.Minute, "long before the call comes back")
				assert.ErrorIs(t, err, batch.ErrClosed)
			})
		}
		synctest.Wait()
		require.NoError(t, w.Close(t.Context()))
		wg.Wait()
		assert.Len(t, told.inOrder(t), 1)
	})
}

func TestWhatACloseCutOffNamesItsCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Hour
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 1, MaxConcurrency: 1})
		told := newLedger()
		w := eng.Writer(told.note)
		for _, b := range numbered(2) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		require.ErrorIs(t, w.Close(ctx), cause)
		results := told.inOrder(t)
		require.Len(t, results, 2)
		require.ErrorIs(t, results[1].Err, cause)
		require.ErrorIs(t, results[1].Err, caperrors.ErrContextEnded)
	})
}

func TestAPanicStopsAddsAndIsToldEvenOnTheLastResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		w := eng.Writer(func(context.Context, batch.Result[bill]) { panic("always") })
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		require.NoError(t, w.Add(t.Context(), bill{ID: "1"}))
		require.NoError(t, w.Flush(t.Context()))
		var panicked *batch.PanicError
		require.ErrorAs(t, w.Add(t.Context(), bill{ID: "2"}), &panicked)
		require.ErrorAs(t, w.Close(t.Context()), &panicked)

		last := eng.Writer(func(context.Context, batch.Result[bill]) { panic("the last") })
		require.NoError(t, last.Add(t.Context(), bill{ID: "3"}))
		require.ErrorAs(t, last.Close(t.Context()), &panicked)
	})
}
