package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
)

// prepare makes the next attempt ready. go-retryablehttp calls it between the
// wait and the attempt, with a copy of the request that still shares the header
// with the attempt before.
func (c *call) prepare(r *http.Request) error {
	err := c.authorize(r)
	if err != nil {
		if !c.ended {
			c.end(0, err)
		}
		c.t.budget.Refund(c.paid) // for a repetition that is never made
		return errEnded
	}
	c.attempts++
	c.afterUnknown = c.effect == caperrors.Unknown
	c.attemptStarts()
	if c.sending != nil {
		c.sending.drop()
	}
	s := c.rig.hooks(c)
	c.sending = s
	if c.passage != nil {
		c.passage.sending = s
	}
	header := r.Header
	if c.late != nil {
		header = c.late
	}
	s.begin(resends(c.req, header))
	if c.first != nil && c.attempts == 1 {
		s.startLasting(c.ctx, c.first, &s.trace, c.started, c.t.timeout)
	} else {
		s.start(c.last.ctx, &s.trace, c.last.started, c.t.timeout)
	}
	return nil
}

// authorize waits for the attempt's turn and gives it a header of its own.
func (c *call) authorize(r *http.Request) error {
	if c.ctx.Err() != nil {
		return c.endByContext()
	}
	if err := c.waitForTurn(c.ctx); err != nil {
		return err
	}
	if c.t.wrapped != nil && !c.req.Private {
		c.passage = &passage{origin: r.URL, host: r.Host, credentials: make(http.Header)}
	}
	c.late = nil
	if c.takesWhole() {
		r.Header = c.req.Whole
		if !c.followsRedirects() {
			// net/http's client copies the header for redirects, so it gets it when
			// there are none any more.
			r.Header, c.late = c.t.none, c.req.Whole
		}
		return nil
	}
	header := c.req.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if c.req.Authorize != nil {
		renew := c.renew
		c.renew = false
		if err := c.req.Authorize(c.ctx, c.credentials(header), renew); err != nil {
			stop := caperrors.ErrRefreshFailed
			if c.attempts == 0 {
				stop = 0
			}
			return c.endBy(err, "authorize", stop)
		}
	}
	if c.ctx.Err() != nil {
		return c.endByContext()
	}
	if !c.req.Repeatable {
		disarm(header)
	}
	r.Header = header
	if c.passage != nil {
		if err := checkHeader(c.passage.credentials); err != nil {
			return err
		}
	}
	return checkHeader(header)
}

// takesWhole reports whether the attempt's header can be the one that was made
// beforehand. A cookie jar would write into it, and a CheckRedirect or a Proxy
// might.
func (c *call) takesWhole() bool {
	return c.req.Whole != nil && c.direct && c.t.alone && !c.renew && c.ctx.Err() == nil
}

// waitForTurn waits for the pace. The turn of a repetition must come within the
// policy's time for one call.
func (c *call) waitForTurn(ctx context.Context) error {
	if c.req.Pace == nil || c.attempts == 0 && c.req.OnlyUnsent {
		return nil
	}
	own := false
	if limit := c.t.policy.MaxElapsed; limit > 0 && c.attempts > 0 {
		end := c.started.Add(limit)
		callers, bounded := ctx.Deadline()
		own = !bounded || end.Before(callers)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	err := c.req.Pace(ctx)
	switch {
	case err == nil:
		return nil
	case own && c.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded): // which must not pass for the caller's
		c.end(caperrors.ErrRetryTimeExceeded, c.err)
		return errEnded
	default:
		return c.endBy(err, "wait for a turn", 0)
	}
}

// credentials returns the header that the attempt's credentials go into: its
// own, or one that the middleware does not see.
func (c *call) credentials(header http.Header) http.Header {
	if c.passage == nil {
		return header
	}
	return c.passage.credentials
}

// endBy ends the call by an error of one of the request's functions. What the
// last attempt said is kept beside it.
func (c *call) endBy(err error, doing string, stop caperrors.Stop) error {
	if c.ctx.Err() != nil {
		return c.endByContext()
	}
	var named caperrors.Stop
	if stop == 0 && errors.As(err, &named) {
		stop = named
	}
	err = c.req.plainCause(err)
	if c.err != nil {
		err = fmt.Errorf("%w (%w)", c.err, fmt.Errorf("%s: %w", doing, err)) // two errors, the answer first: CallError looks for them
	}
	c.end(stop, err)
	return errEnded
}
