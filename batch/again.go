package batch

import (
	"errors"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

const (
	// tick is what due times are rounded up to, so that retries travel together.
	tick = 50 * time.Millisecond
	// maxBounces is how many calls with an item may be sent back as a whole
	// before the item is given up. It only ends what nothing else ends.
	maxBounces = 64
)

// transient sends an item again that was refused for now.
func (c *core) transient(it *item, now time.Time) {
	it.strikes++
	if it.strikes >= c.maxAttempts {
		c.giveUp(it, caperrors.ErrAttemptsExhausted)
		return
	}
	c.delay(it, now, c.policy.Delay(classOf(it.verdict.Code), it.strikes-1))
}

// sendBack returns the items of a call that was refused as a whole for now.
// The call costs tokens of the client's budget: an empty one makes the engine
// wait, and ends no item.
func (c *core) sendBack(cl *call, class retry.Class, err error, now time.Time) {
	if cl.canceled {
		for _, it := range cl.items {
			c.delay(it, now, 0)
		}
		return
	}
	if class != retry.Conflict {
		if outage := c.busy(cl, err, now); outage != nil {
			c.fail(cl, outage)
			return
		}
	}
	if c.budget != nil {
		if cost, ok := c.budget.Take(class); ok {
			c.taken = append(c.taken, cost)
			c.unpaid = unpaid{}
		} else if wait := c.unpaid.next(cl.started, now, &c.policy); wait > 0 {
			c.gate.closeUntil(now.Add(wait))
			c.event(Event{Kind: Waiting, At: now, Took: wait, Err: err})
		}
	}
	wait := c.policy.Delay(class, max(0, c.gate.refusals-1))
	// An outage is bounded by its time. What counts is a call that is sent back
	// while others are accepted.
	counts := class == retry.Conflict || c.gate.refusals <= 1
	for _, it := range cl.items {
		if counts {
			it.bounces++
		}
		if it.bounces >= maxBounces {
			c.giveUp(it, caperrors.ErrAttemptsExhausted)
			continue
		}
		c.delay(it, now, wait)
	}
}

// unpaid is the repeated calls in a row for which the budget had no tokens.
// Nothing goes out after one for a time that doubles: where some calls are still
// accepted, each gives tokens back, and the longest wait would make a load of
// minutes one of hours.
type unpaid struct {
	n     int
	until time.Time // end of the last wait
}

// next returns the wait after a call for which there were no tokens; 0 if it was
// out already when the last wait began, and is no reason for another.
func (u *unpaid) next(started, now time.Time, policy *retry.Policy) time.Duration {
	if started.Before(u.until) {
		return 0
	}
	wait := policy.MaxDelay
	if u.n < 16 {
		wait = min(wait, policy.OverloadDelay<<u.n)
	}
	u.n++
	u.until = now.Add(wait)
	return wait
}

// busy notes that a call came to nothing. It returns an error once nothing was
// accepted for too long.
func (c *core) busy(cl *call, err error, now time.Time) error {
	c.trouble = err
	closed := c.gate.closedUntil
	c.gate.busy(now, cl.started, min(caperrors.RetryAfterOf(err), c.policy.MaxRetryAfter))
	if c.gate.closedUntil.After(closed) {
		c.event(Event{Kind: Waiting, At: now, Took: c.gate.closedUntil.Sub(now), Err: err})
	}
	if lasted := c.gate.outage(now); lasted > c.maxOutage {
		return &outageError{lasted: lasted, cause: err}
	}
	return nil
}

// refund gives back what a repeated call cost, now that a call succeeded.
func (c *core) refund() {
	if n := len(c.taken); n > 0 {
		c.budget.Refund(c.taken[n-1])
		c.taken = c.taken[:n-1]
	}
}

// delay keeps an item out until its next try. A wait that cannot end before
// the job's deadline is not begun.
func (c *core) delay(it *item, now time.Time, wait time.Duration) {
	due := now.Add(wait).Add(tick - 1).Truncate(tick)
	switch {
	case it.job == nil:
		c.discard(it)
	case it.job.stopped:
		c.giveUp(it, it.job.reason)
	case c.sameKey && it.job.holds(it):
		c.giveUp(it, caperrors.ErrPredecessor)
	case it.job.deadline.IsZero() || due.Before(it.job.deadline):
		c.packer.delayItem(it, due)
		c.recall(it)
	default:
		c.giveUp(it, caperrors.ErrDeadlineTooNear)
	}
}

// bounce returns an item to where it came from, to go again as soon as may be.
func (c *core) bounce(it *item) {
	it.bounces++
	switch {
	case it.job == nil:
		c.discard(it)
	case it.bounces >= maxBounces:
		c.giveUp(it, caperrors.ErrItemTooLarge)
	case it.job.stopped:
		c.giveUp(it, it.job.reason)
	case c.sameKey && it.job.holds(it):
		c.giveUp(it, caperrors.ErrPredecessor)
	default:
		c.packer.giveBack(it)
		c.recall(it)
	}
}

// classOfCall returns the class of a call that was refused for now, the customers
// in it apart.
func classOfCall(code caperrors.Code, err error) retry.Class {
	var page *caperrors.DecodeError
	if code == caperrors.CodeRateLimited || errors.As(err, &page) && page.HTTPStatus == int(caperrors.CodeRateLimited) {
		return retry.Throttled
	}
	return retry.Overload
}

// classOf returns the class of delay for a transient code.
func classOf(code caperrors.Code) retry.Class {
	if code == caperrors.CodeCustomerBusy {
		return retry.Conflict
	}
	return retry.Overload
}
