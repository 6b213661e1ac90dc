package main

import (
	"context"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// ahead reads the input of a load that goes on, and asks about the records that were in flight when it ended before the engine comes to
// them: the engine asks about one after another. Of a customer at most one record was in flight, and the later ones wait for it, so no
// answer grows old. It is for one goroutine.
type ahead struct {
	in    *input
	read  func() (record, error)
	open  func(row int) bool // whether the record was in flight
	asker *asker

	left  int      // records that were in flight and are not read yet
	queue []record // read and not taken, the next first
	err   error    // after them
}

// aheadPerLane is how many questions are under way or waiting for each one that may be: their answers are taken in the order of the input,
// so a slow one must not hold up the others.
const aheadPerLane = 4

// resuming returns how to read the records of a load that asks about those in flight when its last run ended; nil for any other load.
func (l *load) resuming() *ahead {
	k := l.out.keeper
	if k == nil || l.target.asker == nil || k.book.Resumed().InFlight == 0 {
		return nil
	}
	return &ahead{
		in: l.in, read: l.next, left: k.book.Resumed().InFlight, asker: l.target.asker,
		open: func(row int) bool {
			e := k.book.Past(row - 1).Entry
			return e != nil && e.Open && e.Outcome == caperrors.Unknown
		},
	}
}

// next returns the next record. It reads as far ahead as there is something to ask, at most a window of records.
func (a *ahead) next(ctx context.Context) (record, error) {
	for a.err == nil && a.left > 0 && len(a.queue) < window && a.asker.hasRoom() && ctx.Err() == nil {
		a.take(ctx)
	}
	if len(a.queue) == 0 && a.err == nil {
		a.take(ctx)
	}
	if len(a.queue) == 0 {
		return record{}, a.err
	}
	rec := a.queue[0]
	a.queue[0] = record{}
	a.queue = a.queue[1:]
	return rec, nil
}

// take reads a record into the queue, and begins to ask about it if it was in flight.
func (a *ahead) take(ctx context.Context) {
	rec, err := a.read()
	if err != nil {
		a.err = err
		return
	}
	if rec.err == nil && a.left > 0 && a.open(rec.row) {
		a.left--
		a.asker.begin(ctx, &rec)
	}
	a.queue = append(a.queue, rec)
}

// end waits for the questions under way. Their context must have ended. What was read and not taken is not the end of the input.
func (a *ahead) end() {
	a.asker.asking.Wait()
	if len(a.queue) > 0 {
		a.in.ended.Store(false)
	}
}

// early is a question that was asked before the engine asked it.
type early struct {
	answered chan struct{} // closed then
	found    batch.Found
}

// hasRoom reports whether another question may be begun.
func (a *asker) hasRoom() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.early) < aheadPerLane*cap(a.lanes)
}

// begin asks about a record, in a goroutine that whoever ends ctx waits for.
func (a *asker) begin(ctx context.Context, r *record) {
	q := &early{answered: make(chan struct{})}
	a.mu.Lock()
	a.early[r.row] = q
	a.mu.Unlock()
	asked := *r
	a.asking.Go(func() {
		defer close(q.answered)
		q.found = a.one(ctx, &asked) // it is the engine that bounds how long it waits
	})
}

// begun returns the question that was begun about a record; nil if there is none.
func (a *asker) begun(r *record) *early {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.early[r.row]
	delete(a.early, r.row)
	return q
}
