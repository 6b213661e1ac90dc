package batch

import (
	"context"
	"fmt"
	"slices"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// cancelGrace is how long a job whose context has ended waits for its calls to
// come back by themselves, and with a better answer than unknown.
const cancelGrace = 40 * time.Millisecond

// canceled ends the job because its context has ended.
func (j *job) canceled() {
	c := j.core
	cause := contextError(j.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if j.ended {
		return
	}
	j.ended = true
	c.stopJob(j, caperrors.ErrContextEnded, cause)
	for cl := range c.calls {
		if !slices.ContainsFunc(cl.items, func(it *item) bool { return it.job != nil && !it.job.ended }) {
			cl.canceled = true
			cl.cancel(cause)
		}
	}
	c.cancelAsks()
	if j.open > 0 {
		j.grace = time.AfterFunc(cancelGrace, j.detach)
	}
}

// detach reports what is still in flight as unknown: the sender does not come
// back.
func (j *job) detach() {
	c := j.core
	c.mu.Lock()
	defer c.mu.Unlock()
	for cl := range c.calls {
		if cl.canceled {
			// Nobody may wait for what a call that never comes back would tell.
			c.probeEnded(cl)
			cl.probe, cl.heavy = false, false
		}
		for _, it := range cl.items {
			if it.job == j {
				it.known, it.lost = caperrors.Unknown, true
				it.verdict, it.err = caperrors.Verdict{}, nil
				j.push(c.twin(it), caperrors.Unknown, j.reason)
				it.job = nil
			}
		}
	}
	for _, q := range c.asks {
		for _, it := range q.items {
			if it.job == j {
				j.push(c.twin(it), caperrors.Unknown, j.reason)
				it.job = nil
			}
		}
	}
}

// abandon ends the job because the caller takes no more results. What is in
// flight is waited for.
func (j *job) abandon() {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.core.stopJob(j, caperrors.ErrJobStopped, nil)
}

// err returns why the job did not go to its end; nil if it did.
func (j *job) err() error {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	switch {
	case j.stop != nil:
		return j.stop
	case j.journalErr != nil: // it failed at the very end, when there was nothing to stop
		return j.journalErr
	default:
		return j.sourceErr
	}
}

// stopReason returns why the job's items were not tried on; 0 if they were.
func (j *job) stopReason() caperrors.Stop {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	return j.reason
}

// contextError joins the context's error with its cause.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err { //nolint:errorlint // the same value, not the same meaning
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// stopAll stops every job.
func (c *core) stopAll(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopLocked(err)
}

// stopLocked stops every job. Calls in flight come to their end.
func (c *core) stopLocked(err error) {
	for j := range c.jobs {
		c.stopJob(j, caperrors.ErrJobStopped, err)
	}
}

// stopJob ends a job's admission, and ends its items that are not in a call.
// The first reason stands; a job that has come to its end needs none.
func (c *core) stopJob(j *job, reason caperrors.Stop, err error) {
	if !j.stopped && (j.admitting || j.open > 0) {
		j.stopped, j.reason, j.stop = true, reason, err
	}
	j.admitting = false
	signal(j.space)
	signal(j.ready)
	own := func(it *item) bool { return it.job == j }
	for _, it := range c.packer.drop(own, nil) {
		c.deliver(it, it.known, j.reason)
	}
	for _, it := range append(c.dropGrouped(own), c.dropAsks(own)...) {
		c.end(it, it.known, j.reason)
	}
}
