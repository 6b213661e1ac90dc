package transport

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// checkRetry ends an attempt and plans the next one. It is where all is decided:
// later in its loop go-retryablehttp has dropped the body and cannot be stopped.
func (c *call) checkRetry(resp *http.Response, sendErr error) bool {
	again := c.settle(resp, sendErr)
	c.attemptEnds(again)
	if again && c.first != nil {
		// go-retryablehttp waits until this context ends, and the next attempt
		// gets its own.
		c.request.Request, c.first = c.request.Request.WithContext(c.ctx), nil
	}
	if c.rest > 0 {
		c.pause(c.rest)
	}
	return again
}

// settle reads and judges what came back and plans what follows. It reports
// whether that is another attempt.
func (c *call) settle(resp *http.Response, sendErr error) bool {
	answered := false
	defer func() { c.sending.stop(answered) }()
	if sendErr != nil {
		return c.failed(sendErr)
	}
	answer := c.req.Answer
	if c.attempts > 1 || answer == nil {
		answer = new(Answer) // an error may hold the one before
	}
	answer.Sent = c.last.started
	answer.fill(resp, c.req)
	c.answer, c.last.answer = answer, answer
	body, err := readBody(resp, c.t.maxBody)
	resp.Body = http.NoBody
	answered = err == nil
	switch {
	case err != nil:
		de, proven := unreadable(answer, len(body), c.t.maxBody, err)
		if !proven {
			return c.failed(err)
		}
		return c.judged(Judgement{Err: de})
	case isRedirect(answer.Status):
		answer.Body = body
		return c.judged(Judgement{Err: redirected(answer)})
	default:
		answer.Body = body
		return c.judged(c.req.Judge(answer))
	}
}

// failed goes on after an attempt without a usable answer.
func (c *call) failed(cause error) bool {
	o := outcome{class: retry.Transport, effect: caperrors.Unknown}
	notSent := c.sending.notSent(cause, c.t.traced)
	if notSent {
		o.effect = caperrors.NotSent
	}
	if c.ctx.Err() != nil {
		c.effect = worse(c.effect, o.effect)
		_ = c.endByContext()
		c.last.err, c.last.effect = c.contextErr, o.effect
		return false
	}
	failure := &caperrors.TransportError{Phase: c.sending.phase(), NotSent: notSent, TimedOut: c.sending.timedOut()}
	if failure.TimedOut {
		failure.Err = &timeoutError{after: c.t.timeout} // HTTP/2 gives the context's error instead
	} else {
		var timeout interface{ Timeout() bool }
		failure.TimedOut = errors.As(cause, &timeout) && timeout.Timeout()
		failure.Err = c.req.plainCause(cause)
	}
	if notSent && (isLasting(cause) || !c.sending.reached(stepTripped)) {
		o.class = retry.None
	}
	return c.next(o, failure)
}

// judged goes on after an attempt with an answer.
func (c *call) judged(j Judgement) bool {
	if j.Err == nil {
		c.t.budget.Refund(c.paid)
		if c.attempts-c.renewals == 1 {
			c.t.budget.Success()
		}
		c.last.effect = caperrors.Applied
		c.end(0, nil)
		return false
	}
	class, effect := classify(j.Err)
	o := outcome{class: class, effect: effect, retryAfter: max(c.answer.RetryAfter, retryAfterOf(j.Err))}
	if j.Renew && c.req.Authorize != nil && (effect != caperrors.Unknown || c.req.Repeatable) {
		return c.renewed(o, j.Err)
	}
	return c.next(o, j.Err)
}

// renewed sends once more, at once, with renewed credentials. The refusal says
// nothing about the service's health, so it costs no token and no attempt of the
// policy.
func (c *call) renewed(o outcome, err error) bool {
	c.conclude(o, err)
	switch {
	case c.ctx.Err() != nil:
		_ = c.endByContext()
		return false
	case c.renewals > 0:
		c.end(caperrors.ErrRefreshFailed, err)
		return false
	}
	c.renewals, c.renew, c.wait, c.paid = 1, true, 0, 0
	return true
}

// next decides what follows an attempt that failed.
func (c *call) next(o outcome, err error) bool {
	c.conclude(o, err)
	if c.ctx.Err() != nil && o.class != retry.None {
		_ = c.endByContext()
		return false
	}
	d := plan(c.state(o.class), o)
	if d.again {
		cost, ok := c.t.budget.Take(o.class)
		if ok {
			c.wait, c.paid = d.wait, cost
			return true
		}
		d.stop = caperrors.ErrRetryBudget
	}
	c.end(d.stop, err)
	if d.stop == caperrors.ErrRetryBudget && !c.req.OnlyUnsent {
		c.rest = min(d.wait, c.t.policy.Delay(o.class, 0))
	}
	return false
}

// conclude notes how an attempt ended.
func (c *call) conclude(o outcome, err error) {
	c.paid = 0
	c.err = err
	c.last.err, c.last.effect = err, o.effect
	c.effect = worse(c.effect, o.effect)
}

func (c *call) state(class retry.Class) state {
	tries := c.attempts - c.renewals
	s := state{
		policy:     c.t.policy,
		repeatable: c.req.Repeatable,
		onlyUnsent: c.req.OnlyUnsent,
		tries:      tries,
		elapsed:    time.Since(c.started),
		backoff:    c.t.policy.Delay(class, tries-1),
		jitter:     rand.Float64(), //nolint:gosec // spreads callers, hides nothing
	}
	if deadline, ok := c.ctx.Deadline(); ok {
		s.bounded, s.remaining = true, time.Until(deadline)
	}
	return s
}

// pause keeps a caller that calls in a loop from coming back the faster for an
// empty budget. An engine has its own wait for that.
func (c *call) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
		_ = c.endByContext()
	}
}

func retryAfterOf(err error) time.Duration {
	failure := caperrors.CallError{Err: err}
	return failure.RetryAfter()
}
