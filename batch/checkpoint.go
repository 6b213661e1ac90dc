package batch

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Checkpoint is how far a [Run] has come. It can be stored as JSON and given to
// a later run over the same input by [Resume]. Its size is bounded by the
// window, not by the input.
//
// A checkpoint knows what had happened when it was taken. One that is taken
// after the results loop has ended, in whatever way, is exact: a run that
// resumes from it sends nothing again that has its outcome. One that is taken
// earlier and used after the process was killed is not: it holds what was in
// flight at that moment as unknown, but items that were sent after it was taken
// are sent again. Where that must not happen, a [Journal] is needed.
type Checkpoint struct {
	// Done are the positions whose result was delivered. A result counts as
	// delivered when the loop body asked for the next one.
	Done Positions `json:"done"`

	// Items are other items of which something is known: a result that was not
	// delivered, or attempts, or a send that may have been applied.
	Items []Entry `json:"items,omitempty"`

	// Failed are the positions in Done that ended unknown or were given up.
	// Only [HoldKey] asks for them; with [ContinueKey] there are none.
	Failed []int `json:"failed,omitempty"`

	// Limits are what was learned of the server's limit.
	Limits Limits `json:"limits,omitzero"`

	// Identity is what the run was told by [WithIdentity]; nil for nothing.
	Identity map[string]string `json:"identity,omitempty"`
}

// Resume makes a run go on where an earlier one over the same input stopped:
// items that are done are passed over, results that were not delivered are
// delivered without another send, and the others go on with the attempts that
// they have. Items of a send that may have been applied get what
// [Config.OnUnknown] says. Limits of another endpoint, what no run can have
// met, or another identity than that of [WithIdentity] stop the run with an
// *caperrors.ArgumentError before anything is sent; [Run.Checkpoint] then knows
// what cp does.
//
// A checkpoint knows positions, not items: with another input, or one in another
// order, wrong items would be passed over. Give each run its input's identity.
func Resume(cp Checkpoint) RunOption {
	return func(o *runOptions) {
		cp.Failed = slices.Clone(cp.Failed)
		slices.Sort(cp.Failed)
		o.checkpoint = &cp
	}
}

// WithIdentity says which load a run belongs to: whatever must not change between
// its runs, such as its input's checksum or its name and date. The run's
// checkpoints carry it, and a run with [Resume] goes on only from a checkpoint
// with the same entries; one that knows of no item is any load's. It stands in
// the checkpoint as it is, so it must hold no secret. A journal has an identity
// of its own. Nil or empty: none.
func WithIdentity(identity map[string]string) RunOption {
	identity = maps.Clone(identity)
	return func(o *runOptions) { o.identity = identity }
}

// sameLoad returns an error that names the first entry, by name, in which a
// checkpoint is of another load.
func sameLoad(cp *Checkpoint, identity map[string]string) error {
	if cp.Done.Len() == 0 && len(cp.Items) == 0 {
		return nil
	}
	names := slices.AppendSeq(slices.Collect(maps.Keys(cp.Identity)), maps.Keys(identity))
	slices.Sort(names)
	for _, name := range names {
		was, stood := cp.Identity[name]
		now, stands := identity[name]
		if was != now || stood != stands {
			return &caperrors.ArgumentError{Field: "checkpoint", Index: -1, Reason: fmt.Sprintf(
				"belongs to another load: %s was %q and is %q now; go on as that load was begun, or without the checkpoint", name, was, now)}
		}
	}
	return nil
}

// past returns what the checkpoint and the journal know of an item.
func (o *runOptions) past() func(index int) Past {
	switch {
	case o.checkpoint == nil && o.journal == nil:
		return nil
	case o.checkpoint == nil:
		return o.journal.Past
	}
	known := make(map[int]*Entry, len(o.checkpoint.Items))
	for i := range o.checkpoint.Items {
		known[o.checkpoint.Items[i].Index] = &o.checkpoint.Items[i]
	}
	return func(index int) Past {
		p := Past{Done: o.checkpoint.Done.Has(index), Entry: known[index]}
		if p.Done {
			p.Failed = o.checkpoint.failed(index)
		} else if p.Entry == nil && o.journal != nil {
			return o.journal.Past(index)
		}
		return p
	}
}

// failed reports whether the item at a position is one of those in Failed, which
// are in order. A nil checkpoint has none.
func (cp *Checkpoint) failed(index int) bool {
	if cp == nil {
		return false
	}
	_, is := slices.BinarySearch(cp.Failed, index)
	return is
}

// maxWindows is how many windows the lowest position that is not delivered may
// be behind. Beyond it no more items are accepted, so that an item in a long
// wait does not make what has to be remembered of the others grow without end.
const maxWindows = 64

// delivery is which positions are delivered.
type delivery struct {
	mu     sync.Mutex // may be taken with the core's lock held
	done   Positions
	failed []int        // of them, those that ended unknown or were given up; only if keys are held
	low    atomic.Int64 // of done
	ending atomic.Bool  // an item has no time left: low stays, and the job's end is near
}

// resume makes a job that has not begun go on from a checkpoint.
func (j *job) resume(cp *Checkpoint) {
	j.earlier = cp
	j.delivery.done, j.delivery.failed = cp.Done.clone(), slices.Clone(cp.Failed)
	j.delivery.low.Store(int64(cp.Done.Low()))
	for i := range cp.Items {
		if e := &cp.Items[i]; !e.possible() {
			j.refuse(&caperrors.ArgumentError{Field: "checkpoint", Index: -1, Reason: fmt.Sprintf("contradicts itself about item %d", e.Index)})
		}
	}
	if err := j.core.setLimits(cp.Limits); err != nil {
		j.refuse(err)
	}
}

func (d *delivery) add(index int, failed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.done.Add(index) // the span is bounded by admission
	d.low.Store(int64(d.done.Low()))
	if failed {
		d.failed = append(d.failed, index)
	}
}

// delivered notes that the loop body asked for the result after this one.
func (j *job) delivered(s *settled) {
	if s.unfinished {
		j.delivery.ending.Store(true)
		return
	}
	fails := false
	if j.core.onKeyFailure == HoldKey && !s.outcome.Done() {
		e := s.entry()
		fails = e.Failed()
	}
	j.delivery.add(s.index, fails)
}

// Checkpoint returns how far the run has come. It may be called at any time,
// from any goroutine, by the loop body as well.
func (r *Run[T]) Checkpoint() Checkpoint {
	j := r.job
	cp := Checkpoint{Limits: r.engine.Limits(), Identity: maps.Clone(r.identity)}
	c := j.core
	c.mu.Lock()
	defer c.mu.Unlock()
	j.delivery.mu.Lock()
	defer j.delivery.mu.Unlock()
	cp.Done = j.delivery.done.clone()
	cp.Failed = slices.Clone(j.delivery.failed)
	slices.Sort(cp.Failed)
	var waiting []settled
	if j.order != nil {
		waiting = j.order.waiting()
	}
	for _, results := range [][]settled{j.kept, j.handed, j.results, waiting} {
		for i := range results {
			if s := &results[i]; !s.unfinished && !cp.Done.Has(s.index) {
				cp.Items = append(cp.Items, s.entry())
			}
		}
	}
	cp.Items = append(cp.Items, j.leftover...)
	if j.earlier != nil {
		// The run has not come to these yet.
		for _, e := range j.earlier.Items {
			if e.Index >= j.index {
				cp.Items = append(cp.Items, e)
			}
		}
	}
	cp.Items = append(cp.Items, c.openEntries(j)...)
	slices.SortFunc(cp.Items, func(a, b Entry) int { return a.Index - b.Index })
	return cp
}

// openEntries returns what is known of a job's items that are not final. What
// is in a call counts as unknown.
func (c *core) openEntries(j *job) []Entry {
	var entries []Entry
	note := func(it *item) {
		if it.job == j && (it.attempts > 0 || it.known != caperrors.NotSent) {
			entries = append(entries, it.entry())
		}
	}
	c.packer.each(note)
	for i := range c.groups {
		for _, it := range c.groups[i].items {
			note(it)
		}
	}
	for _, q := range c.asks {
		for _, it := range q.items {
			note(it)
		}
	}
	for cl := range c.calls {
		for _, it := range cl.items {
			if it.job == j {
				entries = append(entries, Entry{
					Index: it.index, ID: it.id, Open: true, Outcome: caperrors.Unknown, Attempts: it.attempts, Strikes: it.strikes,
				})
			}
		}
	}
	return entries
}
