package batch

import (
	"context"
	"math"
	"sync"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// job is one Do or Run: where items come from and where results go. Its fields
// are guarded by the core's lock.
type job struct {
	core     *core
	ctx      context.Context
	deadline time.Time // of ctx; zero if it has none

	value func(slot int) any // the caller's item; nil if nobody is asked about it

	admitting bool  // the source may bring more
	stopped   bool  // nothing more is sent
	ended     bool  // ctx has ended
	stop      error // why; nil if the caller left early
	reason    caperrors.Stop
	sourceErr error

	live  int // items accepted whose result is not delivered: the window
	open  int // items accepted that are not final
	index int // next position in the input

	free    []int // places of values given back
	places  int   // places handed out so far
	results []settled
	handed  []settled         // results that collect returned last
	kept    []settled         // results that nobody takes any more
	order   *order            // nil: results go out as they come
	held    map[string]uint64 // keys that are held, behind the item of that number

	flushing int // flushes under way

	tracked  bool        // delivery is kept
	delivery delivery    // which results were delivered
	filling  bool        // its window is filled before its first call, and was not full yet
	fillBy   time.Time   // when that is not waited for any more; zero before the first item
	earlier  *Checkpoint // that it goes on from; nil for none
	leftover []Entry     // of items whose result is unfinished, if anything is known of them

	journal    Journal    // nil: none
	entries    []Entry    // not yet told to the journal
	journalErr error      // the journal's first
	telling    sync.Mutex // held while the journal is told, never with the core's lock taken first

	grace    *time.Timer // runs detach; nil while the context lives
	progress Progress
	news     bool          // it got results under the lock
	ready    chan struct{} // results, or the end
	space    chan struct{} // room in the window, or the end
}

// settled is a final result without its value. Most of it stands in its item,
// which nobody else has any more.
type settled struct {
	slot, index  int
	it           *item
	outcome      caperrors.Outcome
	afterUnknown bool
	unfinished   bool // a later run takes the item up again
	err          error
}

func newJob(ctx context.Context, c *core) *job {
	if ctx == nil {
		j := newJob(context.Background(), c) //nolint:contextcheck // there is none to inherit
		j.refuse(&caperrors.ArgumentError{Field: "ctx", Index: -1, Reason: "must not be nil"})
		return j
	}
	j := &job{
		core:      c,
		ctx:       ctx,
		admitting: true,
		ready:     make(chan struct{}, 1),
		space:     make(chan struct{}, 1),
	}
	if c.ordered {
		j.order = newOrder(c.window)
	}
	j.deadline, _ = ctx.Deadline()
	j.progress.Started = time.Now()
	return j
}

// refuse makes a job that has not begun end at once.
func (j *job) refuse(err error) {
	if !j.stopped {
		j.admitting, j.stopped, j.reason, j.stop = false, true, caperrors.ErrJobStopped, err
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// full reports whether nothing can come until something goes.
func (j *job) full() bool { return j.live >= j.core.window }

// tooFarAhead reports whether an item that is not delivered holds up admission.
func (j *job) tooFarAhead() bool {
	return j.tracked && !j.delivery.ending.Load() && j.index-int(j.delivery.low.Load()) >= maxWindows*j.core.window
}

// skip passes over the next position of the input, whose item an earlier run
// finished. keys are those of the item if it holds them. The bool is false once
// nothing more is accepted.
func (j *job) skip(past Past, keys []string) bool {
	c := j.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if !j.admitting {
		return false
	}
	holds := past.Failed && c.onKeyFailure == HoldKey
	j.delivery.add(j.index, holds && !j.earlier.failed(j.index)) // it has those already
	j.index++
	j.progress.Skipped++
	if holds {
		c.hold(j, holder{c.packer.seq, keys})
	}
	return true
}

// encoded is an item as the caller gave it, ready to be sent.
type encoded struct {
	body    []byte
	id, key string
	more    []string // further keys
	err     error    // it cannot be sent, for this reason
}

// admit waits for room in the window and brings an item in. past is what is
// known of it. put is called once, with the lock held, to store the item's value
// at its place. The bool is false, and nothing has happened, once nothing more is
// accepted, or when done is closed before there is room.
func (j *job) admit(done <-chan struct{}, e encoded, past *Entry, put func(slot int)) bool {
	if !j.lockWithRoom(done) {
		return false
	}
	c := j.core
	slot := j.place()
	put(slot)
	it := c.spare.take()
	it.job, it.slot, it.index = j, slot, j.index
	it.id, it.name, it.others, it.body = e.id, e.key, e.more, e.body
	it.known = caperrors.NotSent
	it.turn = j.progress.Accepted
	j.live++
	j.open++
	j.index++
	j.progress.Accepted++
	c.live++
	c.weight += it.weight()
	if j.filling && j.fillBy.IsZero() {
		j.fillBy = time.Now().Add(c.linger)
	}
	if past != nil {
		it.recall(past)
	}
	switch {
	case past != nil && !past.Open:
		c.redeliver(it, past)
	case e.err != nil:
		it.err = e.err
		c.deliver(it, it.known, 0)
	case it.known == caperrors.Unknown && c.onUnknown == ReportUnknown:
		c.redeliver(it, &Entry{Outcome: caperrors.Unknown})
	case j.holds(it):
		if len(it.others) > 0 {
			// It never stood in a queue: all that did so far came before it.
			c.hold(j, holder{c.packer.seq, it.names()})
		}
		c.deliver(it, it.known, caperrors.ErrPredecessor)
	default:
		c.packer.admit(it)
	}
	full := j.full()
	wake := full || c.packer.available() >= c.wanted
	if wake {
		c.wanted = math.MaxInt
	}
	c.mu.Unlock()
	if wake {
		c.kick()
	}
	if !full {
		signal(j.space) // for the next that waits
	}
	return true
}

// lockWithRoom waits for room in the window and takes the core's lock. If the
// bool is false, it has not.
func (j *job) lockWithRoom(done <-chan struct{}) bool {
	for {
		j.core.mu.Lock()
		if !j.admitting {
			j.core.mu.Unlock()
			signal(j.space) // for the next that waits
			return false
		}
		if !j.full() && !j.tooFarAhead() {
			return true
		}
		j.core.mu.Unlock()
		select {
		case <-j.space:
		case <-done:
			return false
		}
	}
}

// place returns a free place for a value. There is one while there is room.
func (j *job) place() int {
	if n := len(j.free); n > 0 {
		slot := j.free[n-1]
		j.free = j.free[:n-1]
		return slot
	}
	j.places++
	return j.places - 1
}

// sourceEnded tells that no more items come.
func (j *job) sourceEnded(err error) {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.admitting = false
	j.sourceErr = err
	signal(j.ready)
	j.core.kick()
}

// empty empties the items of delivered results. The source and the calls wait
// for the lock, so it is not held for that: nobody else has the items once a
// checkpoint cannot find them.
func (j *job) empty(delivered []settled) (spare spares) {
	if len(delivered) == 0 {
		return spare
	}
	j.core.mu.Lock()
	j.handed = nil
	j.core.mu.Unlock()
	for i := range delivered {
		spare.add(delivered[i].it)
	}
	return spare
}

// collect gives back the room of the results delivered before, waits for more
// and returns them. The bool is false once every accepted item has been
// returned and no more come.
func (j *job) collect(delivered []settled) ([]settled, bool) {
	for {
		spare := j.empty(delivered)
		j.core.mu.Lock()
		for i := range delivered {
			j.free = append(j.free, delivered[i].slot)
		}
		j.core.spare.join(&spare)
		j.live -= len(delivered)
		given := len(delivered) > 0
		clear(delivered)
		results := j.results
		j.results, j.handed = delivered[:0], results
		over := !j.admitting && j.open == 0
		j.core.mu.Unlock()
		if given {
			signal(j.space)
		}
		if len(results) > 0 {
			_ = j.tell() // a failure stops the job, and is why
			return results, true
		}
		if over {
			return nil, false
		}
		delivered = results
		<-j.ready
	}
}
