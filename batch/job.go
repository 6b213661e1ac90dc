package batch

import (
	"context"
	"math"
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
	turns int // items brought in

	free    []int // places of values given back
	places  int   // places handed out so far
	results []settled
	order   *order            // nil: results go out as they come
	held    map[string]uint64 // keys that are held, behind the item of that number

	flushing int // flushes under way

	grace    *time.Timer // runs detach; nil while the context lives
	progress Progress
	ready    chan struct{} // results, or the end
	space    chan struct{} // room in the window, or the end
}

// settled is a final result without its value.
type settled struct {
	slot, index  int
	attempts     int
	id, key      string
	outcome      caperrors.Outcome
	afterUnknown bool
	verdict      caperrors.Verdict
	err          error
}

func newJob(ctx context.Context, c *core) *job {
	if ctx == nil {
		j := newJob(context.Background(), c) //nolint:contextcheck // there is none to inherit
		j.admitting, j.stopped, j.reason = false, true, caperrors.ErrJobStopped
		j.stop = &caperrors.ArgumentError{Field: "ctx", Index: -1, Reason: "must not be nil"}
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

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// reserve waits for room in the window, accepts an item, and returns a place
// for its value; admit must follow. The bool is false once nothing more is
// accepted, or when done is closed before there is room.
func (j *job) reserve(done <-chan struct{}) (int, bool) {
	for {
		j.core.mu.Lock()
		if !j.admitting {
			j.core.mu.Unlock()
			signal(j.space) // for the next that waits
			return 0, false
		}
		if j.live < j.core.window {
			break
		}
		j.core.mu.Unlock()
		select {
		case <-j.space:
		case <-done:
			return 0, false
		}
	}
	defer j.core.mu.Unlock()
	j.live++
	if j.live < j.core.window {
		signal(j.space) // for the next that waits
	}
	j.open++
	j.progress.Accepted++
	if n := len(j.free); n > 0 {
		slot := j.free[n-1]
		j.free = j.free[:n-1]
		return slot, true
	}
	j.places++
	return j.places - 1, true
}

// encoded is an item as the caller gave it, ready to be sent.
type encoded struct {
	body    []byte
	id, key string
	more    []string // further keys
	err     error    // it cannot be sent, for this reason
}

// admit brings in the accepted item whose value stands at slot.
func (j *job) admit(slot int, e encoded) {
	c := j.core
	c.mu.Lock()
	it := c.newItem()
	it.job, it.slot, it.index = j, slot, j.index
	it.id, it.name, it.others, it.body, it.err = e.id, e.key, e.more, e.body, e.err
	it.known = caperrors.NotSent
	it.turn = j.turns
	j.index++
	j.turns++
	c.live++
	c.weight += it.weight()
	switch {
	case e.err != nil:
		c.deliver(it, caperrors.NotSent, 0)
	case j.stopped:
		c.deliver(it, caperrors.NotSent, j.reason)
	case j.holds(it):
		if len(it.others) > 0 {
			c.hold(j, holder{it.seq, it.names()})
		}
		c.deliver(it, caperrors.NotSent, caperrors.ErrPredecessor)
	default:
		c.packer.admit(it)
	}
	wake := c.packer.available() >= c.wanted || j.live >= c.window
	if wake {
		c.wanted = math.MaxInt
	}
	c.mu.Unlock()
	if wake {
		c.kick()
	}
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

// collect gives back the room of the results delivered before, waits for more
// and returns them. The bool is false once every accepted item has been
// returned and no more come.
func (j *job) collect(delivered []settled) ([]settled, bool) {
	for {
		j.core.mu.Lock()
		for i := range delivered {
			j.free = append(j.free, delivered[i].slot)
		}
		j.live -= len(delivered)
		if len(delivered) > 0 {
			signal(j.space)
		}
		clear(delivered)
		results := j.results
		j.results = delivered[:0]
		over := !j.admitting && j.open == 0
		j.core.mu.Unlock()
		if len(results) > 0 {
			return results, true
		}
		if over {
			return nil, false
		}
		delivered = results
		<-j.ready
	}
}
