package batch_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// lengths returns how many items each call carried.
func lengths(s *server) []int {
	var all []int
	for _, ids := range s.sent() {
		all = append(all, len(ids))
	}
	return all
}

// feeding is a source that pauses before the items it is told to.
func feeding(items []bill, pauses map[int]time.Duration) func(yield func(bill, error) bool) {
	return func(yield func(bill, error) bool) {
		for i, b := range items {
			if pause := pauses[i]; pause > 0 {
				nap(pause)
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func drain(run *batch.Run[bill]) int {
	n := 0
	for range run.Results() {
		n++
	}
	return n
}

func TestAPartFullCallWaitsForItems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		linger time.Duration
		pauses map[int]time.Duration
		want   []int // items of each call
	}{
		"the rest comes in time":              {0, map[int]time.Duration{60: 900 * time.Millisecond}, []int{100, 20}},
		"the rest comes late":                 {0, map[int]time.Duration{60: 1100 * time.Millisecond}, []int{60, 60}},
		"each is in time, but not all":        {0, map[int]time.Duration{30: 700 * time.Millisecond, 60: 700 * time.Millisecond}, []int{60, 60}},
		"a short linger":                      {10 * time.Millisecond, map[int]time.Duration{60: 900 * time.Millisecond}, []int{60, 60}},
		"the end of the source cuts it short": {time.Hour, nil, []int{100, 20}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, Advanced: batch.Advanced{Linger: tt.linger}})
				start := time.Now()
				assert.Equal(t, 120, drain(eng.Run(t.Context(), feeding(numbered(120), tt.pauses))))
				assert.Equal(t, tt.want, lengths(srv))
				if tt.linger == time.Hour {
					assert.Less(t, time.Since(start), time.Second)
				}
			})
		})
	}
}

func TestASingleItemOfASlowSourceIsNotForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		start := time.Now()
		pauses := map[int]time.Duration{0: 5 * time.Second, 1: time.Hour}
		var at []time.Duration
		for range eng.Run(t.Context(), feeding(numbered(2), pauses)).Results() {
			at = append(at, time.Since(start))
		}
		// It comes after 5 s, waits a second for others, and travels 50 ms. The
		// other one is the last: there is nothing to wait for.
		assert.Equal(t, []time.Duration{6050 * time.Millisecond, time.Hour + 5050*time.Millisecond}, at)
	})
}

// T-41.
func TestAFullWindowCutsTheWaitShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, Advanced: batch.Advanced{Window: 40, Linger: time.Hour}})
		start := time.Now()
		assert.Equal(t, 400, drain(eng.Run(t.Context(), fromBills(numbered(400)))))
		assert.Equal(t, slices.Repeat([]int{40}, 10), lengths(srv))
		assert.Less(t, time.Since(start), time.Second)
	})
}

// Customers a and b have two bills each. The second call waits for the first,
// because its answer frees what fills it.
func TestAPartFullCallWaitsForWhatIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = 3 * time.Second
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 3})
		_, err := eng.Do(t.Context(), ofCustomers("a", "a", "b", "b", "c", "d"))
		require.NoError(t, err)
		assert.Equal(t, []int{3, 3}, lengths(srv))
	})
}

// Twelve customers have two bills, six have one: 30 bills are three calls of ten
// if the second waits for the first, however slow that is.
func TestALongRoundTripIsWaitedForLongerThanTheLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = 3 * time.Second
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10})
		_, err := eng.Do(t.Context(), numbered(100)) // opens the lanes
		require.NoError(t, err)
		before := len(srv.sent())
		var names []string
		for i := range 18 {
			names = append(names, "n"+strconv.Itoa(i))
		}
		_, err = eng.Do(t.Context(), ofCustomers(append(names, names[:12]...)...))
		require.NoError(t, err)
		assert.Equal(t, []int{10, 10, 10}, lengths(srv)[before:])
	})
}

func TestTheLongestBacklogGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 2})
		_, err := eng.Do(t.Context(), ofCustomers("a", "b", "c", "d", "e", "z", "z", "z", "z", "z"))
		require.NoError(t, err)
		assert.Len(t, srv.sent(), 5, "z needs five calls, and the others ride along")
	})
}

// The customer with the longest backlog has to wait for a retry. Calls without
// it would be calls more in the end.
func TestTheCriticalCustomerIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "5" && sends == 1 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		items := ofCustomers("a", "b", "c", "d", "e", "z", "z", "z", "z", "z")
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 2})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Len(t, srv.sent(), 6)
	})
}

func TestItemsWithoutACustomerAreBoundByNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 8})
		items := ofCustomers(slices.Repeat([]string{""}, 4000)...)
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, slices.Repeat([]int{100}, 40), lengths(srv))
		assert.Equal(t, 8, srv.peak)
	})
}

// Another job that never runs out of customers must not keep one waiting whose
// items have none.
func TestAJobWithoutCustomersDoesNotStarve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, Advanced: batch.Advanced{Window: 400}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan int)
		go func() {
			endless := func(yield func(bill, error) bool) {
				for i, more := 0, true; more; i++ {
					more = yield(bill{ID: strconv.Itoa(i), Customer: strconv.Itoa(i)}, nil)
				}
			}
			done <- drain(eng.Run(ctx, endless)) //nolint:contextcheck // the run holds the context
		}()
		nap(10 * time.Second)
		start := time.Now()
		_, err := eng.Do(t.Context(), []bill{{ID: "-1"}})
		require.NoError(t, err)
		assert.Less(t, time.Since(start), 5*time.Second)
		cancel()
		assert.Positive(t, <-done)
	})
}

// T-14, B-8.
func TestASlowReaderBoundsWhatIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 50, MaxConcurrency: 16, Advanced: batch.Advanced{Window: 300}})
		var pulled atomic.Int64
		returned := 0
		run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
			for _, b := range numbered(3000) {
				pulled.Add(1)
				if !yield(b, nil) {
					return
				}
			}
		})
		for range run.Results() {
			// One is prepared while it waits for room.
			assert.LessOrEqual(t, int(pulled.Load())-returned, 300+1)
			items, keys := batch.Held(eng)
			assert.LessOrEqual(t, items, 300)
			assert.LessOrEqual(t, keys, 300)
			returned++
			nap(20 * time.Millisecond)
		}
		require.NoError(t, run.Err())
		assert.Equal(t, 3000, returned)
		assert.LessOrEqual(t, len(srv.sent()), 60+10, "calls are full all the same")
	})
}

// T-44, T-48: retries need no room in the window.
func TestTheWindowHoldsThroughAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		start := time.Now()
		srv.fault = func(int, []bill) answer {
			if time.Since(start) < 5*time.Minute {
				return refuseCall(503)
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 500}})
		var pulled atomic.Int64
		run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
			for _, b := range numbered(2000) {
				pulled.Add(1)
				if !yield(b, nil) {
					return
				}
			}
		})
		go func() {
			nap(4 * time.Minute)
			assert.LessOrEqual(t, int(pulled.Load()), 501)
			items, _ := batch.Held(eng)
			assert.LessOrEqual(t, items, 500)
		}()
		assert.Equal(t, 2000, drain(run))
		require.NoError(t, run.Err())
	})
}

func TestThePaceIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer(), rate: 5}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 16})
		start := time.Now()
		_, err := eng.Do(t.Context(), numbered(5000))
		require.NoError(t, err)
		assert.Len(t, srv.sent(), 50)
		for i := range srv.calls[1:] {
			assert.GreaterOrEqual(t, srv.calls[i+1].at.Sub(srv.calls[i].at), 200*time.Millisecond)
		}
		assert.LessOrEqual(t, time.Since(start), 10*time.Second+time.Second)
		assert.LessOrEqual(t, srv.peak, 2, "five calls a second of 50 ms each keep one lane busy")
	})
}

func TestAPaceThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("burst of 0")
		srv := &shared{server: newServer(), wait: func(context.Context) error { return broken }}
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), numbered(10))
		require.ErrorIs(t, err, broken)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.NotSent: 10}, outcomes(rep))
		assertIdle(t, eng)
	})
}

func TestTheContextEndsAWaitForThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer(), wait: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		eng := newEngine(t, srv, batch.Config[bill]{})
		start := time.Now()
		rep, err := eng.Do(ctx, numbered(10))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.NotSent: 10}, outcomes(rep))
	})
}

// While one slow call is out, more items make further lanes useful: the loop
// must look again without an answer to wake it.
func TestLateItemsOpenFurtherLanes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(_ int, bills []bill) answer {
			if bills[0].ID == "400" {
				return slowly(time.Hour)
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 4})
		start := time.Now()
		pauses := map[int]time.Duration{400: time.Second, 450: 10 * time.Second, 899: time.Minute}
		for i := 451; i < 899; i++ {
			pauses[i] = time.Millisecond // the loop looks at each
		}
		run := eng.Run(t.Context(), feeding(numbered(900), pauses))
		n := 0
		for range run.Results() {
			if n++; n == 800 {
				assert.Less(t, time.Since(start), 15*time.Second, "they did not wait for the slow one")
			}
		}
		assert.Equal(t, 900, n)
	})
}
