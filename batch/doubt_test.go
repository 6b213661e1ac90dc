package batch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// poisoned is a server that takes up to 100 items a call, in 30 to 70 ms, and
// refuses as too large any call with one of p items of a load.
type poisoned struct {
	*server
	bad      map[string]bool
	isolated int // calls refused for such an item alone
}

func newPoisoned(rng *rand.Rand, items []bill, p int) *poisoned {
	s := &poisoned{server: newServer(), bad: make(map[string]bool)}
	s.limit = 100
	for len(s.bad) < p {
		s.bad[items[rng.IntN(len(items))].ID] = true
	}
	s.fault = func(_ int, bills []bill) answer {
		if len(bills) <= s.limit && slices.ContainsFunc(bills, func(b bill) bool { return s.bad[b.ID] }) {
			s.isolated++
			return refuseCall(1060)
		}
		return slowly(time.Duration(30+rng.IntN(40)) * time.Millisecond)
	}
	return s
}

// B-4: items that are too large by themselves, 1, 10 or 100 in a load, however
// many calls are in flight: each is found in ⌈log₂ 100⌉ + 1 refused calls, its
// neighbours are applied, and the limit is not given up for them.
func TestPoisonIsFoundAtItsPrice(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, lanes := range []int{1, 4, 8, 16} {
		for _, p := range []int{1, 10, 100} {
			t.Run(fmt.Sprintf("%d items, %d lanes", p, lanes), func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(scaled(3, 50)) {
					synctest.Test(t, func(t *testing.T) {
						items := numbered(20_000)
						srv := newPoisoned(rand.New(rand.NewPCG(seed, 4)), items, p)
						eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: lanes})
						require.NoError(t, eng.SetLimits(batch.Limits{Endpoint: "batch", Accepted: 100, Refused: 101}))
						rep, err := eng.Do(t.Context(), items)
						require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
						assertSound(t, srv.server, items, rep)
						for i, r := range rep.Results {
							assert.Equal(t, !srv.bad[items[i].ID], r.Outcome == caperrors.Applied, "item %d", i)
						}
						// The limit is looked at again after 64 full calls, and after 512 more.
						wasted, bound := srv.isolated+srv.rejected, p*(log2(100)+1)+2
						t.Logf("B-4: %d calls rejected, bound %d; %d calls in all; limit %d", wasted, bound, len(srv.sent()), rep.Progress.Limit)
						assert.LessOrEqual(t, wasted, bound)
						assert.Equal(t, 100, rep.Progress.Limit)
						assertIdle(t, eng)
					})
				}
			})
		}
	}
}

// B-3: a limit of 200 that falls, with items that are at fault by themselves as
// well, or without.
func TestALimitThatFellIsToldFromPoison(t *testing.T) {
	t.Parallel()
	notInShort(t)
	for _, limit := range []int{150, 100, 50, 10, 1} {
		for _, lanes := range []int{1, 4, 8, 16} {
			for _, p := range []int{0, 5} {
				t.Run(fmt.Sprintf("to %d, %d lanes, %d items at fault", limit, lanes, p), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						items := numbered(22_000 + 100*limit)
						srv := newPoisoned(rand.New(rand.NewPCG(uint64(limit), 3)), items, p)
						srv.limit = 200
						usual, before := srv.fault, 0
						srv.fault = func(call int, bills []bill) answer {
							if call == 100 {
								srv.limit, before = limit, srv.rejected
							}
							return usual(call, bills)
						}
						eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: lanes})
						rep, _ := eng.Do(t.Context(), items)
						assertSound(t, srv.server, items, rep)
						assert.Equal(t, len(items)-p, rep.Progress.Applied)
						wasted, calls := srv.rejected-before, len(srv.sent())
						// Those in flight, what finds it, exactly, and what looks later
						// whether it rose: after 64 calls, 128 more, and so on.
						bound := lanes + log2(ceilDiv(200, limit)) + 5 + log2(limit) + log2(calls/64)
						t.Logf("B-3: %d calls rejected by the fall, bound %d, %d for items at fault; %d calls in all", wasted, bound, srv.isolated, calls)
						if p == 0 {
							assert.LessOrEqual(t, wasted, bound)
							assert.Equal(t, limit, rep.Progress.Limit)
						} else {
							// An item at fault within the call that decides it, or in one
							// that looks for the limit, costs a few more.
							assert.LessOrEqual(t, wasted+srv.isolated, bound+p*(log2(200)+1)+lanes)
						}
						assertIdle(t, eng)
					})
				})
			}
		}
	}
}

// A limit that falls while an item at fault is looked for, and nothing else goes
// out, is found out as well: both halves of a call are refused.
func TestALimitThatFallsDuringASearchIsFollowed(t *testing.T) {
	t.Parallel()
	for size := 100; size > 3; size = (size + 1) / 2 {
		t.Run(fmt.Sprintf("at %d", size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				items := numbered(5_000)
				srv := newPoisoned(rand.New(rand.NewPCG(1, 3)), items, 1)
				srv.limit = 200
				usual := srv.fault
				searching, before := false, 0
				srv.fault = func(call int, bills []bill) answer {
					full := len(bills) == 200
					if full && slices.ContainsFunc(bills, func(b bill) bool { return srv.bad[b.ID] }) {
						searching = true
					}
					if searching && len(bills) == size && srv.limit == 200 {
						srv.limit, before = 1, srv.rejected
					}
					return usual(call, bills)
				}
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1, Advanced: batch.Advanced{StartItems: 200}})
				rep, _ := eng.Do(t.Context(), items)
				assertSound(t, srv.server, items, rep)
				assert.Equal(t, len(items)-1, rep.Progress.Applied)
				t.Logf("%d calls rejected", srv.rejected-before)
				// Down to one item, twice, and what looks later whether it rose.
				assert.LessOrEqual(t, srv.rejected-before, 2*log2(size)+3+log2(len(srv.sent())/64))
				assertIdle(t, eng)
			})
		})
	}
}

// A doubt ends however the call ends that was to decide it.
func TestADoubtEndsWithItsTrial(t *testing.T) {
	t.Parallel()
	ends := map[string]answer{
		"busy":            refuseCall(503),
		"customer busy":   refuseCall(521),
		"at fault":        refuseCall(400),
		"no answer":       lose(time.Minute),
		"not sent":        notSent(),
		"panic":           func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { panic("wire") },
		"a limit is told": tellLimit(7),
	}
	for name, end := range ends {
		for _, lanes := range []int{1, 4} {
			for _, runs := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d lanes, %v", name, lanes, runs), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						items := numbered(3000)
						srv := newPoisoned(rand.New(rand.NewPCG(1, 1)), items, 20)
						srv.dedupe, srv.runs = true, runs
						usual, done := srv.fault, 0
						srv.fault = func(call int, bills []bill) answer {
							if len(bills) == 50 && done < 3 {
								done++
								return end
							}
							return usual(call, bills)
						}
						eng := newEngine(t, srv, batch.Config[bill]{
							MaxConcurrency: lanes, OnUnknown: batch.ResendUnknown, Advanced: batch.Advanced{SameKeyInBatch: runs},
						})
						rep, _ := eng.Do(t.Context(), items)
						assertSound(t, srv.server, items, rep)
						for i, r := range rep.Results {
							assert.True(t, r.Outcome.Done() || srv.bad[items[i].ID], "item %d: %v", i, r.Err)
						}
						assertIdle(t, eng)
					})
				})
			}
		}
	}
}

// tellLimit refuses a call and names a limit.
func tellLimit(limit int) answer {
	return func(context.Context, *server, []bill) ([]caperrors.Verdict, error) {
		return nil, &caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.RequestError{
			Code: caperrors.CodeBatchTooLarge, Kind: caperrors.ErrOversize, Limit: limit,
		}}
	}
}

// A job that ends while calls wait for the doubt leaves none of them behind,
// and those of another job go on.
func TestAJobThatEndsLeavesNoDoubtBehind(t *testing.T) {
	t.Parallel()
	for after := 100 * time.Millisecond; after < 600*time.Millisecond; after += 20 * time.Millisecond {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				items := numbered(4000)
				srv := newPoisoned(rand.New(rand.NewPCG(2, 2)), items, 200)
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 8})
				other := make(chan *batch.Report[bill])
				go func() {
					rep, _ := eng.Do(t.Context(), items[2000:])
					other <- rep
				}()
				run := eng.Run(t.Context(), fromBills(items[:2000]))
				stopped := time.Now().Add(after)
				stop := time.AfterFunc(after, func() { run.Stop(nil) })
				defer stop.Stop()
				for range run.Results() {
				}
				rep := <-other
				for _, ex := range srv.calls {
					if ex.at.After(stopped) {
						assert.False(t, slices.ContainsFunc(ex.ids, func(id string) bool { return byNumber(id, "2000") < 0 }), "sent after its end")
					}
				}
				for i, r := range rep.Results {
					assert.Equal(t, !srv.bad[items[2000+i].ID], r.Outcome == caperrors.Applied, "item %d", i)
				}
				assertIdle(t, eng)
			})
		})
	}
}
