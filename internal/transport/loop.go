package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	caperrors "github.com/capillary-go/capillary/errors"
)

// call is one call of Do. All of it runs in the caller's goroutine, apart from
// the hooks of an attempt. It lies in its rig.
type call struct {
	t   *Transport
	req *Request
	ctx context.Context

	rig     *rig
	request *retryablehttp.Request
	first   *attemptContext // the request has it already; nil unless direct
	direct  bool            // nobody stands between the call and net/http
	late    http.Header     // of the attempt, if the request gets it at last; else nil
	opened  int             // how often the body was
	sending *sending        // the attempt under way, or the last one
	passage *passage        // of that attempt; nil without middleware

	attempts int
	renewals int // attempts after renewed credentials: 0 or 1
	renew    bool
	began    time.Time // when Do was called; set for observers only
	started  time.Time // of the first attempt
	last     attempt
	wait     time.Duration // before the next attempt
	rest     time.Duration // after the last one, before Do returns
	paid     int           // tokens for the repetition planned or made last

	ended        bool // nothing more will be sent
	answer       *Answer
	err          error // what the last ended attempt says; nil if the call succeeded
	stop         caperrors.Stop
	effect       caperrors.Outcome
	afterUnknown bool
	contextErr   error
}

// errEnded breaks the loop of go-retryablehttp out of a callback. Nobody sees it.
var errEnded = errors.New("ended")

// Do sends a request until it is answered for good or there is a reason to
// stop. The result is filled in either case. A non-nil error is a
// *[caperrors.CallError] over the last answer's error:
//
//   - a *[caperrors.RequestError], *[caperrors.DecodeError] or whatever else
//     Judge returned;
//   - a *[caperrors.TransportError] if the last attempt had no answer;
//   - an error of Authorize or Pace, or a *[caperrors.ArgumentError] for a
//     request that HTTP does not allow. If it wraps a [caperrors.Stop], that is
//     the call's reason.
//
// Its Outcome is what is known of all attempts together: not sent if none left,
// unknown if any of them ended so, else refused. Do returns when ctx ends; an
// attempt under way is then cut and is unknown. The error keeps what the attempt
// before it said.
func (t *Transport) Do(ctx context.Context, req *Request) (Result, error) {
	c := t.borrow(ctx, req)
	if req.Observer != nil {
		c.began = time.Now()
	}
	c.run() //nolint:contextcheck // the first attempt has a view of ctx, filled in when it begins
	result, err := c.result()
	result.Released = c.giveBack()
	return result, err
}

// result tells what the call did. Nothing of it lies in the call.
func (c *call) result() (Result, error) {
	result := Result{Answer: c.answer, Attempts: c.attempts, AfterUnknown: c.afterUnknown}
	if !c.started.IsZero() {
		result.Elapsed = time.Since(c.started)
	}
	if c.err == nil && c.stop == 0 {
		return result, nil
	}
	failure := &caperrors.CallError{
		Op: c.req.Op, Attempts: result.Attempts, Elapsed: result.Elapsed, Stop: c.stop,
		Err: c.err, Outcome: c.effect, Context: c.contextErr,
	}
	if c.answer != nil {
		failure.RequestID = c.answer.RequestID
	}
	c.logGivenUp(failure)
	return result, failure
}

func (c *call) run() {
	if err := c.build(); err != nil {
		c.end(0, err)
		return
	}
	if c.prepare(c.request.Request) != nil {
		return
	}
	resp, err := c.rig.loop.Do(c.request)
	if err == nil {
		_ = resp.Body.Close() // empty by now
	}
	if !c.ended { // the context ended the wait
		c.t.budget.Refund(c.paid)
		_ = c.endByContext()
	}
}

// endByContext ends the call because its context has ended.
func (c *call) endByContext() error {
	err, cause := c.ctx.Err(), context.Cause(c.ctx)
	if !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	c.contextErr = err
	c.end(caperrors.ErrContextEnded, c.err)
	return errEnded
}

func (c *call) end(stop caperrors.Stop, err error) {
	c.ended, c.stop, c.err = true, stop, err
}
