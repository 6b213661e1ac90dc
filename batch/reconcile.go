package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// inquiry asks what became of the items of a call that ended unknown. They are
// out until it is answered.
type inquiry struct {
	call     *call
	items    []*item
	due      time.Time
	underWay bool
	cancel   context.CancelFunc
	overdue  *time.Timer // ends an inquiry that does not return
}

// reconciler hides the item type.
func reconciler[T any](f func(context.Context, []T) ([]Found, error)) func(context.Context, []any) ([]Found, error) {
	return func(ctx context.Context, values []any) ([]Found, error) {
		items := make([]T, len(values))
		for i, value := range values {
			items[i], _ = value.(T)
		}
		return f(ctx, items)
	}
}

// askLater has the item asked about, together with the others of its call, not
// before due.
func (c *core) askLater(cl *call, it *item, due time.Time) {
	c.recall(it)
	i := slices.IndexFunc(c.asks, func(q *inquiry) bool { return q.call == cl })
	if i < 0 {
		// A cut connection tells as little of when the server is through.
		due = due.Add(c.policy.Delay(retry.Transport, it.strikes-1))
		c.asks = append(c.asks, &inquiry{call: cl, due: due})
		i = len(c.asks) - 1
	}
	c.asks[i].items = append(c.asks[i].items, it)
}

// ask begins the inquiries that are due, and returns when the next one is. It is
// called with the lock held.
func (c *core) ask(ctx context.Context, now time.Time) (next time.Time) {
	lanes := c.maxConcurrency
	for _, q := range c.asks {
		if q.underWay {
			lanes--
		}
	}
	for _, q := range c.asks {
		due := q.due
		if due.Before(c.gate.closedUntil) {
			due = c.gate.closedUntil // it would get no answer either
		}
		switch {
		case q.underWay || lanes <= 0:
		case due.After(now):
			next = earlier(next, due)
		default:
			lanes--
			c.beginInquiry(ctx, q)
		}
	}
	return next
}

func (c *core) beginInquiry(ctx context.Context, q *inquiry) {
	values := make([]any, len(q.items))
	for i, it := range q.items {
		values[i] = it.job.value(it.slot)
	}
	q.underWay = true
	ctx, q.cancel = context.WithTimeout(ctx, c.askFor)
	q.overdue = time.AfterFunc(c.askFor+cancelGrace, func() {
		c.answerInquiry(q, nil, context.DeadlineExceeded)
	})
	go func() {
		found, err := []Found(nil), errNoAnswer
		// Deferred, because the function may end its goroutine.
		defer func() {
			if p := recover(); p != nil {
				found, err = nil, &PanicError{Value: p, Stack: stack()}
			}
			c.answerInquiry(q, found, err)
		}()
		found, err = c.reconcile(ctx, values)
	}()
}

// errNoAnswer is an inquiry that ended its goroutine.
var errNoAnswer = errors.New("reconcile did not return")

// answerInquiry settles the items of an inquiry, unless that is done.
func (c *core) answerInquiry(q *inquiry, found []Found, err error) {
	c.mu.Lock()
	i := slices.Index(c.asks, q)
	if i < 0 {
		c.mu.Unlock()
		return
	}
	c.asks = slices.Delete(c.asks, i, i+1)
	q.cancel()
	q.overdue.Stop()
	if err == nil && len(found) != len(q.items) {
		err = fmt.Errorf("%d answers for %d items", len(found), len(q.items))
	}
	now := time.Now()
	for i, it := range q.items {
		if err != nil {
			it.err = fmt.Errorf("reconcile: %w, after: %w", err, orLeftOut(it.err))
			c.giveUp(it, endOf(it.job))
			continue
		}
		c.found(it, found[i], now)
	}
	c.mu.Unlock()
	c.flush()
	c.kick()
}

// endOf is why an inquiry without an answer leaves a job's item unknown: 0 if it
// is not that the job's context has ended.
func endOf(j *job) caperrors.Stop {
	if j != nil && j.ended {
		return j.reason
	}
	return 0
}

// orLeftOut is why an item is unknown: its call, or that the answer left it out.
func orLeftOut(err error) error {
	if err == nil {
		return errLeftOut
	}
	return err
}

var errLeftOut = errors.New("the answer does not tell what became of the item")

// found settles an item by what was found out about it.
func (c *core) found(it *item, f Found, now time.Time) {
	switch {
	case it.job == nil:
		c.discard(it)
	case f == Present:
		c.end(it, caperrors.Duplicate, 0)
	case f != Absent:
		c.giveUp(it, 0)
	default:
		it.known = caperrors.Refused
		if it.strikes >= c.maxAttempts {
			c.giveUp(it, caperrors.ErrAttemptsExhausted)
			return
		}
		c.delay(it, now, 0)
	}
}

// cancelAsks ends the inquiries that only concern jobs whose contexts have
// ended.
func (c *core) cancelAsks() {
	for _, q := range c.asks {
		if q.underWay && !slices.ContainsFunc(q.items, func(it *item) bool { return it.job != nil && !it.job.ended }) {
			q.cancel()
		}
	}
}

// dropAsks removes the items for which f is true from the inquiries that are not
// under way.
func (c *core) dropAsks(f func(*item) bool) []*item {
	var dropped []*item
	for _, q := range c.asks {
		if q.underWay {
			continue
		}
		q.items = slices.DeleteFunc(q.items, func(it *item) bool {
			if f(it) {
				dropped = append(dropped, it)
				return true
			}
			return false
		})
	}
	c.asks = slices.DeleteFunc(c.asks, func(q *inquiry) bool { return len(q.items) == 0 })
	return dropped
}
