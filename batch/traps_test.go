package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	"github.com/capillary-go/capillary/retry"
)

// The numbers T-01 to T-57 name mistakes that other bulk writers made. Each has
// a test in this package, found by its number; T-01 has more of them in
// internal/wire, T-06 in batch/journal, T-24 in errors, T-26 in retry, T-29 in
// client. What T-05, T-06 and T-31 say of loads that stop and go on stands at
// TestALoadOfManyLivesGivesEveryItemOneFate.

// T-02: the item that fills a call shares that call's fate, and has a result.
func TestAnItemThatFillsAFailingCallHasItsResult(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]answer{
		"no answer": lose(0), "refused": refuseCall(31337), "busy": refuseCall(503), "not sent": notSent(),
	} {
		for every := 2; every <= 4; every++ {
			t.Run(fmt.Sprintf("%s, every %d. call", name, every), func(t *testing.T) {
				t.Parallel()
				for n := range 13 { // the buffer holds 0 to 2 items when it ends
					synctest.Test(t, func(t *testing.T) {
						srv := newServer()
						srv.fault = func(call int, _ []bill) answer {
							if call%every == every-1 {
								return act
							}
							return nil
						}
						told := newLedger()
						w := newEngine(t, srv, batch.Config[bill]{MaxItems: 3}).Writer(told.note)
						for _, b := range numbered(n) {
							require.NoError(t, w.Add(t.Context(), b))
						}
						require.NoError(t, w.Close(t.Context()))
						assert.Empty(t, unsound(srv, numbered(n), told.inOrder(t)))
					})
				}
			})
		}
	}
}

// T-03, T-04, T-13, T-38: an earlier failure does not cut Close short; what is
// in backoff is sent, also by the only lane there is.
func TestCloseSendsWhatIsInBackoff(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = func(_ int, bills []bill) answer {
					return map[string]answer{"1": refuseCall(31337), "2": lose(0)}[bills[0].ID]
				}
				srv.verdict = func(b bill, sends int) caperrors.Verdict {
					if b.ID == "0" && sends < 6 {
						return refusedNow(521)
					}
					return caperrors.Verdict{Outcome: caperrors.Applied}
				}
				told := newLedger()
				w := newEngine(t, srv, batch.Config[bill]{MaxItems: 1, MaxConcurrency: lanes}).Writer(told.note)
				items := numbered(4)
				for _, b := range items {
					require.NoError(t, w.Add(t.Context(), b))
				}
				nap(120 * time.Millisecond)
				require.NoError(t, w.Close(t.Context()))
				results := told.inOrder(t)
				assert.Empty(t, unsound(srv, items, results))
				assert.Equal(t, caperrors.Applied, results[0].Outcome)
				assert.Equal(t, 6, results[0].Attempts)
				assert.Equal(t, caperrors.Refused, results[1].Outcome)
				assert.Equal(t, caperrors.Unknown, results[2].Outcome)
				assert.Equal(t, caperrors.Applied, results[3].Outcome)
			})
		})
	}
}

// T-10: no size of the input leaves a last item behind.
func TestEverySizeOfInputIsSentWhole(t *testing.T) {
	t.Parallel()
	const limit = 7
	for n := range 3*limit + 2 {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer()
			srv.limit = limit
			items := numbered(n)
			rep, err := newEngine(t, srv, batch.Config[bill]{}).Do(t.Context(), items)
			require.NoError(t, err)
			assertSound(t, srv, items, rep)

			srv = newServer()
			srv.limit = limit
			told := newLedger()
			w := newEngine(t, srv, batch.Config[bill]{}).Writer(told.note)
			for _, b := range items {
				require.NoError(t, w.Add(t.Context(), b))
			}
			require.NoError(t, w.Close(t.Context()))
			assert.Len(t, told.inOrder(t), n)
			assert.Len(t, srv.applied, n)
		})
	}
}

// T-11, T-15: a flush waits for the halves of a call that was split.
func TestFlushWaitsForASplitCall(t *testing.T) {
	t.Parallel()
	for _, code := range []caperrors.Code{400, 1060, 521} {
		t.Run(code.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.fault = refuseWith(code, "37")
				told := newLedger()
				w := newEngine(t, srv, batch.Config[bill]{MaxItems: 20, MaxAttempts: 2}).Writer(told.note)
				for i, b := range numbered(70) {
					require.NoError(t, w.Add(t.Context(), b))
					if i == 59 {
						nap(120 * time.Millisecond) // splitting is under way
						require.NoError(t, w.Flush(t.Context()))
						assert.Len(t, told.inOrder(t), 60)
						assert.Equal(t, caperrors.Refused, told.results[37].Outcome)
					}
				}
				require.NoError(t, w.Close(t.Context()))
				assert.Empty(t, unsound(srv, numbered(70), told.inOrder(t)))
			})
		})
	}
}

// T-16: an item that does not encode leaves nothing of itself in the call.
func TestAnItemThatDoesNotEncodeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for at := range 5 {
		synctest.Test(t, func(t *testing.T) {
			items := make([]any, 5)
			for i := range items {
				items[i] = bill{ID: strconv.Itoa(i)}
			}
			items[at] = panics{}
			var bodies []string
			sender := senderFunc(func(_ context.Context, raw [][]byte) ([]caperrors.Verdict, error) {
				for _, body := range raw {
					bodies = append(bodies, string(body))
				}
				return slices.Repeat([]caperrors.Verdict{{Outcome: caperrors.Applied}}, len(raw)), nil
			})
			eng, err := batch.New(sender, batch.Config[any]{})
			require.NoError(t, err)
			rep, err := eng.Do(t.Context(), items)
			require.Error(t, err)
			var want []string
			for i := range items {
				if i != at {
					want = append(want, fmt.Sprintf(`{"id":"%d","customer":""}`, i))
				}
				assert.Equal(t, i == at, rep.Results[i].Err != nil)
			}
			assert.Equal(t, want, bodies)
		})
	}
}

// senderFunc is a sender that is a function.
type senderFunc func(context.Context, [][]byte) ([]caperrors.Verdict, error)

func (f senderFunc) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	return f(ctx, items)
}

// T-17, T-18, T-20: an item's answer finds it through splits, re-packed and
// later calls, between items that end otherwise, and is a typed error.
func TestAnAnswerFindsItsItemThroughSplitsAndRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 30
		srv.fault = refuseWith(400, "150")
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			switch n := byNumber(b.ID, "0"); {
			case n%5 == 1 && sends < 3:
				return refusedNow(461)
			case n%3 == 0:
				return caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid, Message: b.ID}
			case n%7 == 0:
				return caperrors.Verdict{Outcome: caperrors.Refused} // neither code nor text
			default:
				return caperrors.Verdict{Outcome: caperrors.Applied, Message: b.ID}
			}
		}
		items := numbered(400)
		rep, err := newEngine(t, srv, batch.Config[bill]{}).Do(t.Context(), items)
		require.Error(t, err)
		assertSound(t, srv, items, rep)
		for i, r := range rep.Results {
			want := caperrors.Applied
			if i%3 == 0 || i%7 == 0 || i == 150 {
				want = caperrors.Refused
				var typed *caperrors.ItemError
				require.ErrorAs(t, r.Err, &typed)
				assert.Equal(t, i, typed.Index)
			}
			assert.Equal(t, want, r.Outcome, "item %d", i)
			if i != 150 && (i%3 == 0 || i%7 != 0) {
				assert.Equal(t, strconv.Itoa(i), r.Message)
			}
		}
	})
}

// T-21: the caller's slice and bytes are as they were, and are free again after
// the return.
func TestTheCallersBytesAreLeftAloneAndFreeAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 8
		srv.verdict = func(_ bill, sends int) caperrors.Verdict {
			if sends == 1 {
				return refusedNow(503)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng, err := batch.New(srv, batch.Config[[]byte]{})
		require.NoError(t, err)
		items := make([][]byte, 100)
		for round := range 3 {
			for i := range items {
				items[i] = append(items[i][:0], fmt.Sprintf(`{"id":"%d"}`, 1000*round+i)...)
			}
			given := slices.Clone(items)
			_, err = eng.Do(t.Context(), items)
			require.NoError(t, err)
			for i := range items {
				assert.True(t, bytes.Equal(fmt.Appendf(nil, `{"id":"%d"}`, 1000*round+i), items[i]), "item %d", i)
				assert.Same(t, &given[i][0], &items[i][0])
			}
		}
		assert.Len(t, srv.applied, 300)
		for id, n := range srv.applied {
			assert.Equal(t, 1, n, id)
		}
	})
}

// T-22, T-23, T-24, T-28: of an answer that mixes everything, what is transient
// is sent again, and nothing else; what is not known is final.
func TestOfAMixedAnswerOnlyWhatIsTransientIsSentAgain(t *testing.T) {
	t.Parallel()
	verdicts := []caperrors.Verdict{
		{Outcome: caperrors.Applied},
		{Outcome: caperrors.Applied, Warnings: []caperrors.Warning{{Code: 99, Message: "mind"}}},
		{Outcome: caperrors.Duplicate, Code: 604, Kind: caperrors.ErrDuplicate},
		refusedNow(461), refusedNow(503), refusedNow(521),
	}
	kinds := []caperrors.Kind{
		0, caperrors.ErrInvalid, caperrors.ErrUnrecognised, caperrors.ErrUnauthenticated, caperrors.ErrPermission,
		caperrors.ErrNotFound, caperrors.ErrUnsupported, caperrors.ErrMisconfigured,
	}
	for i, kind := range kinds {
		verdicts = append(verdicts, caperrors.Verdict{Outcome: caperrors.Refused, Code: caperrors.Code(9000 + i), Kind: kind})
	}
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			v := verdicts[byNumber(b.ID, "0")%len(verdicts)]
			if v.Kind == caperrors.ErrTransient && sends > 1 {
				return caperrors.Verdict{Outcome: caperrors.Applied}
			}
			return v
		}
		items := numbered(20 * len(verdicts))
		rep, _ := newEngine(t, srv, batch.Config[bill]{}).Do(t.Context(), items)
		require.Len(t, rep.Results, len(items))
		for i, r := range rep.Results {
			v := verdicts[i%len(verdicts)]
			sends, outcome := 1, v.Outcome
			if v.Kind == caperrors.ErrTransient {
				sends, outcome = 2, caperrors.Applied
			}
			assert.Len(t, srv.callsWith(strconv.Itoa(i)), sends, "%v", v)
			assert.Equal(t, outcome, r.Outcome)
			assert.Equal(t, outcome == caperrors.Refused, r.Err != nil)
		}
	})
}

// T-27: the waits of one item do not grow by another one's failures.
func TestEachItemHasWaitsOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &shared{server: newServer(), policy: retry.Policy{ConflictDelay: 100 * time.Millisecond, MaxDelay: time.Hour}}
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "0" && sends < 12 || b.ID != "0" && sends == 1 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		told := newLedger()
		w := newEngine(t, srv, batch.Config[bill]{MaxAttempts: 20}).Writer(told.note)
		require.NoError(t, w.Add(t.Context(), bill{ID: "0", Customer: "a"}))
		require.NoError(t, w.Flush(t.Context())) // it was tried twelve times
		require.NoError(t, w.Add(t.Context(), bill{ID: "1", Customer: "b"}))
		require.NoError(t, w.Close(t.Context()))
		calls := srv.callsWith("1")
		require.Len(t, calls, 2)
		assert.LessOrEqual(t, calls[1].at.Sub(calls[0].end), 100*time.Millisecond+50*time.Millisecond)
	})
}

// T-32: an item that is called too large in every answer, beside others that are
// not, is given up and leaves the others alone.
func TestAnItemThatEveryAnswerCallsTooLargeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, _ int) caperrors.Verdict {
			if b.ID == "5" {
				return refusedNow(1060)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		items := numbered(2000)
		rep, err := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, MaxConcurrency: 1}).Do(t.Context(), items)
		require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
		assertSound(t, srv, items, rep)
		assert.Equal(t, map[caperrors.Outcome]int{caperrors.Applied: 1999, caperrors.Refused: 1}, outcomes(rep))
		assert.LessOrEqual(t, rep.Results[5].Attempts, 64)
		assert.LessOrEqual(t, len(srv.sent()), 200+64/10+1)
	})
}

// T-36, T-37: whatever ends a call, its items' places in the window come back,
// and the engine goes on with the others.
func TestEveryWayACallEndsGivesItsRoomBack(t *testing.T) {
	t.Parallel()
	ends := map[string]answer{
		"busy":         refuseCall(503),
		"told to wait": refuseCallFor(429, time.Second),
		"customer":     refuseCall(521),
		"oversize":     refuseCall(1060),
		"content":      refuseCall(400),
		"unknown code": refuseCall(31337),
		"lost":         lose(0),
		"timed out":    lose(10 * time.Second),
		"not sent":     notSent(),
		"too few":      short(-1),
		"panic":        func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { panic("wire") },
	}
	for name, act := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				every := 2
				if name == "content" {
					every = 12 // the search for what is at fault is bounded
				}
				srv.fault = func(call int, _ []bill) answer {
					if call%every == 1 {
						return act
					}
					return nil
				}
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 5, Advanced: batch.Advanced{Window: 6}})
				told := newLedger()
				w := eng.Writer(told.note)
				items := numbered(120)
				for _, b := range items {
					require.NoError(t, w.Add(t.Context(), b))
				}
				require.NoError(t, w.Close(t.Context()))
				assert.Empty(t, unsound(srv, items, told.inOrder(t)))
				assertIdle(t, eng)
			})
		})
	}
}

// T-40: adds that give up while they wait for room leave it to the others.
func TestAddsThatGiveUpLeaveTheirPlaceToOthers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 40))
			srv := newServer()
			eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 1 + rng.IntN(4)}})
			told := newLedger()
			w := eng.Writer(told.note)
			var adds sync.WaitGroup
			var mu sync.Mutex
			taken := 0
			for i := range 60 {
				patience := time.Duration(rng.IntN(400)) * time.Millisecond
				if i%3 == 0 {
					patience = time.Hour
				}
				start := time.Duration(rng.IntN(300)) * time.Millisecond
				adds.Go(func() {
					nap(start)
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					err := w.Add(ctx, bill{ID: strconv.Itoa(i), Customer: strconv.Itoa(i % 11)})
					if err != nil {
						assert.ErrorIs(t, err, context.DeadlineExceeded) //nolint:testifylint // not in another goroutine
						assert.NotEqual(t, time.Hour, patience, "there was room in time")
						return
					}
					mu.Lock()
					defer mu.Unlock()
					taken++
				})
			}
			adds.Wait()
			require.NoError(t, w.Close(t.Context()))
			assert.Len(t, told.inOrder(t), taken)
			assert.Len(t, srv.applied, taken)
			assertIdle(t, eng)
		})
	}
}

// T-43, T-46: a job whose results nobody reads holds no other job.
func TestResultsThatNobodyReadsHoldNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(bill, int) caperrors.Verdict { // failures, above all
			return caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid}
		}
		eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{Window: 300}})
		for range eng.Run(t.Context(), fromBills(numbered(2000))).Results() {
			nap(time.Minute)
			start := time.Now()
			items := make([]bill, 1000)
			for i := range items {
				items[i] = bill{ID: strconv.Itoa(5000 + i)}
			}
			rep, err := eng.Do(t.Context(), items)
			require.ErrorIs(t, err, caperrors.Code(8015))
			assert.Len(t, rep.Results, 1000)
			assert.Less(t, time.Since(start), 5*time.Second)
			break
		}
		assertIdle(t, eng)
	})
}

// T-57: nobody waits for long, however the customers are spread.
func TestNobodyWaitsForLongBesideHotCustomers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const window, size, count = 2000, 100, 30_000
		rng := rand.New(rand.NewPCG(1, 57))
		zipf := rand.NewZipf(rng, 1.1, 1, 1_000_000)
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{
			MaxItems: size, MaxConcurrency: 1, Advanced: batch.Advanced{Window: window},
		})
		var mu sync.Mutex
		given := make(map[int]time.Time)
		ahead := make(map[int]int)   // items of the same customer before it
		open := make(map[string]int) // items by customer, taken and not final
		run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
			for i := range count {
				b := bill{ID: strconv.Itoa(i), Customer: strconv.FormatUint(zipf.Uint64(), 10)}
				mu.Lock()
				given[i], ahead[i] = time.Now(), open[b.Customer]
				open[b.Customer]++
				mu.Unlock()
				if !yield(b, nil) {
					return
				}
			}
		})
		// What was passed over for 2 × 20 + 16 calls goes before all; half of a
		// call, 50 items, is for such, of which there are no more than the window.
		const most = (2*window/size + 16 + 2*window/size) * 50 * time.Millisecond
		var longest time.Duration
		for r := range run.Results() {
			mu.Lock()
			open[r.Item.Customer]--
			waited := time.Since(given[r.Index])
			if ahead[r.Index] == 0 {
				longest = max(longest, waited)
			}
			assert.LessOrEqual(t, waited, time.Duration(ahead[r.Index]+1)*most)
			mu.Unlock()
		}
		require.NoError(t, run.Err())
		t.Logf("the longest wait of an item with none of its customer before it: %v = %d round trips", longest, longest/srv.latency)
	})
}

// T-07, T-39, T-45, B-12: a Close with a deadline returns by it, whatever the
// writer is about, and with all results.
func TestCloseInEveryState(t *testing.T) {
	t.Parallel()
	type state struct {
		sender func(*server) batch.Sender
		fault  func(release <-chan struct{}) func(int, []bill) answer
		cfg    batch.Config[bill]
		items  int
	}
	always := func(act answer) func(<-chan struct{}) func(int, []bill) answer {
		return func(<-chan struct{}) func(int, []bill) answer { return func(int, []bill) answer { return act } }
	}
	stuckAfter := func(n int, act answer) func(<-chan struct{}) func(int, []bill) answer {
		return func(release <-chan struct{}) func(int, []bill) answer {
			return func(call int, _ []bill) answer {
				if call < n {
					return act
				}
				return stuck(release)
			}
		}
	}
	with := func(s shared) func(*server) batch.Sender {
		return func(srv *server) batch.Sender {
			s.server = srv
			return &s
		}
	}
	states := map[string]state{
		"nothing was added":          {},
		"items wait for others":      {cfg: batch.Config[bill]{Advanced: batch.Advanced{Linger: time.Hour}}, items: 3, fault: stuckAfter(0, nil)},
		"a call is in flight":        {items: 10, fault: stuckAfter(0, nil)},
		"all wait for the first one": {items: 1000, fault: stuckAfter(0, nil)},
		"all lanes are in use":       {items: 2000, cfg: batch.Config[bill]{MaxItems: 20}, fault: stuckAfter(12, nil)},
		"items are delayed": {
			items: 10, fault: always(refuseCall(521)),
			sender: with(shared{policy: retry.Policy{ConflictDelay: time.Hour, MaxDelay: time.Hour}}),
		},
		"a call is split":      {items: 40, fault: stuckAfter(3, refuseCall(400))},
		"the limit is learned": {items: 400, fault: stuckAfter(3, refuseCall(1060))},
		"the gate is closed":   {items: 10, fault: always(refuseCallFor(503, time.Minute))},
		"the budget is empty": {
			items: 10, fault: always(refuseCall(503)), sender: with(shared{budget: retry.NewBudget(1)}),
		},
		"the pace is waited for": {items: 10, sender: with(shared{wait: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})},
		"a key is closed after a time-out": {items: 10, fault: always(lose(700 * time.Millisecond))},
	}
	for name, s := range states {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				srv := newServer()
				if s.fault != nil {
					srv.fault = s.fault(release)
				}
				var sender batch.Sender = srv
				if s.sender != nil {
					sender = s.sender(srv)
				}
				s.cfg.Advanced.Window = 2000
				told := newLedger()
				w := newEngine(t, sender, s.cfg).Writer(told.note)
				items := numbered(s.items)
				for i := range items {
					items[i].Customer = "c" + strconv.Itoa(i*2/3)
					require.NoError(t, w.Add(t.Context(), items[i]))
				}
				nap(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				err := w.Close(ctx)
				took := time.Since(start)
				assert.LessOrEqual(t, took, time.Second+100*time.Millisecond)
				if err != nil {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
				results := told.inOrder(t)
				assert.Len(t, results, s.items)
				for _, r := range results {
					assert.Equal(t, r.Outcome.Done(), r.Err == nil)
				}
				require.ErrorIs(t, w.Add(t.Context(), bill{}), errOf(err, batch.ErrClosed))
				require.ErrorIs(t, w.Close(ctx), err)
				t.Logf("B-12: Close after %v: %v", took, err)
			})
		})
	}
}

// errOf is err without what wraps it: what it is about.
func errOf(err, none error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return none
}
