package client

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	caperrors "github.com/capillary-go/capillary/errors"
)

// pacer lets calls out one after another: those of one endpoint, or all of a
// client.
//
// Callers that have to wait stand in a line, and only the first of them looks at
// the clock. A reservation ahead, as rate.Limiter makes it, would be lost to
// those behind when its caller gives up, and would keep its time when the rate
// changes. Nothing is taken before the call may go, so nothing has to be given
// back.
type pacer struct {
	mu     sync.Mutex
	limit  float64 // configured calls a second; 0: none
	strict bool    // callers pass one at a time even without a rate
	bucket *rate.Limiter
	line   list.List // of *waiter
	adapted
}

// waiter is one caller in the line.
type waiter struct {
	deadline time.Time     // zero: none
	turn     chan struct{} // closed when the caller is the first, or too late
	late     bool          // the turn cannot come before the deadline
	changed  chan struct{} // the first alone listens: its wait is another now
}

// newPacer returns a pacer; 0 calls a minute set no pace until the server asks
// for one.
func newPacer(callsPerMinute int, strict bool) *pacer {
	limit := float64(callsPerMinute) / 60
	return &pacer{limit: limit, strict: strict, bucket: rate.NewLimiter(rate.Limit(limit), 1)}
}

// wait blocks until the next call may go, and until then returns as soon as ctx
// ends. The call has then passed next, too: what else it has to wait for, while
// those behind it stay in their order; nil for nothing. If next fails nothing is
// taken.
func (p *pacer) wait(ctx context.Context, next func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	p.mu.Lock()
	if p.advance(now); !p.paced(now) {
		if next == nil {
			p.sent.add(now)
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock()
		if err := next(ctx); err != nil {
			return err
		}
		p.mu.Lock()
		p.sent.add(time.Now())
		p.mu.Unlock()
		return nil
	}
	w := &waiter{turn: make(chan struct{}), changed: make(chan struct{}, 1)}
	w.deadline, _ = ctx.Deadline()
	if p.tooLate(now, w, p.line.Len()) {
		p.mu.Unlock()
		return errTooLate
	}
	place := p.line.PushBack(w)
	if place == p.line.Front() {
		close(w.turn)
	}
	p.mu.Unlock()

	// Deferred, because next may be the caller's own function: a panic of it must
	// not leave the line closed to all others.
	passed := false
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if passed {
			p.passes(time.Now())
		}
		p.leave(place)
	}()
	err := p.stand(ctx, w)
	if err == nil && next != nil {
		err = next(ctx)
	}
	passed = err == nil
	return err
}

// passes counts a call that goes out now.
func (p *pacer) passes(now time.Time) {
	p.sent.add(now)
	if p.rate() > 0 {
		p.bucket.ReserveN(now, 1) // there is one: delay saw it, and only the first takes
	}
}

// errTooLate wraps what is also the reason of a call that gives up for it.
var errTooLate = fmt.Errorf("wait for the rate: %w", caperrors.ErrDeadlineTooNear)

// stand waits in the line, and as its first for the time to go.
func (p *pacer) stand(ctx context.Context, w *waiter) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		now := time.Now()
		p.mu.Lock()
		p.advance(now)
		d, late := p.delay(now), w.late || p.tooLate(now, w, 0)
		p.mu.Unlock()
		switch {
		case late:
			return errTooLate
		case d <= 0:
			return ctx.Err()
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-w.changed:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// leave takes a caller out of the line and calls up the first one behind.
// Leaving by the deadline, a caller may have been called up already.
func (p *pacer) leave(place *list.Element) {
	first := place == p.line.Front()
	p.line.Remove(place)
	if !first || p.line.Len() == 0 {
		return
	}
	if w, ok := p.line.Front().Value.(*waiter); ok && !w.late {
		close(w.turn)
	}
}

// reconsider follows a change for the worse. Those whose turn now cannot come
// in time go at once, the first looks at the clock again.
func (p *pacer) reconsider(now time.Time) {
	ahead := 0
	for place := p.line.Front(); place != nil; place = place.Next() {
		w, ok := place.Value.(*waiter)
		switch {
		case !ok || w.late:
		case place == p.line.Front():
			select {
			case w.changed <- struct{}{}:
			default:
			}
			ahead++
		case p.tooLate(now, w, ahead):
			w.late = true
			close(w.turn)
		default:
			ahead++
		}
	}
}

// tooLate reports whether the turn of a caller with so many ahead comes after
// its deadline.
func (p *pacer) tooLate(now time.Time, w *waiter, ahead int) bool {
	if w.deadline.IsZero() {
		return false
	}
	wait := p.open(now) + p.timeFor(float64(ahead+1)-p.tokens(now))
	return wait > 0 && wait >= w.deadline.Sub(now)
}

// paced reports whether a call has anything to wait for here.
func (p *pacer) paced(now time.Time) bool {
	return p.strict || p.rate() > 0 || p.line.Len() > 0 || p.open(now) > 0
}

// delay is how long the first in the line has to wait, or until the rate
// changes by itself.
func (p *pacer) delay(now time.Time) time.Duration {
	if closed := p.open(now); closed > 0 {
		return closed
	}
	limit := p.rate()
	if limit == 0 {
		return 0
	}
	missing := 1 - p.tokens(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up: a wait of nothing would turn the loop without an end.
	d := max(time.Duration(missing/limit*float64(time.Second)), 1)
	if p.slow > 0 {
		d = min(d, p.grownAt.Add(cleanTime).Sub(now))
	}
	return d
}

// tokens is how much of a call has come together; at most 1.
func (p *pacer) tokens(now time.Time) float64 {
	if p.rate() == 0 {
		return 1
	}
	return p.bucket.TokensAt(now)
}

// current returns the calls a second that are allowed now; 0 for any.
func (p *pacer) current() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(time.Now())
	return p.rate()
}
