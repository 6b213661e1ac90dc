package transport

import (
	"context"
	"math"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// rig is what a call borrows: the clients of go-retryablehttp and net/http, with
// callbacks into the call, and the hooks of its first attempt. Making one costs
// as many allocations as all else that a call needs, so it is used again, by one
// call after another.
//
// It is the round tripper that go-retryablehttp's client gets, and has no method
// CloseIdleConnections: that would be called after each failure and drop the
// pool that all calls share.
type rig struct {
	call  *call
	http  http.Client
	loop  retryablehttp.Client
	first *sending
}

func newRig(t *Transport) *rig {
	r := &rig{first: newSending()}
	r.http.Transport, r.http.CheckRedirect, r.http.Jar = r, r.checkRedirect, t.jar
	r.loop.HTTPClient = &r.http
	r.loop.RetryMax = math.MaxInt // checkRetry counts
	r.loop.CheckRetry = r.checkRetry
	r.loop.Backoff = r.backoff
	r.loop.PrepareRetry = r.prepare
	r.loop.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return r
}

// borrow returns a rig for a call.
func (t *Transport) borrow(c *call) *rig {
	r, ok := t.rigs.Get().(*rig)
	if !ok {
		r = newRig(t)
	}
	r.call = c
	return r
}

// giveBack ends the use of the rig, and of the request's body if that is over
// for certain. A rig whose hooks may still run is left to them: whoever stands
// between the call and net/http may send, or read, for longer.
func (c *call) giveBack() {
	r := c.rig
	c.rig = nil
	if c.attempts != 1 || !c.t.traced || c.passage != nil || !c.sending.quiet() {
		return
	}
	if c.req.Released != nil {
		c.req.Released()
	}
	r.call = nil
	r.first.ctx, r.first.cancel = nil, nil
	c.t.rigs.Put(r)
}

// hooks returns what follows the attempt that begins. The caller's own hooks, if
// any, are joined to it for good, so it is then not the rig's.
func (r *rig) hooks(c *call) *sending {
	if c.attempts > 1 || httptrace.ContextClientTrace(c.last.ctx) != nil {
		return newSending()
	}
	return r.first
}

// RoundTrip is net/http's way into the call.
func (r *rig) RoundTrip(req *http.Request) (*http.Response, error) { return r.call.roundTrip(req) }

func (r *rig) checkRedirect(next *http.Request, via []*http.Request) error {
	return r.call.checkRedirect(next, via)
}

func (r *rig) checkRetry(_ context.Context, resp *http.Response, err error) (bool, error) {
	return r.call.checkRetry(resp, err), nil
}

func (r *rig) prepare(req *http.Request) error { return r.call.prepare(req) }

// backoff hands out the wait that checkRetry planned.
func (r *rig) backoff(time.Duration, time.Duration, int, *http.Response) time.Duration {
	return r.call.wait
}
