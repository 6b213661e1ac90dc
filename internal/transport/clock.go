package transport

import (
	"context"
	"errors"
	"net/http/httptrace"
	"time"
)

// attemptContext is the context of one attempt. The clock of the attempt is not
// its own, so that it can be used again. It is never changed once the attempt
// has begun: a connection that is still being dialed for an attempt long over
// asks it for the caller's values.
type attemptContext struct {
	context.Context // ends the attempt

	callers  context.Context // has the values that Context has not
	deadline time.Time
}

// Deadline tells dialers how to divide the time among addresses.
func (c *attemptContext) Deadline() (time.Time, bool) {
	if callers, ok := c.callers.Deadline(); ok && callers.Before(c.deadline) {
		return callers, true
	}
	return c.deadline, true
}

// Err tells a deadline of the caller's from a cancellation.
func (c *attemptContext) Err() error {
	err := c.Context.Err()
	if err == nil {
		return nil
	}
	if callers := c.callers.Err(); callers != nil {
		return callers
	}
	return err
}

// Value asks for the attempt's own end and hooks first.
func (c *attemptContext) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.callers.Value(key)
}

// attemptClock ends an attempt when its time is up or its caller gives up.
type attemptClock struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	expired bool // the clock ran out, or may be about to; or the caller gave up
	timeout timeoutError
	timer   *time.Timer

	// A context that was never cancelled can serve another attempt: net/http's
	// own, which hang on it, go when the body has been read. It is no child of
	// any caller's, but tied to it while the attempt lasts.
	lasting   context.Context
	endAll    context.CancelCauseFunc
	callers   context.Context // tied to
	abandoned func()          // is abandon, bound once
	untie     func() bool     // nil: the caller's never ends
}

// start begins an attempt in a context of its own, with the hooks.
func (a *attemptClock) start(ctx context.Context, trace *httptrace.ClientTrace, began time.Time, timeout time.Duration) {
	own := &attemptContext{callers: ctx, deadline: began.Add(timeout)}
	own.Context, a.cancel = context.WithCancelCause(ctx)
	a.ctx, a.callers, a.untie = httptrace.WithClientTrace(own, trace), nil, nil
	a.run(timeout)
}

// startLasting begins an attempt in a context that lasts, of which own becomes
// the view that the attempt has. Ctx must have no hooks: they could not be
// joined.
func (a *attemptClock) startLasting(ctx context.Context, own *attemptContext, trace *httptrace.ClientTrace, began time.Time, timeout time.Duration) {
	if a.lasting == nil {
		ends, end := context.WithCancelCause(context.Background())
		a.lasting, a.endAll = httptrace.WithClientTrace(ends, trace), end
	}
	if a.abandoned == nil {
		a.abandoned = a.abandon
	}
	own.Context, own.callers, own.deadline = a.lasting, ctx, began.Add(timeout)
	a.ctx, a.cancel, a.callers, a.untie = own, a.endAll, ctx, nil
	if ctx.Done() != nil {
		a.untie = context.AfterFunc(ctx, a.abandoned)
	}
	a.run(timeout)
}

func (a *attemptClock) run(timeout time.Duration) {
	a.expired, a.timeout.after = false, timeout
	if a.timer == nil {
		a.timer = time.AfterFunc(timeout, a.expire)
	} else {
		a.timer.Reset(timeout)
	}
}

// expire ends the attempt when its time is up.
func (a *attemptClock) expire() { a.cancel(&a.timeout) }

// abandon ends the attempt when its caller gives up.
func (a *attemptClock) abandon() { a.cancel(context.Cause(a.callers)) }

// stop ends the attempt. One that was answered in full leaves a context that
// lasts as it is, for another attempt, until drop.
func (a *attemptClock) stop(answered bool) {
	a.expired = !a.timer.Stop()
	if a.untie != nil && !a.untie() {
		a.expired = true
	}
	if a.callers == nil || a.expired || !answered {
		a.drop()
	}
}

// drop frees what belongs to the attempt.
func (a *attemptClock) drop() {
	a.cancel(nil)
	a.lasting = nil
}

// forget lets go of the attempt that was stopped. Nothing of it may run any
// more.
func (a *attemptClock) forget() {
	a.ctx, a.cancel, a.callers, a.untie = nil, nil, nil, nil
}

// timedOut reports whether the attempt's own time was up.
func (a *attemptClock) timedOut() bool { return errors.Is(context.Cause(a.ctx), &a.timeout) }

// timeoutError ends an attempt. It is not [context.DeadlineExceeded], which
// stands for the caller's own deadline.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return "no answer within " + e.after.String() }

func (e *timeoutError) Timeout() bool { return true }
