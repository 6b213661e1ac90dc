package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestRunGivesEveryItemOneResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		run := eng.Run(t.Context(), fromBills(numbered(5000)))
		seen := make(map[int]bool)
		for r := range run.Results() {
			assert.False(t, seen[r.Index], "index %d twice", r.Index)
			seen[r.Index] = true
			assert.Equal(t, strconv.Itoa(r.Index), r.Item.ID)
			p := run.Progress()
			assert.LessOrEqual(t, p.Done(), p.Accepted)
		}
		require.NoError(t, run.Err())
		assert.Len(t, seen, 5000)
		for range run.Results() {
			assert.Fail(t, "a second range yields nothing")
		}
		p := run.Progress()
		assert.Equal(t, 5000, p.Accepted)
		assert.Equal(t, 5000, p.Applied)
		assert.Equal(t, 5000, p.Done())
		assert.Equal(t, 5000, p.Attempts)
		assert.Zero(t, p.InFlight)
		assertIdle(t, eng)
	})
}

func TestProgressEstimates(t *testing.T) {
	t.Parallel()
	start := time.Unix(0, 0)
	p := batch.Progress{Started: start, Applied: 60, Refused: 20, Unknown: 10, NotSent: 5, Duplicate: 5}
	now := start.Add(20 * time.Second)
	assert.InDelta(t, 5, p.Rate(now), 1e-9)
	assert.Equal(t, time.Minute, p.Left(now, 400))
	assert.Zero(t, p.Left(now, 100))
	assert.Zero(t, p.Left(start, 400), "nothing is known at the start")
}

// T-47: a panic in the source.
func TestRunWithAnErrorOfItsSource(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	tests := map[string]func(yield func(bill, error) bool){
		"an error":      func(yield func(bill, error) bool) { yield(bill{}, broken) },
		"a panic":       func(func(bill, error) bool) { panic(broken) },
		"a lost source": func(func(bill, error) bool) { runtime.Goexit() },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng := newEngine(t, srv, batch.Config[bill]{})
				n := 0
				run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
					for _, b := range numbered(150) {
						yield(b, nil)
					}
					end(yield)
				})
				for r := range run.Results() {
					n++
					assert.Equal(t, caperrors.Applied, r.Outcome, "what was taken before comes to its end")
				}
				assert.Equal(t, 150, n)
				require.Error(t, run.Err())
				if name != "a lost source" {
					require.ErrorIs(t, run.Err(), broken)
				}
				assertIdle(t, eng)
			})
		})
	}
}

func TestLeavingTheLoopEarly(t *testing.T) {
	t.Parallel()
	for _, after := range []int{1, 7, 99, 100, 1000} {
		t.Run(fmt.Sprintf("after %d results", after), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 900}})
				pulled := 0
				run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
					for _, b := range numbered(3000) {
						pulled++
						if !yield(b, nil) {
							return
						}
					}
				})
				n := 0
				for range run.Results() {
					if n++; n == after {
						break
					}
				}
				require.NoError(t, run.Err(), "it was the caller's wish")
				p := run.Progress()
				assert.Equal(t, p.Accepted, p.Done())
				assert.Zero(t, p.Unknown, "what is in flight is waited for")
				assert.Len(t, srv.applied, p.Applied)
				assert.Less(t, pulled, 3000)
				assert.Zero(t, srv.flying)
				assertIdle(t, eng)
			})
		})
	}
}

// T-47: a panic where the results are read.
func TestAPanicInTheLoopBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		run := eng.Run(t.Context(), fromBills(numbered(2000)))
		assert.PanicsWithValue(t, "body", func() {
			for range run.Results() {
				panic("body")
			}
		})
		assert.Zero(t, srv.flying, "nothing is left in flight")
		p := run.Progress()
		assert.Equal(t, p.Accepted, p.Done())
		assertIdle(t, eng)
		rep, err := eng.Do(t.Context(), []bill{{ID: "again"}})
		require.NoError(t, err, "the engine goes on")
		assert.Equal(t, caperrors.Applied, rep.Results[0].Outcome)
	})
}

// T-01, T-09, T-47: an answer of the wrong length, or none, leaves no item without a result.
func TestASenderThatPanicsOrDoesNotReturn(t *testing.T) {
	t.Parallel()
	tests := map[string]answer{
		"panics": func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { panic("wire") },
		"ends its goroutine": func(context.Context, *server, []bill) ([]caperrors.Verdict, error) {
			runtime.Goexit()
			return nil, nil
		},
		"returns too few":    short(-1),
		"returns too many":   short(1),
		"returns nothing":    func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { return nil, nil },
		"returns some error": failCall(errors.New("odd")),
	}
	for name, act := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(act)
				eng := newEngine(t, srv, batch.Config[bill]{})
				rep, err := eng.Do(t.Context(), numbered(150))
				require.Error(t, err)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Unknown: 100, caperrors.Applied: 50}, outcomes(rep))
				assert.Len(t, srv.sent(), 2)
				if name == "panics" {
					var panicked *batch.PanicError
					require.ErrorAs(t, err, &panicked)
					assert.Equal(t, "wire", panicked.Value)
				}
				assertIdle(t, eng)
			})
		})
	}
}

// short returns a wrong number of verdicts.
func short(by int) answer {
	return func(_ context.Context, _ *server, bills []bill) ([]caperrors.Verdict, error) {
		return make([]caperrors.Verdict, len(bills)+by), nil
	}
}

// T-39.
func TestAStuckSenderHoldsNobody(t *testing.T) {
	t.Parallel()
	for _, breakFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("loop left before: %v", breakFirst), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				srv := newServer()
				srv.fault = func(call int, bills []bill) answer {
					if call == 0 || bills[0].ID == "again" {
						return nil
					}
					return stuck(release)
				}
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				run := eng.Run(ctx, fromBills(numbered(1000)))
				n := 0
				for range run.Results() {
					if n++; breakFirst && n == 100 {
						nap(time.Second) // the next calls are out
						break
					}
				}
				took := time.Since(start)
				assert.GreaterOrEqual(t, took, time.Minute)
				assert.LessOrEqual(t, took, time.Minute+100*time.Millisecond)
				p := run.Progress()
				assert.Equal(t, p.Accepted, p.Done())
				assert.Positive(t, p.Unknown)
				if !breakFirst {
					require.ErrorIs(t, run.Err(), context.DeadlineExceeded)
					assert.Equal(t, p.Accepted, n)
				}
				close(release)
				synctest.Wait()
				assertIdle(t, eng)
				rep, err := eng.Do(t.Context(), []bill{{ID: "again", Customer: "c100"}})
				require.NoError(t, err, "a late answer frees its customers")
				assert.Equal(t, caperrors.Applied, rep.Results[0].Outcome)
			})
		})
	}
}

func TestAStuckProbeDoesNotHoldOtherEngines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv := &shared{server: newServer().first(stuck(release))}
		one, two := newEngine(t, srv, batch.Config[bill]{}), newEngine(t, srv, batch.Config[bill]{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := one.Do(ctx, numbered(100))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = two.Do(t.Context(), numbered(100))
		require.NoError(t, err)
		close(release)
	})
}

func TestTheContextEndsBeforeASourceThatIsBlocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		next := make(chan bill)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		run := eng.Run(ctx, func(yield func(bill, error) bool) {
			yield(bill{ID: "1"}, nil)
			for b := range next {
				if !yield(b, nil) {
					return
				}
			}
		})
		start, n := time.Now(), 0
		for r := range run.Results() {
			n++
			assert.Equal(t, caperrors.Applied, r.Outcome)
		}
		assert.Equal(t, 1, n)
		assert.LessOrEqual(t, time.Since(start), time.Minute+100*time.Millisecond)
		require.ErrorIs(t, run.Err(), context.DeadlineExceeded)
		next <- bill{ID: "2"} // it is not accepted any more
		synctest.Wait()
		assert.Equal(t, 1, run.Progress().Accepted)
		assertIdle(t, eng)
	})
}

// T-05: a job that is cut reports nothing as done that is not.
func TestTheContextEndsAtAnyMoment(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			srv := newServer()
			srv.limit = 30
			srv.fault = func(int, []bill) answer {
				switch rng.IntN(8) {
				case 0:
					return refuseCall(503)
				case 1:
					return notSent()
				case 2:
					return refuseCall(521)
				default:
					return nil
				}
			}
			eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 200}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(2000))*time.Millisecond)
			defer cancel()
			items := numbered(2000)
			start := time.Now()
			rep, err := eng.Do(ctx, items)
			require.Error(t, err)
			if ctx.Err() != nil {
				deadline, _ := ctx.Deadline()
				assert.LessOrEqual(t, time.Since(deadline), 100*time.Millisecond)
			}
			assert.Less(t, time.Since(start), 3*time.Second)
			assertSound(t, srv, items, rep)
			synctest.Wait()
			assertIdle(t, eng)
		})
	}
}

func TestAJobThatIsOverBeforeItBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		run := eng.Run(t.Context(), func(func(bill, error) bool) {})
		for range run.Results() {
			assert.Fail(t, "no item, no result")
		}
		require.NoError(t, run.Err())
	})
}

// Two engines of one client: the second one waits while the first learns, and
// must be woken by the first one's answer.
func TestEnginesThatShareALimitWakeEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer()}
		srv.limit = 100
		srv.latency = time.Second
		one := newEngine(t, srv, batch.Config[bill]{Key: func(b bill) string { return "one" + b.Customer }})
		two := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, Key: func(b bill) string { return "two" + b.Customer }})
		done := make(chan error)
		go func() {
			_, err := one.Do(t.Context(), numbered(100))
			done <- err
		}()
		nap(100 * time.Millisecond)
		start := time.Now()
		items := make([]bill, 10)
		for i := range items {
			items[i] = bill{ID: strconv.Itoa(1000 + i), Customer: strconv.Itoa(i)}
		}
		_, err := two.Do(t.Context(), items)
		require.NoError(t, err)
		require.NoError(t, <-done)
		assert.Equal(t, 1900*time.Millisecond, time.Since(start), "the rest of the first call, then its own")
		assertIdle(t, one)
		assertIdle(t, two)
	})
}

func TestStopWaitsForWhatIsInFlight(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Second
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, MaxConcurrency: 1})
		run := eng.Run(t.Context(), fromBills(numbered(500)))
		// The third call is half way.
		time.AfterFunc(2500*time.Millisecond, func() { run.Stop(enough) })
		start := time.Now()
		count := map[caperrors.Outcome]int{}
		for r := range run.Results() {
			count[r.Outcome]++
			if r.Outcome == caperrors.NotSent {
				require.ErrorIs(t, r.Err, enough)
				require.ErrorIs(t, r.Err, caperrors.ErrJobStopped)
			}
		}
		require.ErrorIs(t, run.Err(), enough)
		assert.Equal(t, 3*time.Second, time.Since(start), "not cut off, and nothing sent after it")
		assert.Equal(t, 30, count[caperrors.Applied])
		assert.Equal(t, 470, count[caperrors.NotSent], "every item that was taken has its result")
		assert.Zero(t, count[caperrors.Unknown])
		run.Stop(errors.New("later"))
		require.ErrorIs(t, run.Err(), enough)
		assertIdle(t, eng)
	})
}

func TestStopBeforeAndAfterTheResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		before := eng.Run(t.Context(), fromBills(numbered(5)))
		before.Stop(nil)
		for range before.Results() {
			assert.Fail(t, "nothing was taken")
		}
		require.NoError(t, before.Err())

		after := eng.Run(t.Context(), fromBills(numbered(5)))
		n := 0
		for range after.Results() {
			n++
		}
		after.Stop(errors.New("too late"))
		require.NoError(t, after.Err())
		assert.Equal(t, 5, n)
	})
}
