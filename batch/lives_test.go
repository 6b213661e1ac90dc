package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// load is an input that takes several lives of a process to get through, and
// what outlasts each.
type load struct {
	items   []bill
	book    *logbook // nil: only the checkpoint outlasts a life
	cp      batch.Checkpoint
	results map[int]batch.Result[bill] // that the caller took for good
}

// death is how one life of a load ends early.
type death struct {
	moment         time.Duration
	cancel, stop   bool // at the moment
	leave, panics  int  // the number of the result at which the body does so; -1: it does not
	unsent, untold int  // the number of the call before which, or after which, the journal fails; -1: it does not
}

func draw(rng *rand.Rand, l *load) death {
	d := death{moment: time.Duration(rng.IntN(5000)) * time.Millisecond, leave: -1, panics: -1, unsent: -1, untold: -1}
	switch rng.IntN(6) {
	case 0:
		d.cancel = true
	case 1:
		d.stop = true
	case 2:
		d.leave = rng.IntN(len(l.items) + 1)
	case 3:
		d.panics = rng.IntN(len(l.items) + 1)
	}
	if l.book != nil && rng.IntN(3) == 0 {
		d.unsent, d.untold = rng.IntN(20), rng.IntN(20)
	}
	return d
}

var errBody = errors.New("the body's panic")

// live is one life of a load. It returns what was wrong.
func (l *load) live(ctx context.Context, w *world, eng *batch.Engine[bill], d death) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := []batch.RunOption{batch.Resume(l.cp)}
	if l.book != nil {
		l.book.fail(d.unsent, d.untold)
		opts = []batch.RunOption{batch.WithJournal(l.book)}
	}
	run := eng.Run(ctx, fromBills(l.items), opts...)
	switch {
	case d.cancel:
		defer time.AfterFunc(d.moment, cancel).Stop()
	case d.stop:
		defer time.AfterFunc(d.moment, func() { run.Stop(nil) }).Stop()
	}
	unfinished, left := 0, false
	defer func() {
		value := recover()
		switch cause, _ := value.(error); {
		case errors.Is(cause, errBody):
			left = true
		case value != nil:
			panic(value)
		}
		l.cp = run.Checkpoint()
		p := run.Progress()
		early := left || d.cancel || d.stop || run.Err() != nil
		switch {
		case err != nil:
		case !early && unfinished > 0:
			err = fmt.Errorf("%d items are unfinished, and nothing ended the run", unfinished)
		case !early && len(l.results) != len(l.items):
			err = fmt.Errorf("%d results of %d items without an error", len(l.results), len(l.items))
		case d.cancel && !left && len(l.results) != len(l.items) && run.Err() == nil:
			err = errors.New("the end of the context is no error")
		case p.Done() != p.Accepted:
			err = fmt.Errorf("%d of %d accepted are done", p.Done(), p.Accepted)
		}
	}()
	n, last := 0, -1
	for r := range run.Results() { //nolint:contextcheck // the run holds the context
		switch n {
		case d.leave:
			left = true
			return nil // this result comes again
		case d.panics:
			panic(errBody)
		}
		n++
		if w.ordered && r.Index <= last {
			return fmt.Errorf("item %d comes after item %d", r.Index, last)
		}
		last = r.Index
		_, twice := l.results[r.Index]
		switch {
		case r.Unfinished:
			unfinished++
		case twice:
			return fmt.Errorf("item %d has two results", r.Index)
		case l.book == nil || l.book.deliver(r.Index):
			l.results[r.Index] = r
		}
	}
	return nil
}

// fate checks what became of a load in all its lives.
func (l *load) fate(w *world) error {
	all := make([]batch.Result[bill], len(l.items))
	failed := make(map[string]bool) // customers with an earlier item that failed
	for i := range all {
		r := l.results[i]
		all[i] = r
		sends := w.srv.sends[l.items[i].ID]
		if l.book == nil && r.Attempts != sends || r.Attempts < sends {
			return fmt.Errorf("item %d: %d attempts, sent %d times: %v %w", i, r.Attempts, sends, r.Outcome, r.Err)
		}
		if !w.hold {
			continue
		}
		follows := false
		for _, customer := range l.items[i].customers() {
			follows = follows || failed[customer]
		}
		held := errors.Is(r.Err, caperrors.ErrPredecessor)
		switch {
		case held && !follows:
			return fmt.Errorf("item %d is held behind nothing", i)
		case follows && !held && !w.runs && r.Outcome.Done():
			return fmt.Errorf("item %d is %v behind one that failed", i, r.Outcome)
		}
		var item *caperrors.ItemError
		if errors.As(r.Err, &item) && (r.Outcome == caperrors.Unknown || held ||
			r.Kind == caperrors.ErrTransient || item.Stop == caperrors.ErrAttemptsExhausted) {
			for _, customer := range l.items[i].customers() {
				failed[customer] = true
			}
		}
	}
	if text := unsound(w.srv.server, l.items, all); text != "" {
		return errors.New(text)
	}
	return nil
}

// begin starts a life of the process: its engine knows nothing of the one
// before.
func (w *world) begin(t *testing.T, changes bool) *batch.Engine[bill] {
	t.Helper()
	cfg := w.cfg
	if changes {
		cfg.OnUnknown = []batch.OnUnknown{batch.ReportUnknown, batch.ResendUnknown, batch.ReconcileUnknown}[w.rng.IntN(3)]
		if cfg.Reconcile = nil; cfg.OnUnknown == batch.ReconcileUnknown {
			cfg.Reconcile = w.find
		}
	}
	w.srv.value = nil
	w.eng = newEngine(t, w.sender, cfg)
	return w.eng
}

// Loads on one engine, with a journal and without, are stopped, canceled, left,
// panicked in, and their journals fail, until each item has its result.
//
// T-05: what a checkpoint or a journal covers is never an item that is not
// finished: it would have no result. T-06: a life that ends while it reads what
// the one before left loses nothing of it. T-31: the attempts of all lives add
// up.
func TestALoadOfManyLivesGivesEveryItemOneFate(t *testing.T) {
	t.Parallel()
	runs := uint64(150)
	if os.Getenv("CAPILLARY_LONG") != "" {
		runs = 5000
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			changes := w.rng.IntN(4) == 0 // from life to life
			w.srv.dedupe, w.srv.deaf = w.resend || changes, true
			loads := make([]*load, 1+w.rng.IntN(3))
			for i := range loads {
				loads[i] = &load{items: w.items(i * 1_000_000), results: make(map[int]batch.Result[bill])}
				if w.rng.IntN(2) == 0 {
					loads[i].book = newLogbook()
				}
			}
			open := loads
			for life := 0; len(open) > 0; life++ {
				require.Less(t, life, 300, "seed %d", seed)
				eng := w.begin(t, changes)
				errs, deaths := make([]error, len(open)), make([]death, len(open))
				for i, l := range open {
					deaths[i] = draw(w.rng, l) // before the server draws on it, too
				}
				var all sync.WaitGroup
				for i, l := range open {
					all.Go(func() { errs[i] = l.live(t.Context(), w, eng, deaths[i]) })
				}
				all.Wait()
				require.NoError(t, errors.Join(errs...), "seed %d life %d", seed, life)
				nap(2 * time.Hour) // what the server does late, and what was asked and is deaf
				synctest.Wait()
				require.Empty(t, w.misplaced, "seed %d", seed)
				require.Empty(t, batch.Leftovers(eng), "seed %d", seed)
				var next []*load
				for _, l := range open {
					if l.cp = stored(t, l.cp); l.book != nil {
						l.book = l.book.revive()
					}
					if len(l.results) < len(l.items) {
						next = append(next, l)
					}
				}
				open = next
			}
			for i, l := range loads {
				require.NoError(t, l.fate(w), "seed %d load %d", seed, i)
				for _, r := range l.results {
					require.False(t, r.AfterUnknown && !w.resend && !w.asks && !changes, "seed %d load %d item %d was sent again", seed, i, r.Index)
				}
			}
		})
	}
}

// sure returns the positions that no run goes on with by sending, if it resumes
// from a checkpoint and reports what is unknown.
func sure(cp *batch.Checkpoint, n int) map[int]bool {
	all := make(map[int]bool)
	for i := range n {
		if cp.Done.Has(i) {
			all[i] = true
		}
	}
	for _, e := range cp.Items {
		if !e.Open || e.Outcome == caperrors.Unknown {
			all[e.Index] = true
		}
	}
	return all
}

// truth returns the positions that are in flight, and of the others those that
// are applied.
func (s *server) truth() (flying, applied []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]bool)
	for _, ex := range s.calls {
		for _, id := range ex.ids {
			if ex.end.IsZero() {
				out[id] = true
				flying = append(flying, byNumber(id, "0"))
			}
		}
	}
	for id, n := range s.applied {
		if n > 0 && !out[id] {
			applied = append(applied, byNumber(id, "0"))
		}
	}
	return flying, applied
}

// T-05: a checkpoint of any moment, used after a kill, knows what was final and
// what was in flight then: nothing of it is sent again. What it says was
// delivered is not delivered again, and everything else is.
func TestACheckpointOfAnyMomentIsTrueOfThatMoment(t *testing.T) {
	t.Parallel()
	runs := uint64(150)
	if os.Getenv("CAPILLARY_LONG") != "" {
		runs = 5000
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.cfg.OnUnknown, w.cfg.Reconcile = batch.ReportUnknown, nil
			items := w.items(0)
			var cp batch.Checkpoint
			run := w.begin(t, false).Run(t.Context(), fromBills(items))
			var flying, applied []int
			done := make(chan struct{})
			// Some moment between those at which something happens.
			taken := time.AfterFunc(time.Duration(w.rng.IntN(3000))*time.Millisecond+333*time.Microsecond, func() {
				flying, applied = w.srv.truth()
				cp = run.Checkpoint()
				close(done)
			})
			for range run.Results() {
			}
			if taken.Stop() {
				cp = run.Checkpoint()
			} else {
				<-done
			}
			nap(time.Hour)
			require.Empty(t, batch.Leftovers(w.eng), "seed %d", seed)
			cp = stored(t, cp)
			final, before := sure(&cp, len(items)), len(w.srv.calls)
			for _, i := range flying {
				require.True(t, final[i] && !cp.Done.Has(i), "seed %d: item %d was in flight", seed, i)
			}
			for _, i := range applied {
				require.True(t, final[i], "seed %d: item %d was applied", seed, i)
			}

			later := w.begin(t, false).Run(t.Context(), fromBills(items), batch.Resume(cp))
			results := runAllOf(later)
			nap(time.Hour)
			for _, ex := range w.srv.calls[before:] {
				for _, id := range ex.ids {
					require.False(t, final[byNumber(id, "0")], "seed %d: item %s was sent again", seed, id)
				}
			}
			if later.Err() != nil {
				return
			}
			for i := range items {
				_, again := results[i]
				require.NotEqual(t, cp.Done.Has(i), again, "seed %d item %d", seed, i)
			}
			for _, e := range cp.Items {
				r := results[e.Index]
				require.GreaterOrEqual(t, r.Attempts, e.Attempts, "seed %d item %d", seed, e.Index)
				require.True(t, e.Open || e.Outcome == r.Outcome, "seed %d item %d was %v and is %v", seed, e.Index, e.Outcome, r.Outcome)
			}
		})
	}
}
