package transport

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
)

// Middleware wraps what sends an attempt.
type Middleware = func(next http.RoundTripper) http.RoundTripper

// wrap returns base behind the middleware, the first one outermost; nil if there
// is none.
func wrap(base http.RoundTripper, middleware []Middleware) http.RoundTripper {
	if len(middleware) == 0 {
		return nil
	}
	var rt http.RoundTripper = gate{base}
	for _, layer := range slices.Backward(middleware) {
		if outer := layer(rt); outer != nil {
			rt = outer
		}
	}
	return rt
}

// passage is what an attempt takes along through the middleware to the gate
// behind it.
type passage struct {
	sending     *sending
	origin      *url.URL
	host        string
	credentials http.Header // kept from the middleware
	open        atomic.Bool // once for each request of the attempt
}

type passageKey struct{}

// pass sends a request of the attempt through the middleware.
func (c *call) pass(r *http.Request) (*http.Response, error) {
	c.passage.open.Store(true)
	ctx := context.WithValue(c.sending.ctx, passageKey{}, c.passage)
	return c.t.wrapped.RoundTrip(r.WithContext(ctx))
}

// gate is what the middleware wraps. It adds what the middleware must not see,
// and keeps it from what would be a send that nobody knows of.
type gate struct{ base http.RoundTripper }

var (
	errPassedTwice = errors.New("the middleware sent an attempt more than once")
	errOtherHost   = errors.New("the middleware changed the host of a request")
	errNoPassage   = errors.New("the middleware dropped the context of a request")
)

func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	p, ok := r.Context().Value(passageKey{}).(*passage)
	var err error
	switch {
	case !ok:
		err = errNoPassage
	case !sameOrigin(p.origin, r.URL), r.Host != "" && r.Host != p.host:
		err = errOtherHost
	case !p.open.CompareAndSwap(true, false):
		err = errPassedTwice
	}
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	header := r.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if !isSafeMethod(r.Method) {
		disarm(header) // the middleware may have added a key
	}
	maps.Copy(header, p.credentials)
	r = r.WithContext(r.Context())
	r.Header = header
	p.sending.mark(stepTripped)
	return g.base.RoundTrip(r)
}
