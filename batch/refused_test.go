package batch_test

import (
	"errors"
	"slices"
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

// refuseWith refuses every call that carries one of the ids.
func refuseWith(code caperrors.Code, ids ...string) func(int, []bill) answer {
	return func(_ int, bills []bill) answer {
		if slices.ContainsFunc(bills, func(b bill) bool { return slices.Contains(ids, b.ID) }) {
			return refuseCall(code)
		}
		return nil
	}
}

// T-09.
func TestARefusalThatEveryCallWouldMeetStopsTheJob(t *testing.T) {
	t.Parallel()
	for _, code := range []caperrors.Code{401, 403, 404, 405, 415, 1061, 1062, 1064} {
		t.Run(code.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = func(call int, _ []bill) answer {
					if call >= 2 {
						return refuseCall(code)
					}
					return nil
				}
				items := numbered(5000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, code)
				require.ErrorIs(t, err, kindOf(code))
				assertSound(t, srv, items, rep)
				counts := outcomes(rep)
				assert.Equal(t, 200, counts[caperrors.Applied])
				assert.LessOrEqual(t, counts[caperrors.Refused], 400, "those in flight")
				last := rep.Results[4999]
				assert.Equal(t, caperrors.NotSent, last.Outcome)
				require.ErrorIs(t, last.Err, caperrors.ErrJobStopped)
				require.ErrorIs(t, last.Err, code, "it says why")
				assert.LessOrEqual(t, len(srv.sent()), 6)
				assertIdle(t, eng)
			})
		})
	}
}

func TestAnErrorBeforeTheWireThatNothingCures(t *testing.T) {
	t.Parallel()
	errs := map[string]error{
		"wrong use":         &caperrors.CallError{Outcome: caperrors.NotSent, Err: &caperrors.ArgumentError{Field: "Path"}},
		"a dead credential": &caperrors.CallError{Outcome: caperrors.NotSent, Stop: caperrors.ErrRefreshFailed},
	}
	for name, fault := range errs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = func(int, []bill) answer { return failCall(fault) }
				eng := newEngine(t, srv, batch.Config[bill]{})
				rep, err := eng.Do(t.Context(), numbered(500))
				require.ErrorIs(t, err, fault)
				assert.Len(t, srv.sent(), 1)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.NotSent: 500}, outcomes(rep))
				require.ErrorIs(t, rep.Results[0].Err, fault)
				assert.Zero(t, rep.Results[0].Attempts)
			})
		})
	}
}

func TestARefusalStopsAllJobsOfTheEngine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(call int, _ []bill) answer {
			if call == 3 {
				return refuseCall(403)
			}
			return nil
		}
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 50})
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				_, err := eng.Do(t.Context(), numbered(2000))
				assert.ErrorIs(t, err, caperrors.ErrPermission)
			})
		}
		all.Wait()
		assertIdle(t, eng)
	})
}

// T-19, T-31.
func TestOneItemAtFaultIsFoundAndItsNeighboursGo(t *testing.T) {
	t.Parallel()
	const code = caperrors.CodeInvalidInput
	for _, at := range []int{100, 137, 199} {
		t.Run("at "+strconv.Itoa(at), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				bad := strconv.Itoa(at)
				srv.fault = refuseWith(code, bad)
				items := numbered(1000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, code)
				assertSound(t, srv, items, rep)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 999, caperrors.Refused: 1}, outcomes(rep))
				r := rep.Results[at]
				assert.Equal(t, code, r.Code)
				assert.Equal(t, "no", r.Message)
				assert.Equal(t, "r1", r.RequestID)
				// Ten calls; ⌈log₂ 100⌉ = 7 halvings of two calls each.
				assert.LessOrEqual(t, len(srv.sent()), 10+14)
				assertIdle(t, eng)
			})
		})
	}
}

func TestTheSearchForItemsAtFaultIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		var bad []string // one in each call of 100
		for i := 100; i < 10_000; i += 100 {
			bad = append(bad, strconv.Itoa(i))
		}
		srv.fault = refuseWith(400, bad...)
		items := numbered(10_000)
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		require.ErrorContains(t, err, "looking for the items at fault")
		assertSound(t, srv, items, rep)
		// The first call, 40 to search, and those that brought the refused ones.
		assert.LessOrEqual(t, len(srv.sent()), 1+40+2+7)
		assertIdle(t, eng)
	})
}

func TestThreeItemsAloneProveTheCallWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return refuseCall(400) }
		items := numbered(5000)
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		require.ErrorContains(t, err, "the first 3 calls that cannot be split")
		assertSound(t, srv, items, rep)
		// 100, 50, 25, 13, 7, 4, 2, then 1, 1, 2, 1 are the way to three alone;
		// four lanes may go it side by side.
		assert.LessOrEqual(t, len(srv.sent()), 4*11)
		assert.LessOrEqual(t, outcomes(rep)[caperrors.Refused], 400)
		assertIdle(t, eng)

		rep, err = eng.Do(t.Context(), numbered(1))
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		require.NotErrorIs(t, err, caperrors.ErrJobStopped, "the next job has counts of its own")
		assert.Equal(t, caperrors.Refused, rep.Results[0].Outcome)
	})
}

func TestWhatMustStayTogetherIsNeverSplit(t *testing.T) {
	t.Parallel()
	for name, together := range map[string]bool{"by the endpoint": false, "by the caller": true} {
		for _, code := range []caperrors.Code{400, 1060, 521} {
			t.Run(name+", "+code.Error(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ep := &endpoint{server: newServer(), allOrNothing: !together}
					ep.fault = refuseWith(code, "7")
					items := numbered(20)
					eng := newEngine(t, ep, batch.Config[bill]{MaxAttempts: 4, Advanced: batch.Advanced{KeepTogether: together}})
					rep, err := eng.Do(t.Context(), items)
					require.ErrorIs(t, err, code)
					assertSound(t, ep.server, items, rep)
					assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 20}, outcomes(rep))
					for _, ids := range ep.sent() {
						assert.Len(t, ids, 20)
					}
					if code == 521 {
						assert.LessOrEqual(t, len(ep.sent()), 5, "its attempts bound it")
					} else {
						assert.Len(t, ep.sent(), 1)
					}
				})
			})
		}
	}
}

// T-32, T-35.
func TestOversizeIsLearnedAndEveryItemGoes(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		for _, limit := range []int{1, 7, 37, 99, 250} {
			t.Run("limit "+strconv.Itoa(limit)+", named "+strconv.FormatBool(named), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := newServer()
					srv.limit, srv.named = limit, named
					items := numbered(3000)
					eng := newEngine(t, srv, batch.Config[bill]{})
					rep, err := eng.Do(t.Context(), items)
					require.NoError(t, err)
					assertSound(t, srv, items, rep)
					if named {
						assert.LessOrEqual(t, srv.rejected, 1+3000/limit/1000)
						assert.LessOrEqual(t, len(srv.sent()), ceilDiv(3000, limit)+4)
					}
					assert.LessOrEqual(t, srv.rejected, max(1, log2(ceilDiv(100, limit)))+5+log2(limit))
					assertIdle(t, eng)
				})
			})
		}
	}
}

// T-34, T-35, B-4.
func TestAnItemThatIsTooLargeByItself(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 500, 999} {
		t.Run("at "+strconv.Itoa(at), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = refuseWith(1060, strconv.Itoa(at))
				items := numbered(1000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
				assertSound(t, srv, items, rep)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 999, caperrors.Refused: 1}, outcomes(rep))
				assert.Equal(t, 100, rep.Progress.Limit, "the limit does not move")
				assert.LessOrEqual(t, len(srv.sent()), 10+16)
			})
		})
	}
}

func TestALimitThatFallsAndRisesUnderConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 200
		srv.fault = func(call int, _ []bill) answer {
			switch call {
			case 60:
				srv.limit = 50
			case 200:
				srv.limit = 500
			}
			return nil
		}
		items := numbered(60_000)
		eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 8})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Equal(t, 500, rep.Progress.Limit)
		assert.LessOrEqual(t, srv.rejected, 45)
		assertIdle(t, eng)
	})
}

// T-32, T-33, T-34.
func TestAServerThatRefusesEverySize(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]batch.Config[bill]{
		"from the default": {},
		"from 100,000":     {MaxItems: 100_000, Advanced: batch.Advanced{StartItems: 100_000, Window: 500}},
		"16 lanes":         {MaxConcurrency: 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = func(int, []bill) answer { return refuseCall(1060) }
				items := numbered(500)
				eng := newEngine(t, srv, cfg)
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
				assertSound(t, srv, items, rep)
				for _, r := range rep.Results {
					require.ErrorIs(t, r.Err, caperrors.ErrItemTooLarge)
				}
				assert.LessOrEqual(t, len(srv.sent()), 2*500+4*17)
				assertIdle(t, eng)
			})
		})
	}
}

func TestAnOversizeAmongTheItems(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		inCall := 0
		srv.fault = func(int, []bill) answer {
			inCall = 0
			return nil
		}
		srv.verdict = func(bill, int) caperrors.Verdict {
			if inCall++; inCall > 10 { // it does the first ten of each call
				return refusedNow(1060)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		items := numbered(95)
		eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assertSound(t, srv, items, rep)
		assert.Len(t, srv.sent(), 10)
	})
}

// Splitting sends items again. Only what is refused for its content is worth
// that; a refusal that nobody understands may come from a server that worked.
func TestARefusalThatIsNotUnderstoodIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	answers := map[string]answer{
		"an unknown code":  refuseCall(31337),
		"all failed, 500":  refuseCall(500),
		"a page, HTTP 422": failCall(&caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.DecodeError{HTTPStatus: 422, Kind: caperrors.ErrInvalid, Outcome: caperrors.Refused}}),
	}
	for name, act := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = func(call int, _ []bill) answer {
					if call == 1 {
						return act
					}
					return nil
				}
				items := numbered(300)
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
				rep, err := eng.Do(t.Context(), items)
				require.Error(t, err)
				assertSound(t, srv, items, rep)
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 200, caperrors.Refused: 100}, outcomes(rep))
				assert.Len(t, srv.sent(), 3)
				for _, r := range rep.Results {
					assert.Equal(t, 1, r.Attempts)
				}
			})
		})
	}
}

func TestCallsThatAreAllRefusedTheSameWayStopTheJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return refuseCall(31337) }
		items := numbered(5000)
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100, MaxConcurrency: 1})
		rep, err := eng.Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.Code(31337))
		assertSound(t, srv, items, rep)
		assert.Len(t, srv.sent(), 3)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Refused: 300, caperrors.NotSent: 4700}, outcomes(rep))
	})
}

// An unknown host or a bad certificate will not mend by waiting ten minutes.
func TestAServerThatCannotBeReachedForAReasonThatLastsStopsTheJob(t *testing.T) {
	t.Parallel()
	lasting := func() answer {
		return failCall(&caperrors.CallError{Outcome: caperrors.NotSent, Err: &caperrors.TransportError{NotSent: true, Err: errors.New("no such host")}})
	}
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(int, []bill) answer { return lasting() }
		eng := newEngine(t, srv, batch.Config[bill]{})
		start := time.Now()
		rep, err := eng.Do(t.Context(), numbered(500))
		require.ErrorContains(t, err, "no such host")
		assert.Less(t, time.Since(start), time.Second)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.NotSent: 500}, outcomes(rep))
		assert.Len(t, srv.sent(), 1)
	})
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(nil, lasting())
		items := numbered(500)
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 100})
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err, "a server that was reached before may come back")
		assertSound(t, srv, items, rep)
	})
}

func TestItemsOfTheCallThatStoppedTheJobHaveItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(refuseCall(403))
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 2})
		rep, _ := eng.Do(t.Context(), numbered(4))
		require.NotErrorIs(t, rep.Results[0].Err, caperrors.ErrJobStopped, "it was sent")
		require.ErrorIs(t, rep.Results[0].Err, caperrors.CodeForbidden)
		require.ErrorIs(t, rep.Results[3].Err, caperrors.ErrJobStopped)
		require.ErrorIs(t, rep.Results[3].Err, caperrors.CodeForbidden)
	})
}
