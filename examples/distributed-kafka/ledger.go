package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// note is a record of the ledger. A partition of the ledger is a log of one partition of the job: who owns it, which items a call is
// about to carry, and what became of them.
type note struct {
	Kind   string      `json:"k"`
	Term   string      `json:"t"` // of the ownership
	Worker string      `json:"w,omitempty"`
	Hold   int64       `json:"hold,omitempty"` // longest time from a note to the end of its call, in milliseconds
	At     []string    `json:"at,omitempty"`   // places of items
	Line   *resultLine `json:"line,omitempty"` // the outcome of one
}

const (
	noteOwner = "own"  // a new owner; what those before it write from here on counts for nothing
	noteOut   = "out"  // a call with these items is about to be made
	noteBack  = "back" // they were not applied, and may be sent again
	noteEnd   = "end"  // the outcome of an item
)

var (
	// errLost says that another worker has the partition.
	errLost = errors.New("the partition has another owner")
	// errLedger says that the ledger does not take what has to be in it before a call.
	errLedger = errors.New("the ledger could not be written")
)

// ledger writes one partition of the ledger. Every partition has one owner, so what it writes gets offsets without a gap, unless another
// worker took the partition over: an owner that was paused finds out by that before it sends anything. It is safe for concurrent use.
type ledger struct {
	job       *job
	cl        *kgo.Client
	partition int32
	term      string
	failed    func(error)

	mu   sync.Mutex
	next int64      // offset of the next note, if nobody else writes
	gaps [][2]int64 // offsets of notes that others wrote in between, not looked at yet
}

// add writes a note, whatever becomes of ctx. then is called once it is durable; it must not block.
func (l *ledger) add(ctx context.Context, n note, then func(offset int64, err error)) {
	n.Term = l.term
	text, err := json.Marshal(n)
	if err != nil {
		then(0, err)
		return
	}
	r := &kgo.Record{Topic: l.job.topic(ledgerTopic), Partition: l.partition, Value: text}
	l.cl.Produce(context.WithoutCancel(ctx), r, func(r *kgo.Record, err error) {
		if err != nil {
			err = fmt.Errorf("%w: %w", errLedger, err)
			l.failed(err)
			then(0, err)
			return
		}
		l.mu.Lock()
		if l.next >= 0 && r.Offset != l.next {
			l.gaps = append(l.gaps, [2]int64{l.next, r.Offset})
		}
		l.next = r.Offset + 1
		l.mu.Unlock()
		then(r.Offset, nil)
	})
}

// tell writes a note and does not wait. One that is lost makes a successor take the item for unknown.
func (l *ledger) tell(ctx context.Context, n note) {
	l.add(ctx, n, func(int64, error) {})
}

// write writes a note and waits until it is durable. It returns its offset, and errLost if another worker has the partition.
func (l *ledger) write(ctx context.Context, n note) (int64, error) {
	type answer struct {
		offset int64
		err    error
	}
	answers := make(chan answer, 1)
	l.add(ctx, n, func(offset int64, err error) { answers <- answer{offset, err} })
	select {
	case a := <-answers:
		if a.err != nil {
			return 0, a.err
		}
		return a.offset, l.check(ctx)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// check looks at what others wrote in between: an owner before may still have had something to say, a new one has the partition.
func (l *ledger) check(ctx context.Context) error {
	l.mu.Lock()
	gaps := slices.Clone(l.gaps)
	l.mu.Unlock()
	for _, gap := range gaps {
		lost := false
		err := l.job.readLedger(ctx, map[int32]int64{l.partition: gap[0]}, map[int32]int64{l.partition: gap[1]}, func(_ int32, n note, _ time.Time) {
			lost = lost || n.Kind == noteOwner && n.Term != l.term
		})
		switch {
		case err != nil:
			return err
		case lost:
			return errLost
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaps = slices.DeleteFunc(l.gaps, func(gap [2]int64) bool { return slices.Contains(gaps, gap) })
	return nil
}

// end is the offset behind the last note.
func (l *ledger) end() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// readLedger reads the ledger's partitions from some offsets up to others, without these.
func (j *job) readLedger(ctx context.Context, from, until map[int32]int64, each func(partition int32, n note, at time.Time)) error {
	starts := make(map[int32]kgo.Offset)
	for p, at := range from {
		if at < until[p] {
			starts[p] = kgo.NewOffset().At(at)
		}
	}
	if len(starts) == 0 {
		return nil
	}
	cl, err := dial(j.brokers, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{j.topic(ledgerTopic): starts}),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return err
	}
	defer cl.Close()
	for len(starts) > 0 {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset < until[r.Partition] {
				var n note
				if err := json.Unmarshal(r.Value, &n); err != nil {
					failed = fmt.Errorf("offset %d of the ledger: %w", r.Offset, err)
					return
				}
				each(r.Partition, n, r.Timestamp)
			}
			if r.Offset >= until[r.Partition]-1 {
				delete(starts, r.Partition)
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// past is what the ledger knows of an item without a stored outcome.
type past struct {
	line *resultLine // its outcome; nil: a call with it was made or about to be made
}

// history is what a new owner reads out of the ledger.
type history struct {
	items map[string]past
	term  string    // of the owner before
	until time.Time // when the last call that may still be under way is over, by the broker's clock
	own   time.Time // when the new owner took over, by the same clock
	hold  time.Duration
}

// read takes the next note.
func (h *history) read(n note, at time.Time) {
	if n.Kind == noteOwner {
		h.term, h.own = n.Term, at
		h.hold = max(h.hold, time.Duration(n.Hold)*time.Millisecond)
		return
	}
	if n.Term != h.term && h.term != "" {
		return // the last words of an owner that was taken over
	}
	for _, place := range n.At {
		switch n.Kind {
		case noteOut:
			if h.items[place].line == nil {
				h.items[place] = past{}
			}
			h.busy(at)
		case noteBack:
			delete(h.items, place)
		case noteEnd:
			h.items[place] = past{line: n.Line}
			if n.Line != nil && n.Line.uncertain() {
				h.busy(at)
			}
		}
	}
}

// busy tells of a call that may be under way from some time on.
func (h *history) busy(at time.Time) {
	if at.After(h.until) {
		h.until = at
	}
}

// wait is how long the new owner waits for calls of those before it. Calls that all were answered are over.
func (h *history) wait() time.Duration {
	open := false
	for _, p := range h.items {
		open = open || p.line == nil || p.line.uncertain()
	}
	if !open || h.until.IsZero() {
		return 0
	}
	return min(h.hold, h.until.Add(h.hold).Sub(h.own))
}
