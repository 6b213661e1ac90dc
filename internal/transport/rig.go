package transport

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	caperrors "github.com/capillary-go/capillary/errors"
)

// rig is what a call borrows: its own memory, the clients of go-retryablehttp and
// net/http, with callbacks into the call, and the hooks and the context of its
// first attempt. Making one costs as many allocations as all else that a call
// needs, so it is used again, by one call after another.
//
// It is the round tripper that go-retryablehttp's client gets, and has no method
// CloseIdleConnections: that would be called after each failure and drop the
// pool that all calls share.
type rig struct {
	call  call
	http  http.Client
	loop  retryablehttp.Client
	first sending

	// What the loop takes, without a body and with one. How the body is opened
	// is the same for each call.
	reader       bytes.Reader
	body         io.ReadCloser // over reader
	bare, bodied retryablehttp.Request
	getBody      func() (io.ReadCloser, error) // of bodied; nil before its first use
}

func newRig(t *Transport) *rig {
	r := new(rig)
	r.first.bind()
	r.http.Transport, r.http.CheckRedirect, r.http.Jar = r, r.checkRedirect, t.jar
	r.loop.HTTPClient = &r.http
	r.loop.RetryMax = math.MaxInt // checkRetry counts
	r.loop.CheckRetry = r.checkRetry
	r.loop.Backoff = r.backoff
	r.loop.PrepareRetry = r.prepare
	r.loop.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return r
}

// borrow returns a call in a rig.
func (t *Transport) borrow(ctx context.Context, req *Request) *call {
	r, ok := t.rigs.Get().(*rig)
	if !ok {
		r = newRig(t)
	}
	c := &r.call
	c.rig, c.t, c.req, c.ctx, c.effect = r, t, req, ctx, caperrors.NotSent
	// Whoever else looks at an attempt gets a context of the usual kind.
	c.direct = t.traced && (t.wrapped == nil || req.Private) && req.Observer == nil &&
		httptrace.ContextClientTrace(ctx) == nil
	return c
}

// giveBack ends the use of the rig and reports whether the request's use is over
// for certain, too. A rig whose hooks may still run is left to them: whoever
// stands between the call and net/http may send, or read, for longer. The call
// must not be used after it.
func (c *call) giveBack() bool {
	if c.sending == nil { // nothing was tried
		return false
	}
	if c.attempts != 1 || !c.t.traced || c.passage != nil || !c.sending.quiet() {
		c.sending.drop()
		return false
	}
	r, t, own := c.rig, c.t, c.sending == &c.rig.first
	*c = call{}
	r.bare.Request, r.bodied.Request = nil, nil
	r.reader.Reset(nil)
	if own {
		r.first.forget()
	}
	t.rigs.Put(r)
	return true
}

// hooks returns what follows the attempt that begins. The caller's own hooks, if
// any, are joined to it for good, so it is then not the rig's.
func (r *rig) hooks(c *call) *sending {
	if c.attempts > 1 || httptrace.ContextClientTrace(c.last.ctx) != nil {
		s := new(sending)
		s.bind()
		return s
	}
	return &r.first
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
