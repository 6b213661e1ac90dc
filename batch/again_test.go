package batch_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// T-22, T-23.
func TestTransientItemsRideInLaterFullCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 100
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if byNumber(b.ID, "0")%20 == 0 && sends == 1 { // 5 %
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		items := numbered(10_000)
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		// 10,500 sends at 100 a call, and a last one for the last retries.
		assert.LessOrEqual(t, len(srv.sent()), 105+2)
	})
}

// T-24, T-29: as many sends as attempts.
func TestAnItemIsGivenUpAfterItsAttempts(t *testing.T) {
	t.Parallel()
	for _, attempts := range []int{1, 3, 8} {
		t.Run(fmt.Sprintf("%d attempts", attempts), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.verdict = func(b bill, _ int) caperrors.Verdict {
					if b.ID == "3" {
						return refusedNow(521)
					}
					return caperrors.Verdict{Outcome: caperrors.Applied}
				}
				cfg := batch.Config[bill]{MaxAttempts: attempts}
				if attempts == 8 {
					cfg.MaxAttempts = 0 // the default
				}
				eng := newEngine(t, srv, cfg)
				items := ofCustomers("a", "b", "c", "d", "d")
				rep, err := eng.Do(t.Context(), items)
				assertSound(t, srv, items, rep)
				given := rep.Results[3]
				assert.Equal(t, caperrors.Refused, given.Outcome)
				assert.Equal(t, attempts, given.Attempts)
				assert.Len(t, srv.callsWith("3"), attempts)
				assert.Equal(t, caperrors.Code(521), given.Code)
				for _, want := range []error{caperrors.ErrAttemptsExhausted, caperrors.ErrTransient, caperrors.Code(521)} {
					require.ErrorIs(t, given.Err, want)
				}
				var failed *caperrors.BatchError
				require.ErrorAs(t, err, &failed)
				assert.Len(t, slices.Collect(failed.Retryable()), 1)
				assert.Equal(t, caperrors.Applied, rep.Results[4].Outcome, "its customer goes on")
			})
		})
	}
}

// T-24.
func TestFinalItemCodesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []caperrors.Code{400, 8015, 31337} {
		t.Run(code.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.verdict = func(bill, int) caperrors.Verdict {
					return caperrors.Verdict{Outcome: caperrors.Refused, Code: code, Kind: caperrors.ErrUnrecognised}
				}
				eng := newEngine(t, srv, batch.Config[bill]{})
				rep, err := eng.Do(t.Context(), numbered(10))
				require.ErrorIs(t, err, code)
				assert.Len(t, srv.sent(), 1)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 10}, outcomes(rep))
			})
		})
	}
}

// T-30, B-10: what an outage costs.
func TestABusyServerCostsItemsNoAttempt(t *testing.T) {
	t.Parallel()
	busy := map[string]answer{
		"461":         refuseCall(461),
		"503":         refuseCall(503),
		"429":         refuseCall(429),
		"not sent":    notSent(),
		"429 no body": failCall(&caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.DecodeError{Kind: caperrors.ErrTransient}}),
	}
	for name, act := range busy {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				start := time.Now()
				srv.fault = func(int, []bill) answer {
					if time.Since(start) < 5*time.Minute {
						return act
					}
					return nil
				}
				items := numbered(1000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 2})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err, "an outage burns time, not items")
				assertSound(t, srv, items, rep)
				assert.Less(t, time.Since(start), 6*time.Minute)
				// Lanes, doublings of the wait from 0.1 s to 30 s, then one call
				// each 15 to 30 s, and the 10 calls of the load itself.
				assert.LessOrEqual(t, len(srv.sent()), 4+1+9+5*60/15+10+5)
				if name == "not sent" {
					assert.Equal(t, 1, rep.Results[0].Attempts, "what was not sent is no attempt")
				}
				assertIdle(t, eng)
			})
		})
	}
}

// T-26, T-30.
func TestALongOutageEndsNoItemBeforeItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		start := time.Now()
		srv.fault = func(int, []bill) answer {
			if time.Since(start) < 3*time.Hour {
				return refuseCall(503)
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{MaxOutage: 4 * time.Hour}})
		rep, err := eng.Do(t.Context(), numbered(50))
		require.NoError(t, err)
		assert.Greater(t, rep.Results[0].Attempts, 64)
		// One call each 15 to 30 s, after the lanes and the doublings of the wait.
		assert.LessOrEqual(t, len(srv.sent()), 4+9+3*60*60/15)
	})
}

func TestAnOutageThatLastsTooLongStopsTheJob(t *testing.T) {
	t.Parallel()
	outages := map[string]answer{
		"refused":   refuseCall(503),
		"not sent":  notSent(),
		"no answer": lose(30 * time.Second),
	}
	for name, act := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				down := true
				srv.fault = func(call int, _ []bill) answer {
					if down && call > 0 {
						return act
					}
					return nil
				}
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, Advanced: batch.Advanced{MaxOutage: 2 * time.Minute}})
				start := time.Now()
				items := numbered(1000)
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, caperrors.ErrOutage)
				require.ErrorContains(t, err, "nothing accepted for 2m")
				assert.Less(t, time.Since(start), 2*time.Minute+70*time.Second)
				last := rep.Results[999]
				assert.Equal(t, caperrors.NotSent, last.Outcome)
				require.ErrorIs(t, last.Err, caperrors.ErrJobStopped)
				require.ErrorIs(t, last.Err, caperrors.ErrOutage)
				for _, r := range rep.Results {
					if r.Err != nil && r.Outcome != caperrors.Unknown {
						require.ErrorIs(t, r.Err, caperrors.ErrOutage, "item %d: %v", r.Index, r.Err)
					}
				}
				if name == "no answer" {
					assert.LessOrEqual(t, outcomes(rep)[caperrors.Unknown], 200, "a stuck server does not get the whole input")
				}
				assertIdle(t, eng)

				nap(24 * time.Hour)
				down = false
				calls := len(srv.sent())
				srv.fault = func(call int, _ []bill) answer {
					if call == calls {
						return refuseCall(503)
					}
					return nil
				}
				_, err = eng.Do(t.Context(), []bill{{ID: "5000", Customer: "new"}})
				require.NoError(t, err, "the next job has a time of its own")
			})
		})
	}
}

func TestRetryAfterIsHonouredAndCapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ asked, waited time.Duration }{
		{20 * time.Second, 20 * time.Second},
		{time.Hour, 60 * time.Second},
	} {
		t.Run(tt.asked.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(refuseCallFor(429, tt.asked))
				eng := newEngine(t, srv, batch.Config[bill]{})
				_, err := eng.Do(t.Context(), numbered(300))
				require.NoError(t, err)
				gap := srv.calls[1].at.Sub(srv.calls[0].end)
				assert.GreaterOrEqual(t, gap, tt.waited, "for every item, not only those refused")
				assert.LessOrEqual(t, gap, tt.waited+time.Second)
			})
		})
	}
}

func TestAnEmptyBudgetMakesTheEngineWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer(), budget: retry.NewBudget(28)} // two calls at 14
		script := slices.Repeat([]answer{refuseCall(503)}, 4)
		srv.first(script...)
		items := numbered(100)
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err, "it ends no item")
		assertSound(t, srv.server, items, rep)
		for i, wait := range []time.Duration{retry.DefaultOverloadDelay, 2 * retry.DefaultOverloadDelay} {
			gap := srv.calls[i+3].at.Sub(srv.calls[i+2].end)
			assert.GreaterOrEqual(t, gap, wait, "call %d", i+2)
			// The items wait up to 1 s, doubled for each refusal, of which this is
			// the third or the fourth; due times are rounded up.
			assert.LessOrEqual(t, gap, wait<<2+50*time.Millisecond, "call %d", i+2)
		}
		assert.Less(t, srv.calls[1].at.Sub(srv.calls[0].end), 2*time.Second)
		assert.Equal(t, 14, srv.budget.Tokens(), "one success gives one repeated call's price back")
	})
}

// What is throttled costs 5 tokens, as in the AWS SDKs, all else 14.
func TestACallThatIsThrottledCostsLess(t *testing.T) {
	t.Parallel()
	page := failCall(&caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.DecodeError{
		HTTPStatus: 429, Kind: caperrors.ErrTransient, Outcome: caperrors.Refused,
	}})
	for name, test := range map[string]struct {
		refusal answer
		left    int
	}{
		"429":             {refuseCall(429), 9},
		"429 of the edge": {page, 9},
		"503":             {refuseCall(503), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &shared{server: newServer(), budget: retry.NewBudget(14)}
				var left []int // at each call
				srv.fault = func(int, []bill) answer {
					if left = append(left, srv.budget.Tokens()); len(left) == 1 {
						return test.refusal
					}
					return nil
				}
				_, err := newEngine(t, srv, batch.Config[bill]{}).Do(t.Context(), numbered(10))
				require.NoError(t, err)
				assert.Equal(t, []int{14, test.left}, left)
				assert.Equal(t, 14, srv.budget.Tokens())
			})
		})
	}
}

func TestACallIsNotPaidFromTheBudgetForItsItems(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer(), budget: retry.NewBudget(100)}
		srv.verdict = func(_ bill, sends int) caperrors.Verdict {
			if sends < 4 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		_, err := eng.Do(t.Context(), numbered(200))
		require.NoError(t, err)
		assert.Equal(t, 100, srv.budget.Tokens())
	})
}

func TestAWaitThatEndsAfterTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return refuseCallFor(503, 0) }
		sender := &shared{server: srv, policy: retry.Policy{OverloadDelay: 24 * time.Hour, MaxDelay: 24 * time.Hour}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		eng := newEngine(t, sender, batch.Config[bill]{})
		start := time.Now()
		rep, err := eng.Do(ctx, numbered(10))
		require.ErrorIs(t, err, caperrors.ErrDeadlineTooNear)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(start), "the one call")
		assert.Equal(t, caperrors.Refused, rep.Results[0].Outcome)
	})
}

// T-31.
func TestABusyCustomerInACallRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(_ int, bills []bill) answer {
			if slices.ContainsFunc(bills, func(b bill) bool { return b.ID == "37" }) {
				return refuseCall(521)
			}
			return nil
		}
		items := numbered(100)
		eng := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 3})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		assertSound(t, srv, items, rep)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 99, caperrors.Refused: 1}, outcomes(rep))
		// Two calls of all; six halvings with one good half each and a seventh
		// that leaves it alone; then its three tries.
		sent := srv.sent()
		assert.Len(t, sent[0], 100)
		assert.Len(t, sent[1], 100, "delayed once")
		assert.LessOrEqual(t, len(sent), 2+7*2+3)
	})
}

// T-55.
func TestABusyCustomerDoesNotSlowTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Second
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if byNumber(b.ID, "0")%20 == 0 && sends < 3 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 8})
		start := time.Now()
		_, err := eng.Do(t.Context(), numbered(20_000))
		require.NoError(t, err)
		assert.Equal(t, 8, srv.peak, "521 says nothing about load")
		// 22,000 sends are 220 calls of 100, each 1 s: 1, 2 and 4 at a time, then 213
		// in 27 times 8, makes 30 s. Those that the last of them refuse go twice
		// more, each time after a delay (below 1 s), up to a second for others to
		// join, and 1 s on the way.
		assert.LessOrEqual(t, time.Since(start), (30+2*3)*time.Second)
	})
}

func TestProgressTellsTheTroubleWhileNothingIsAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		start := time.Now()
		srv.fault = func(int, []bill) answer {
			if time.Since(start) < time.Minute {
				return notSent()
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		w := eng.Writer(func(context.Context, batch.Result[bill]) {})
		require.NoError(t, w.Progress().Trouble)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0"}))
		nap(30 * time.Second)
		require.ErrorContains(t, w.Progress().Trouble, "connection refused")
		require.NoError(t, w.Close(t.Context()))
		require.NoError(t, w.Progress().Trouble)
		assert.Equal(t, 1, w.Progress().Applied)
	})
}

// T-55 at request level: one call in twenty is refused for one of its customers.
func TestACallRefusedForABusyCustomerSaysNothingAboutLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = time.Second
		srv.fault = func(call int, _ []bill) answer {
			if call%20 == 19 {
				return refuseCall(521)
			}
			return nil
		}
		waits := 0
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 8, Observe: func(e batch.Event) {
			if e.Kind == batch.Waiting {
				waits++
			}
		}})
		start := time.Now()
		rep, err := eng.Do(t.Context(), numbered(20_000))
		require.NoError(t, err)
		assert.Equal(t, 8, rep.Progress.Lanes)
		assert.Equal(t, 8, srv.peak)
		assert.Zero(t, waits)
		// 200 calls and one in twenty again, 8 at a time, after 4 s of slow start.
		assert.LessOrEqual(t, len(srv.sent()), 200*110/100)
		assert.LessOrEqual(t, time.Since(start), 34*time.Second)
	})
}
