package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// An item counts once it is brought in, not before: a window with one place left
// is not full, so a part-full call waits for who takes it, for an hour if need be.
func TestTheLastPlaceOfTheWindowIsWaitedFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		window, size, lanes int
		latency             time.Duration
		items               int
		pause               map[int]time.Duration
		want                []int // items of each call
	}{
		"nothing is in flight":            {10, 10, 1, time.Second, 20, map[int]time.Duration{9: time.Minute, 19: time.Minute}, []int{10, 10}},
		"the rest is in flight":           {10, 5, 1, time.Hour, 20, map[int]time.Duration{9: time.Minute, 19: time.Minute}, []int{5, 5, 5, 5}},
		"the rest is in flight, together": {10, 5, 2, time.Hour, 20, map[int]time.Duration{9: time.Minute, 19: time.Minute}, []int{5, 5, 5, 5}},
		"a window of two":                 {2, 2, 1, time.Second, 6, map[int]time.Duration{1: time.Minute, 3: time.Minute, 5: time.Minute}, []int{2, 2, 2}},
		"a window of two, larger calls":   {2, 5, 1, time.Second, 6, map[int]time.Duration{1: time.Minute, 3: time.Minute, 5: time.Minute}, []int{2, 2, 2}},
		"a window of one":                 {1, 5, 3, time.Second, 3, nil, []int{1, 1, 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.latency = tt.latency
				eng := newEngine(t, srv, batch.Config[bill]{
					MaxItems: tt.size, MaxConcurrency: tt.lanes,
					Advanced: batch.Advanced{Window: tt.window, StartItems: tt.size, Linger: 2 * time.Hour},
				})
				start := time.Now()
				assert.Equal(t, tt.items, drain(eng.Run(t.Context(), feeding(numbered(tt.items), tt.pause))))
				assert.Equal(t, tt.want, lengths(srv))
				assert.Less(t, time.Since(start), time.Duration(len(tt.want))*(tt.latency+2*time.Minute), "and for nothing else")
				assertIdle(t, eng)
			})
		})
	}
}

// However a source ends, and however much room there is then, that ends the wait
// for more items, and the job with the last of them.
func TestASourceMayEndAtAnyFillOfTheWindow(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	ends := map[string]func(yield func(bill, error) bool){
		"ends":               func(func(bill, error) bool) {},
		"ends later":         func(func(bill, error) bool) { nap(time.Second) },
		"yields an error":    func(yield func(bill, error) bool) { yield(bill{}, broken) },
		"panics":             func(func(bill, error) bool) { panic(broken) },
		"panics later":       func(func(bill, error) bool) { nap(time.Second); panic(broken) },
		"ends its goroutine": func(func(bill, error) bool) { runtime.Goexit() },
	}
	for name, end := range ends {
		for _, n := range []int{0, 1, 3, 4, 5, 7, 8, 9} {
			t.Run(fmt.Sprintf("it %s after %d items", name, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := newServer()
					eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 3, Advanced: batch.Advanced{Window: 4, Linger: time.Hour}})
					start := time.Now()
					run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
						for _, b := range numbered(n) {
							yield(b, nil)
						}
						end(yield)
					})
					results := runAllOf(run)
					assert.Len(t, results, n)
					for i, r := range results {
						assert.Equal(t, caperrors.Applied, r.Outcome, "item %d", i)
					}
					p := run.Progress()
					assert.Equal(t, n, p.Accepted)
					assert.Equal(t, n, p.Done())
					assert.Less(t, time.Since(start), time.Minute, "nobody waits for an item that cannot come")
					assertIdle(t, eng)
				})
			})
		}
	}
}

// endings are what may end a job while its source has an item on the way in.
func endings() map[string]func(run *batch.Run[bill], cancel context.CancelFunc) {
	return map[string]func(run *batch.Run[bill], cancel context.CancelFunc){
		"it is stopped":    func(run *batch.Run[bill], _ context.CancelFunc) { run.Stop(nil) },
		"its context ends": func(_ *batch.Run[bill], cancel context.CancelFunc) { cancel(); nap(time.Millisecond) },
	}
}

// until is a source that notes at which item its yield returns false; -1 for
// none.
func until(items []bill, refused *int) iter.Seq2[bill, error] {
	return func(yield func(bill, error) bool) {
		*refused = -1
		for i, b := range items {
			if !yield(b, nil) {
				*refused = i
				return
			}
		}
	}
}

// An item that is being encoded when its job ends is not accepted: its yield
// returns false and it has no result. A run that resumes begins with it.
func TestAJobThatEndsWhileAnItemIsEncoded(t *testing.T) {
	t.Parallel()
	for name, end := range endings() {
		for _, at := range []int{0, 1, 9, 10, 11, 25} {
			t.Run(fmt.Sprintf("%s at item %d", name, at), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					srv, items := newServer(), numbered(40)
					var run *batch.Run[bill]
					ended := false
					eng := newEngine(t, srv, batch.Config[bill]{
						MaxItems: 10, Advanced: batch.Advanced{Window: 10, Linger: 10 * time.Millisecond},
						Key: func(b bill) string {
							if b == items[at] && !ended {
								nap(time.Second) // those before have their answer
								ended = true
								end(run, cancel)
							}
							return b.Customer
						},
					})
					var refused int
					run = eng.Run(ctx, until(items, &refused))
					results := runAllOf(run)
					assert.Equal(t, at, refused)
					assert.Len(t, results, at)
					p := run.Progress()
					assert.Equal(t, at, p.Accepted)
					assert.Equal(t, at, p.Applied)
					assertIdle(t, eng)

					later := eng.Run(t.Context(), until(items, &refused), batch.Resume(stored(t, run.Checkpoint())))
					assert.Len(t, runAllOf(later), 40-at)
					assert.Equal(t, -1, refused)
					assert.Equal(t, at, later.Progress().Skipped)
					for _, b := range items {
						assert.Equal(t, 1, srv.applied[b.ID], "item %s", b.ID)
					}
					assertIdle(t, eng)
				})
			})
		}
	}
}

// The same for an item that waits for room.
func TestAJobThatEndsWhileAnItemWaitsForRoom(t *testing.T) {
	t.Parallel()
	for name, end := range endings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				srv, items := newServer(), numbered(5)
				srv.latency = time.Minute
				eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 2}})
				var refused int
				run := eng.Run(ctx, until(items, &refused))
				time.AfterFunc(time.Second, func() { end(run, cancel) })
				assert.Len(t, runAllOf(run), 2)
				assert.Equal(t, 2, refused)
				assert.Equal(t, 2, run.Progress().Accepted)
				assert.Equal(t, [][]string{{"0", "1"}}, srv.sent())
				nap(time.Hour)
				assertIdle(t, eng)
			})
		})
	}
}

// An Add that comes to nothing leaves nothing behind, whether its writer ends
// while the item is encoded or its context while it waits for room.
func TestAnAddThatComesToNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	ends := map[string]func(w *batch.Writer[bill]) error{
		"closed":  func(w *batch.Writer[bill]) error { return w.Close(context.Background()) },
		"stopped": func(w *batch.Writer[bill]) error { return w.Stop(context.Background()) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, told := newServer(), newLedger()
				srv.latency = time.Minute
				var w *batch.Writer[bill]
				eng := newEngine(t, srv, batch.Config[bill]{
					Advanced: batch.Advanced{Window: 2},
					Key: func(b bill) string {
						if b.ID == "5" {
							assert.NoError(t, end(w))
						}
						return b.Customer
					},
				})
				w = eng.Writer(told.note)
				items := numbered(6)
				late := items[4]
				add := func(b bill) error {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					return w.Add(ctx, b)
				}
				for i, b := range items[:4] {
					require.NoError(t, add(b), "there is room for %d", i)
					if i%2 == 0 {
						continue
					}
					require.ErrorIs(t, add(late), context.DeadlineExceeded, "there is none")
					held, keys := batch.Held(eng)
					assert.Equal(t, 2, held)
					assert.Equal(t, 2, keys)
					assert.Equal(t, i+1, w.Progress().Accepted)
					nap(2 * time.Minute)
				}
				require.ErrorIs(t, w.Add(t.Context(), items[5]), batch.ErrClosed)
				assert.Equal(t, 4, w.Progress().Accepted)
				results := told.inOrder(t)
				require.Len(t, results, 4)
				for i, r := range results {
					assert.Equal(t, items[i], r.Item)
					assert.Equal(t, caperrors.Applied, r.Outcome)
				}
				assert.Equal(t, [][]string{{"0", "1"}, {"2", "3"}}, srv.sent())
				assertIdle(t, eng)
			})
		})
	}
}

// Places of values are used again by whoever adds next: each result has the value
// of its own item all the same.
func TestValuesOfManyProducersStayApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, told := newServer(), newLedger()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 7, Advanced: batch.Advanced{Window: 300}})
		w := eng.Writer(told.note)
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 200 {
					id := strconv.Itoa(1000*g + i)
					assert.NoError(t, w.Add(t.Context(), bill{ID: id, Customer: id}))
				}
			})
		}
		all.Wait()
		require.NoError(t, w.Close(t.Context()))
		results := told.inOrder(t)
		assert.Len(t, results, 1600)
		assert.Len(t, srv.applied, 1600)
		seen := make(map[string]bool)
		for _, r := range results {
			assert.Equal(t, r.Item.ID, r.Key, "the value is that of the item that was sent")
			seen[r.Item.ID] = true
		}
		assert.Len(t, seen, 1600)
		assertIdle(t, eng)
	})
}
