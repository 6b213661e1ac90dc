package transport

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// More calls at once than this close the rest of their connections after use;
	// the default of net/http is 2. The service allows up to 1,500 calls a minute:
	// at 2 s a call that is 50 at once, at 10 s 250.
	idlePerHost = 256

	// Shorter than the 60 to 75 s after which common load balancers close an
	// idle connection: a write that meets the close has an unknown outcome.
	idleTimeout = 45 * time.Second

	maxRedirects = 5

	// A body that fits leaves in one write, and is not copied by way of another
	// buffer, which net/http makes for each body that is longer than this: a call
	// of 40 KB takes a quarter less processor time than with 16 or 32 KiB, a call
	// of 1 KB as much as with 4, the default. It is held for each connection:
	// 16 MiB for a full pool, until idleTimeout.
	writeBuffer = 64 << 10
)

var errProxyAddress = errors.New("the proxy address in the environment is not valid")

// NewPool returns the connection pool of a client that was given none: a copy of
// the default transport with limits of its own. If the program has put something
// else in its place, that is used as it is, and there is no pool.
func NewPool() (http.RoundTripper, *http.Transport) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport, nil
	}
	pool := standard.Clone()
	pool.MaxIdleConnsPerHost = idlePerHost
	pool.MaxIdleConns = max(pool.MaxIdleConns, idlePerHost)
	pool.IdleConnTimeout = idleTimeout
	pool.WriteBufferSize = writeBuffer
	if pool.TLSClientConfig == nil {
		pool.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	pool.TLSClientConfig.MinVersion = max(pool.TLSClientConfig.MinVersion, tls.VersionTLS12)
	if pool.Proxy != nil {
		pool.Proxy = quietProxy(pool.Proxy)
	}
	return pool, pool
}

// quietProxy replaces an error that quotes the proxy's address, password
// included.
func quietProxy(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		address, err := proxy(r)
		if err != nil {
			return nil, errProxyAddress
		}
		return address, nil
	}
}

// roundTrip sends one attempt, or one redirect of it, under the attempt's own
// context.
func (c *call) roundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.send(r)
	if resp != nil {
		c.sending.mark(stepAnswered)
	}
	return resp, err
}

func (c *call) send(r *http.Request) (*http.Response, error) {
	if c.passage != nil {
		return c.pass(r)
	}
	c.sending.mark(stepTripped)
	if c.first == nil {
		r = r.WithContext(c.sending.ctx)
	}
	if c.late != nil {
		r.Header = c.late // the request is the call's own
	}
	return c.t.base.RoundTrip(r)
}

// followNone makes every redirect an answer. A write would be turned into a GET
// or be sent twice.
func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// checkRedirect decides about one redirect.
func (c *call) checkRedirect(next *http.Request, via []*http.Request) error {
	if !c.followsRedirects() {
		return followNone(next, via)
	}
	return c.follow(next, via)
}

// follow lets a read follow a redirect within the same origin. Headers
// of the caller's own, such as a key, would go along to any host.
func (c *call) follow(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !sameOrigin(via[0].URL, next.URL) {
		return http.ErrUseLastResponse
	}
	if c.t.redirect != nil && c.t.redirect(next, via) != nil {
		return http.ErrUseLastResponse
	}
	return nil
}

func (c *call) followsRedirects() bool {
	switch c.req.Method {
	case http.MethodGet, http.MethodHead, "":
		return c.req.Repeatable
	default:
		return false
	}
}

func sameOrigin(from, to *url.URL) bool {
	return to.User == nil && from.Scheme == to.Scheme &&
		strings.EqualFold(from.Hostname(), to.Hostname()) && port(from) == port(to)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}
