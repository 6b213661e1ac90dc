package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// runAllOf ranges over a run and returns its results by index.
func runAllOf(run *batch.Run[bill]) map[int]batch.Result[bill] {
	results := make(map[int]batch.Result[bill])
	for r := range run.Results() {
		results[r.Index] = r
	}
	return results
}

func TestTheJournalIsToldBeforeACallAndAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "1" && sends == 1 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied, Code: 600, RequestID: "r-7"}
		}
		book := newLogbook()
		book.onSending = func(context.Context, []batch.Sent) error {
			assert.Len(t, srv.calls, len(book.sent), "nothing goes out before")
			return nil
		}
		eng, err := batch.New(srv, batch.Config[bill]{Key: customerOf, ID: func(b bill) string { return "id-" + b.ID }})
		require.NoError(t, err)
		run := eng.Run(t.Context(), fromBills(numbered(2)), batch.WithJournal(book))
		for r := range run.Results() {
			book.mu.Lock()
			assert.False(t, book.known[r.Index].Open, "the journal knows it before the caller")
			assert.Contains(t, book.known, r.Index)
			book.mu.Unlock()
		}
		require.NoError(t, run.Err())
		assert.Equal(t, [][]batch.Sent{{{0, "id-0"}, {1, "id-1"}}, {{1, "id-1"}}}, book.sent)
		require.Len(t, book.told, 3)
		first := map[int]batch.Entry{book.told[0].Index: book.told[0], book.told[1].Index: book.told[1]}
		applied := batch.Entry{Index: 0, ID: "id-0", Outcome: caperrors.Applied, Attempts: 1, Code: 600, RequestID: "r-7"}
		assert.Equal(t, applied, first[0])
		assert.True(t, first[1].Open)
		assert.Equal(t, caperrors.Refused, first[1].Outcome)
		assert.Equal(t, 1, first[1].Attempts)
		assert.Equal(t, 1, first[1].Strikes)
		applied.Index, applied.ID, applied.Attempts = 1, "id-1", 2
		assert.Equal(t, applied, book.told[2])
	})
}

func TestAJournalThatFailsStopsTheRun(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	tests := map[string]struct {
		set   func(*logbook)
		calls int
	}{
		"before a call: nothing is sent": {func(l *logbook) {
			l.onSending = func(context.Context, []batch.Sent) error { return full }
		}, 0},
		"by a panic before a call": {func(l *logbook) {
			l.onSending = func(context.Context, []batch.Sent) error { panic(full) }
		}, 0},
		"after a call: its results come all the same": {func(l *logbook) {
			l.onSettled = func([]batch.Entry) error { return full }
		}, 1},
		"by a panic after a call": {func(l *logbook) {
			l.onSettled = func([]batch.Entry) error { panic(full) }
		}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				book := newLogbook()
				tt.set(book)
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1})
				run := eng.Run(t.Context(), fromBills(numbered(1000)), batch.WithJournal(book))
				results := runAllOf(run)
				require.ErrorIs(t, run.Err(), full)
				assert.Len(t, srv.sent(), tt.calls)
				assert.Len(t, results, run.Progress().Accepted)
				for i, r := range results {
					want := caperrors.NotSent
					if srv.applied[r.Item.ID] > 0 {
						want = caperrors.Applied
					}
					assert.Equal(t, want, r.Outcome)
					assert.Equal(t, want == caperrors.NotSent, r.Unfinished, "item %d", i)
				}
				assertIdle(t, eng)
			})
		})
	}
}

// All items are applied, but the journal does not have it: a later run would
// call them unknown.
func TestAJournalThatFailsAtTheEndIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		book := newLogbook()
		book.onSettled = func([]batch.Entry) error { return errFull }
		eng := newEngine(t, newServer(), batch.Config[bill]{})
		run := eng.Run(t.Context(), fromBills(numbered(3)), batch.WithJournal(book))
		for _, r := range runAllOf(run) {
			assert.Equal(t, caperrors.Applied, r.Outcome)
		}
		require.ErrorIs(t, run.Err(), errFull)
	})
}

func TestAJournalThatFailsLeavesOtherRunsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		book := newLogbook()
		book.onSending = func(context.Context, []batch.Sent) error { return errKilled }
		items := numbered(60)
		broken := eng.Run(t.Context(), fromBills(items[:30]), batch.WithJournal(book))
		sound := eng.Run(t.Context(), fromBills(items[30:]))
		done := make(chan map[int]batch.Result[bill])
		go func() { done <- runAllOf(broken) }()
		results := runAllOf(sound)
		<-done
		require.ErrorIs(t, broken.Err(), errKilled)
		require.NoError(t, sound.Err())
		assert.Len(t, results, 30)
		for _, r := range results {
			assert.Equal(t, caperrors.Applied, r.Outcome)
			assert.Equal(t, 1, r.Attempts)
		}
		assertIdle(t, eng)
	})
}

func TestAJournalThatHangsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		book := newLogbook()
		book.onSending = func(ctx context.Context, _ []batch.Sent) error {
			<-ctx.Done()
			return ctx.Err()
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		run := eng.Run(ctx, fromBills(numbered(10)), batch.WithJournal(book))
		results := runAllOf(run)
		assert.Equal(t, time.Minute, time.Since(start))
		require.ErrorIs(t, run.Err(), context.DeadlineExceeded)
		assert.Empty(t, srv.sent())
		for _, r := range results {
			assert.Equal(t, caperrors.NotSent, r.Outcome)
			assert.True(t, r.Unfinished)
		}
	})
}

func TestWhatAnEarlierRunKnew(t *testing.T) {
	t.Parallel()
	refused := batch.Entry{
		Index: 1, Outcome: caperrors.Refused, Attempts: 3, Code: 8015, Kind: caperrors.ErrInvalid, Message: "no such till",
		Scope: caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel}, RequestID: "r-1",
	}
	open := batch.Entry{Index: 1, Open: true, Outcome: caperrors.Refused, Attempts: 3, Strikes: 2, Code: 521, Kind: caperrors.ErrTransient}
	flying := batch.Entry{Index: 1, Open: true, Outcome: caperrors.Unknown, Attempts: 1}
	tests := map[string]struct {
		past      batch.Past
		onUnknown batch.OnUnknown
		sends     int
		outcome   caperrors.Outcome
		attempts  int
		after     bool
	}{
		"nothing":                              {sends: 1, outcome: caperrors.Applied, attempts: 1},
		"a result that was not delivered":      {past: batch.Past{Entry: &refused}, outcome: caperrors.Refused, attempts: 3},
		"attempts":                             {past: batch.Past{Entry: &open}, sends: 1, outcome: caperrors.Applied, attempts: 4},
		"it was in flight, which is reported":  {past: batch.Past{Entry: &flying}, outcome: caperrors.Unknown, attempts: 1},
		"it was in flight, and is sent again":  {past: batch.Past{Entry: &flying}, onUnknown: batch.ResendUnknown, sends: 1, outcome: caperrors.Applied, attempts: 2, after: true},
		"its result was delivered: no result":  {past: batch.Past{Done: true}, attempts: -1},
		"delivered, and of no worth: the same": {past: batch.Past{Done: true, Failed: true}, attempts: -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				book := newLogbook()
				if tt.past.Entry != nil {
					book.known[1] = *tt.past.Entry
				}
				if tt.past.Done {
					book.done[1] = tt.past.Failed
				}
				eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: tt.onUnknown})
				run := eng.Run(t.Context(), fromBills(numbered(3)), batch.WithJournal(book))
				results := runAllOf(run)
				require.NoError(t, run.Err())
				assert.Len(t, srv.callsWith("1"), tt.sends)
				r, ok := results[1]
				assert.Equal(t, tt.attempts >= 0, ok)
				if ok {
					assert.Equal(t, tt.outcome, r.Outcome)
					assert.Equal(t, tt.attempts, r.Attempts)
					assert.Equal(t, tt.after, r.AfterUnknown)
					assert.Equal(t, bill{ID: "1", Customer: "c1"}, r.Item)
				} else {
					assert.Equal(t, 1, run.Progress().Skipped)
				}
				if tt.past.Entry == &refused {
					var item *caperrors.ItemError
					require.ErrorAs(t, r.Err, &item)
					assert.Equal(t, caperrors.ItemError{
						Index: 1, Outcome: caperrors.Refused, Scope: refused.Scope, Code: 8015, Kind: caperrors.ErrInvalid,
						Message: "no such till", RequestID: "r-1", Attempts: 3,
					}, *item)
				}
				for _, i := range []int{0, 2} {
					assert.Equal(t, caperrors.Applied, results[i].Outcome)
				}
				assertIdle(t, eng)
			})
		})
	}
}

func TestAHeldKeyStaysHeldInALaterRun(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*logbook){
		"by an item that is done":          func(l *logbook) { l.done[0] = true },
		"by a result delivered again":      func(l *logbook) { l.known[0] = batch.Entry{Outcome: caperrors.Unknown, Attempts: 1} },
		"by an item that was in flight":    func(l *logbook) { l.known[0] = batch.Entry{Open: true, Outcome: caperrors.Unknown, Attempts: 1} },
		"by one given up, delivered again": func(l *logbook) { l.known[0] = batch.Entry{Outcome: caperrors.Refused, Kind: caperrors.ErrTransient} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				book := newLogbook()
				set(book)
				eng := newEngine(t, srv, batch.Config[bill]{Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey}})
				results := runAllOf(eng.Run(t.Context(), fromBills(ofCustomers("a", "b", "a")), batch.WithJournal(book)))
				assert.Equal(t, caperrors.Applied, results[1].Outcome)
				assert.Equal(t, caperrors.NotSent, results[2].Outcome)
				require.ErrorIs(t, results[2].Err, caperrors.ErrPredecessor)
				assert.False(t, results[2].Unfinished)
			})
		})
	}
}

func TestWhatTheJobsEndLeavesOpenIsFinishedLater(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		fault func(cancel context.CancelFunc) answer
		sent  int // calls that carried item 0, in both runs
	}{
		"the credentials are refused": {func(context.CancelFunc) answer { return refuseCall(401) }, 2},
		"the context ends in a retry": {func(cancel context.CancelFunc) answer {
			time.AfterFunc(51*time.Millisecond, cancel) // the answer comes after 50
			return refuseCall(503)
		}, 2},
		"the server is out of reach": {func(cancel context.CancelFunc) answer { cancel(); return notSent() }, 2},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				srv := newServer()
				srv.fault = func(call int, _ []bill) answer {
					if call == 0 {
						return tt.fault(cancel)
					}
					return nil
				}
				items := numbered(3)
				book := newLogbook()
				eng := newEngine(t, srv, batch.Config[bill]{})
				run := eng.Run(ctx, fromBills(items), batch.WithJournal(book))
				for _, r := range runAllOf(run) {
					assert.True(t, r.Unfinished)
					assert.False(t, r.Outcome.Done())
				}
				require.Error(t, run.Err())
				later := eng.Run(t.Context(), fromBills(items), batch.WithJournal(book.revive()))
				results := runAllOf(later)
				require.NoError(t, later.Err())
				assert.Len(t, results, 3)
				for _, r := range results {
					assert.Equal(t, caperrors.Applied, r.Outcome)
				}
				assert.Len(t, srv.callsWith("0"), tt.sent)
			})
		})
	}
}

// killed runs a world's items until some moment, at which the process dies, and
// returns the results that came before.
func (w *world) killed(t *testing.T, rng *rand.Rand, items []bill, book *logbook, results map[int]batch.Result[bill]) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if rng.IntN(4) > 0 {
		death := time.AfterFunc(time.Duration(rng.IntN(5000))*time.Millisecond, func() {
			book.kill()
			// The server does not notice: only the waits of the dead engine end.
			cancel()
		})
		defer death.Stop()
	}
	run := w.eng.Run(ctx, fromBills(items), batch.WithJournal(book))
	for r := range run.Results() {
		switch _, twice := results[r.Index]; {
		case r.Unfinished:
		case twice:
			return fmt.Errorf("item %d has two results", r.Index)
		case book.deliver(r.Index):
			results[r.Index] = r
		}
	}
	return nil
}

func TestWhateverKillsALoadEveryItemHasOneFate(t *testing.T) {
	t.Parallel()
	runs := uint64(150)
	if os.Getenv("CAPILLARY_LONG") != "" {
		runs = 5000
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			rng := rand.New(rand.NewPCG(seed, 8)) // the server draws on the world's
			items := w.items(0)
			w.srv.deaf, w.srv.dedupe = true, w.resend // the dead run's calls go on
			results := make(map[int]batch.Result[bill])
			book := newLogbook()
			for range 200 {
				require.NoError(t, w.killed(t, rng, items, book, results), "seed %d", seed)
				if len(results) == len(items) {
					break
				}
				nap(time.Hour) // what the server does late
				book = book.revive()
			}
			require.Len(t, results, len(items), "seed %d", seed)
			nap(time.Hour)
			all := make([]batch.Result[bill], len(items))
			for i, r := range results {
				all[i] = r
				require.False(t, r.AfterUnknown && !w.resend && !w.asks, "seed %d item %d was sent again", seed, i)
				// A call that was not sent, and died before the journal knew, counts.
				require.GreaterOrEqual(t, r.Attempts, w.srv.sends[items[i].ID], "seed %d item %d: %v %v", seed, i, r.Outcome, r.Err)
			}
			require.Empty(t, unsound(w.srv.server, items, all), "seed %d", seed)
		})
	}
}
