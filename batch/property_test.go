package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// world is one random engine, server and load.
type world struct {
	rng    *rand.Rand
	srv    *shared
	sender batch.Sender // srv, or one that takes the engine's memory for it
	cfg    batch.Config[bill]
	eng    *batch.Engine[bill]
	window int
	resend bool

	misplaced string // what Misplaced found first

	hold    bool
	ordered bool // results come in the order of the input
	asks    bool // what is unknown is asked about
	several bool // items may have two customers
	runs    bool // a call may carry several items of a customer
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 4))
	w := &world{rng: rng, srv: &shared{server: newServer()}, resend: rng.IntN(2) == 0, hold: rng.IntN(3) == 0}
	// Without it, a second application would show.
	w.srv.dedupe = w.resend
	w.srv.named = rng.IntN(3) == 0
	if rng.IntN(4) > 0 {
		w.srv.limit = 1 + rng.IntN(60)
	}
	if rng.IntN(3) == 0 {
		w.srv.rate = float64(5 + rng.IntN(50))
	}
	if rng.IntN(2) == 0 {
		w.srv.budget = retry.NewBudget(5 + rng.IntN(100))
	}
	w.faults()
	w.window = 1 + rng.IntN(300)
	cfg := batch.Config[bill]{
		Observe: func(batch.Event) {
			if text := batch.Misplaced(w.eng); text != "" && w.misplaced == "" {
				w.misplaced = text
			}
		},
		MaxItems: 1 + rng.IntN(100), MaxConcurrency: 1 + rng.IntN(8), MaxAttempts: 1 + rng.IntN(5),
		Advanced: batch.Advanced{
			StartItems: 1 + rng.IntN(100), Window: w.window, Linger: time.Duration(1+rng.IntN(2000)) * time.Millisecond,
			MaxOutage: time.Duration(1+rng.IntN(600)) * time.Second, KeepTogether: rng.IntN(6) == 0,
		},
	}
	if w.resend {
		cfg.OnUnknown = batch.ResendUnknown
	}
	if w.hold {
		cfg.Advanced.OnKeyFailure = batch.HoldKey
	}
	if w.several = rng.IntN(3) == 0; w.several {
		cfg.Keys = customersOf
	}
	if rng.IntN(4) == 0 {
		w.srv.bytes = 30 + rng.IntN(2000) // the lightest items have 30
	}
	w.ordered = rng.IntN(4) == 0
	cfg.Advanced.Ordered = w.ordered
	w.runs = rng.IntN(4) == 0
	cfg.Advanced.SameKeyInBatch, w.srv.runs = w.runs, w.runs
	if w.asks = rng.IntN(4) == 0; w.asks {
		w.resend, w.srv.dedupe = false, false // so that a second send of what is there would show
		cfg.OnUnknown, cfg.Reconcile = batch.ReconcileUnknown, w.find
	}
	if w.sender = w.srv; rng.IntN(2) == 0 {
		w.sender = &borrower{w.srv}
	}
	w.cfg, w.eng = cfg, newEngine(t, w.sender, cfg)
	return w
}

// faults draws how often the server fails, and how.
func (w *world) faults() {
	share := [...]float64{0, 0.1, 0.4}[w.rng.IntN(3)]
	poison := w.rng.IntN(4) == 0
	faults := []func() answer{
		func() answer { return refuseCall([]caperrors.Code{429, 461, 503, 503}[w.rng.IntN(4)]) },
		func() answer { return refuseCallFor(503, time.Duration(w.rng.IntN(100))*time.Second) },
		func() answer { return refuseCall(521) },
		func() answer { return refuseCall(1060) },
		func() answer { return lose(0) },
		func() answer { return lose(time.Duration(1+w.rng.IntN(30)) * time.Second) },
		func() answer { return late(time.Duration(1+w.rng.IntN(30)) * time.Second) },
		func() answer { return slowly(time.Duration(w.rng.IntN(3000)) * time.Millisecond) },
		notSent,
		func() answer {
			return func(context.Context, *server, []bill) ([]caperrors.Verdict, error) { panic("wire") }
		},
		func() answer { return short(w.rng.IntN(3) + 1) },
		func() answer {
			if w.rng.IntN(20) == 0 {
				return refuseCall([]caperrors.Code{401, 403, 404, 1064}[w.rng.IntN(4)])
			}
			return nil
		},
	}
	// One world has a few kinds of faults, not all.
	w.rng.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	faults = faults[:1+w.rng.IntN(4)]
	w.srv.fault = func(_ int, bills []bill) answer {
		if poison {
			for _, b := range bills {
				if byNumber(b.ID, "0")%61 == 60 {
					return refuseCall(400)
				}
			}
		}
		if w.rng.Float64() < share {
			return faults[w.rng.IntN(len(faults))]()
		}
		return nil
	}
	w.srv.verdict = func(b bill, _ int) caperrors.Verdict {
		switch x := w.rng.Float64(); {
		case x < share/2:
			return refusedNow([]caperrors.Code{461, 503, 521}[w.rng.IntN(3)])
		case x < share/2+0.02:
			return caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid}
		case x < share/2+0.03:
			return caperrors.Verdict{} // the answer left it out
		case x < share/2+0.05 && share > 0:
			return refusedNow(1060)
		default:
			return caperrors.Verdict{Outcome: caperrors.Applied, Warnings: []caperrors.Warning{{Code: 99, Message: b.ID}}}
		}
	}
}

// find asks the server's truth, if it does not fail.
func (w *world) find(ctx context.Context, items []bill) ([]batch.Found, error) {
	w.srv.mu.Lock()
	found := make([]batch.Found, len(items))
	for i, b := range items {
		found[i] = batch.Absent
		if w.srv.applied[b.ID] > 0 {
			found[i] = batch.Present
		}
		if w.rng.IntN(10) == 0 {
			found[i] = batch.CannotTell
		}
	}
	fault, pause := w.rng.IntN(40), time.Duration(w.rng.IntN(3000))*time.Millisecond
	w.srv.mu.Unlock()
	switch fault {
	case 0:
		panic("found nothing")
	case 1:
		return found[1:], nil
	case 2:
		<-ctx.Done()
		return nil, ctx.Err()
	case 3:
		pause = time.Hour
	}
	nap(pause)
	return found, nil
}

// inTurn checks that between two sends of a bill no later one of its customers
// was sent without it.
func inTurn(s *server, items []bill) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make(map[string][]int) // numbers of the calls that carried a bill
	for i, ex := range s.calls {
		for _, id := range ex.ids {
			calls[id] = append(calls[id], i)
		}
	}
	of := make(map[string][]bill)
	for _, b := range items {
		for _, customer := range b.customers() {
			for _, earlier := range of[customer] {
				sends := calls[earlier.ID]
				for _, call := range calls[b.ID] {
					if len(sends) > 0 && call < sends[len(sends)-1] && !slices.Contains(sends, call) {
						return fmt.Errorf("bill %s of %s was sent before %s was through", b.ID, customer, earlier.ID)
					}
				}
			}
			of[customer] = append(of[customer], b)
		}
	}
	return nil
}

func (w *world) items(from int) []bill {
	items := make([]bill, w.rng.IntN(400))
	customers := 1 + w.rng.IntN(len(items)+1)
	for i := range items {
		items[i].ID = strconv.Itoa(from + i)
		if c := w.rng.IntN(customers + customers/5 + 1); c < customers {
			items[i].Customer = "c" + strconv.Itoa(c*c/customers) // skewed
		}
		if w.several && w.rng.IntN(3) == 0 {
			items[i].Also = "c" + strconv.Itoa(w.rng.IntN(customers))
		}
	}
	return items
}

// job runs one Do or Run to some end, and returns what was wrong.
func (w *world) job(t *testing.T, items []bill, limit time.Duration, stopAfter int, paused bool) error {
	t.Helper()
	ctx := t.Context()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var pulled atomic.Int64
	n := 0
	run := w.eng.Run(ctx, func(yield func(bill, error) bool) {
		for _, b := range items {
			if paused && pulled.Load()%17 == 16 {
				nap(300 * time.Millisecond)
			}
			pulled.Add(1)
			if !yield(b, nil) {
				return
			}
		}
	})
	results := make([]batch.Result[bill], len(items))
	seen := make([]bool, len(items))
	var wrong error
	for r := range run.Results() {
		if seen[r.Index] {
			wrong = fmt.Errorf("item %d has two results", r.Index)
		}
		if held := int(pulled.Load()) - n; held > w.window+1 {
			wrong = fmt.Errorf("%d items are held in a window of %d", held, w.window)
		}
		if w.ordered && r.Index != n {
			wrong = fmt.Errorf("item %d has the result number %d", r.Index, n)
		}
		seen[r.Index], results[r.Index] = true, r
		if n++; n == stopAfter {
			break
		}
	}
	ended := time.Now()
	if deadline, ok := ctx.Deadline(); ok && ended.Sub(deadline) > 100*time.Millisecond {
		return fmt.Errorf("it came back %v after the end of its context", ended.Sub(deadline))
	}
	p := run.Progress()
	switch {
	case wrong != nil:
		return wrong
	case p.Done() != p.Accepted:
		return fmt.Errorf("%d accepted, %d done", p.Accepted, p.Done())
	case stopAfter == 0 && n != p.Accepted:
		return fmt.Errorf("%d accepted, %d results", p.Accepted, n)
	case stopAfter == 0 && run.Err() == nil && n != len(items):
		return fmt.Errorf("%d results of %d items without an error", n, len(items))
	}
	nap(10 * time.Minute) // what the server does late
	for i := range items {
		if seen[i] {
			if err := w.checkResult(&results[i], run.Err()); err != nil {
				return err
			}
			continue
		}
		if stopAfter == 0 && w.srv.sends[items[i].ID] > 0 {
			return fmt.Errorf("item %d was sent and has no result", i)
		}
		results[i] = batch.Result[bill]{Index: i, Item: items[i], Err: &caperrors.ItemError{Index: i}}
	}
	if text := unsound(w.srv.server, items, results); text != "" {
		return errors.New(text)
	}
	return inTurn(w.srv.server, items)
}

// checkResult checks one result by itself.
func (w *world) checkResult(r *batch.Result[bill], stopped error) error {
	w.srv.mu.Lock()
	sends := w.srv.sends[r.Item.ID]
	w.srv.mu.Unlock()
	switch {
	case r.Attempts != sends:
		return fmt.Errorf("item %d: %d attempts, sent %d times", r.Index, r.Attempts, sends)
	case r.Outcome == caperrors.NotSent && sends > 0,
		r.Outcome != caperrors.NotSent && sends == 0:
		return fmt.Errorf("item %d: %v, sent %d times", r.Index, r.Outcome, sends)
	case r.Outcome == caperrors.NotSent && stopped == nil &&
		(!w.hold || !errors.Is(r.Err, caperrors.ErrPredecessor)) &&
		!errors.Is(r.Err, caperrors.ErrDeadlineTooNear) && !errors.Is(r.Err, caperrors.ErrAttemptsExhausted) &&
		!errors.Is(r.Err, caperrors.ErrJobStopped):
		return fmt.Errorf("item %d was not sent for no reason: %w", r.Index, r.Err)
	case w.asks && r.Outcome == caperrors.Duplicate && !r.AfterUnknown:
		return fmt.Errorf("item %d is a duplicate of nothing", r.Index)
	case !w.resend && r.Outcome == caperrors.Applied && len(r.Warnings) != 1:
		return fmt.Errorf("item %d lost its warning", r.Index)
	case r.AfterUnknown && !w.resend && !w.asks:
		return fmt.Errorf("item %d was sent again after an unknown send", r.Index)
	}
	return nil
}

// The traps and figures that it covers: T-01, T-02, T-05, T-07 to T-12, T-17,
// T-20, T-22, T-25, T-29, T-31, T-34, T-44, T-46, T-48; B-5, B-6, B-8, B-11.
//
// CAPILLARY_LONG makes it 10,000 runs.
func TestWhateverHappensEveryItemHasItsFate(t *testing.T) {
	t.Parallel()
	runs := uint64(300)
	if os.Getenv("CAPILLARY_LONG") != "" {
		runs = 10_000
	}
	for seed := range runs {
		anyLoad(t, seed)
	}
}

// Parts of split calls that share a customer stay in order while it is not known
// whether the limit fell. Each run takes other turns: in a twentieth of them these
// loads once went wrong.
func TestPartsOfSplitCallsStayInOrder(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{25, 64, 130} {
		for range 30 {
			anyLoad(t, seed)
		}
	}
}

// anyLoad runs jobs in a world of that seed.
func anyLoad(t *testing.T, seed uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed)
		errs := make([]error, 1+w.rng.IntN(3))
		var jobs []func()
		for j := range errs {
			items := w.items(j * 1_000_000)
			limit, stopAfter := time.Duration(0), 0
			switch w.rng.IntN(4) {
			case 0:
				limit = time.Duration(1+w.rng.IntN(20_000)) * time.Millisecond
			case 1:
				stopAfter = w.rng.IntN(len(items) + 1)
			}
			start, paused := time.Duration(w.rng.IntN(2000))*time.Millisecond, w.rng.IntN(4) == 0
			jobs = append(jobs, func() {
				nap(start)
				errs[j] = w.job(t, items, limit, stopAfter, paused)
			})
		}
		var all sync.WaitGroup
		for _, job := range jobs {
			all.Go(job)
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...), "seed %d", seed)
		nap(2 * time.Hour) // what was asked and is deaf
		synctest.Wait()
		require.Empty(t, w.misplaced, "seed %d", seed)
		require.Empty(t, batch.Leftovers(w.eng), "seed %d", seed)
	})
}
