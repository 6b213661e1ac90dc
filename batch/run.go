package batch

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Run is a stream of items in and results out, in constant memory. Make one
// with [Engine.Run].
type Run[T any] struct {
	engine *Engine[T]
	job    *job
	src    iter.Seq2[T, error]
	past   func(index int) Past // nil: nothing is known
	used   atomic.Bool

	identity map[string]string // of the load; nil for none
	values   slots[T]
}

// Run prepares to send the items of src. Nothing happens before the results
// are ranged over.
//
// The source runs in a goroutine of its own, at most a window of items ahead of
// the results. If it yields an error, no more items are taken; those taken
// before come to their end, and Err returns the error. An item for which its
// yield returns false was not accepted and has no result.
//
// When ctx ends, items that are not in flight end with what is known of them
// (not-sent, if they never went out), and those in flight as unknown unless an
// answer comes at once.
//
// With [WithJournal] or [Resume] the run goes on where an earlier one over the
// same input stopped; without, the options are not needed.
func (e *Engine[T]) Run(ctx context.Context, src iter.Seq2[T, error], opts ...RunOption) *Run[T] {
	var o runOptions
	for _, opt := range opts {
		opt(&o)
	}
	r := &Run[T]{engine: e, job: newJob(ctx, e.core), src: src, past: o.past(), values: newSlots[T](e.core.window), identity: o.identity}
	r.job.value = r.values.peek
	r.job.tracked, r.job.journal = true, o.journal
	r.job.filling = o.journal != nil || o.checkpoint != nil
	if o.checkpoint != nil {
		if err := sameLoad(o.checkpoint, o.identity); err != nil {
			r.job.refuse(err)
			// Who stores the checkpoint of this run all the same loses nothing.
			r.identity = o.checkpoint.Identity
		}
		r.job.resume(o.checkpoint)
	}
	return r
}

// Results iterates over the results as they come, or with [Advanced.Ordered] in
// the order of the input: one for each item of the source; see [Result.Index]
// for its place in the input. It can be ranged over once.
//
// Leaving the loop early stops the job: items that are not in flight are not
// sent, those in flight are waited for.
func (r *Run[T]) Results() iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		if r.used.Swap(true) {
			return
		}
		j := r.job
		r.engine.core.join(j)
		defer r.engine.core.leave(j)
		unwatch := context.AfterFunc(j.ctx, j.canceled)
		defer unwatch()
		if j.ctx.Err() != nil {
			j.canceled() // nothing is sent, however fast the source is
		}
		fed := make(chan struct{})
		go r.feed(fed)
		defer r.awaitSource(fed)
		// A panic in the loop body must not leave items in flight behind.
		defer r.drain()
		var results []settled
		for {
			var more bool
			if results, more = j.collect(results); !more {
				return
			}
			for i := range results {
				if !yield(newResult(&results[i], r.values.take(results[i].slot))) {
					j.abandon()
					return
				}
				j.delivered(&results[i])
			}
		}
	}
}

// drain waits until no item of the job is open. Results that nobody took stay
// for a checkpoint.
func (r *Run[T]) drain() {
	j := r.job
	j.abandon()
	for more := true; more; {
		j.core.mu.Lock()
		j.kept = append(j.kept, j.handed...)
		j.core.mu.Unlock()
		_, more = j.collect(nil)
	}
}

// awaitSource waits for the source's goroutine. A source that is blocked in
// the caller's code cannot be interrupted: it ends by its next item.
func (r *Run[T]) awaitSource(fed <-chan struct{}) {
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case <-fed:
	case <-timer.C:
	}
}

// feed takes items from the source until it ends or the job does.
func (r *Run[T]) feed(fed chan<- struct{}) {
	defer close(fed)
	end := errSourceGone
	defer func() {
		if p := recover(); p != nil {
			end = &PanicError{Value: p, Stack: stack()}
		}
		r.job.sourceEnded(end)
	}()
	index := 0
	for item, err := range r.src {
		if err != nil {
			end = err
			return
		}
		if !r.take(index, item) {
			break
		}
		index++
	}
	end = nil
}

// take accepts the item at a position of the input, or passes over it. The bool
// is false once nothing more is accepted.
func (r *Run[T]) take(index int, item T) bool {
	var past Past
	if r.past != nil {
		past = r.past(index)
	}
	if past.Done {
		var keys []string
		if past.Failed {
			keys = r.engine.prepare(item).keys()
		}
		return r.job.skip(past, keys)
	}
	enc := r.engine.prepare(item)
	if e := past.Entry; e != nil && e.Open && e.Outcome == caperrors.Unknown && enc.err == nil {
		var answered bool
		if past.Entry, answered = r.job.inquire(item, e); !answered {
			return false
		}
	}
	return r.job.admit(nil, enc, past.Entry, func(slot int) { r.values.put(slot, item) })
}

// errSourceGone is a source that ended its goroutine.
var errSourceGone = errors.New("the source did not return")

// Err returns why the job did not go to its end: the context's error and its
// cause, the source's error, or the refusal that every further call would have
// met. It is nil if every item of the source got a result of its own, whatever
// that is. Ask it after the results.
func (r *Run[T]) Err() error { return r.job.err() }

// Stop ends the job early and returns at once: no more items are taken, those
// that are not in flight end with what is known of them, and those in flight
// are waited for and get their own results. Go on ranging over the results
// until they end; Err then returns cause, which may be nil. It may be called at
// any time, from any goroutine; a job that has come to its end stays as it is.
func (r *Run[T]) Stop(cause error) {
	c := r.job.core
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopJob(r.job, caperrors.ErrJobStopped, cause)
}

// Progress returns a snapshot. It may be called at any time, from any
// goroutine.
func (r *Run[T]) Progress() Progress { return r.job.snapshot() }

// slots keeps the values of the items in the window. A place is written with the
// core's lock held, as its item is accepted, and read by the consumer after its
// result came; chunks never move, so that neither disturbs the other.
type slots[T any] struct{ chunks [][]T }

const chunkSize = 256

func newSlots[T any](window int) slots[T] {
	return slots[T]{chunks: make([][]T, ceilDiv(window, chunkSize))}
}

func (s *slots[T]) put(slot int, item T) {
	chunk := &s.chunks[slot/chunkSize]
	if *chunk == nil {
		*chunk = make([]T, chunkSize)
	}
	(*chunk)[slot%chunkSize] = item
}

// peek returns the value of an item that has no result yet.
func (s *slots[T]) peek(slot int) any { return s.chunks[slot/chunkSize][slot%chunkSize] }

func (s *slots[T]) take(slot int) T {
	place := &s.chunks[slot/chunkSize][slot%chunkSize]
	item := *place
	var zero T
	*place = zero
	return item
}
