package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/hashicorp/go-retryablehttp"

	caperrors "github.com/capillary-go/capillary/errors"
)

// build makes the request that the loop sends. Its header is set for each
// attempt.
func (c *call) build() error {
	req := c.req
	ctx := c.ctx
	if c.direct {
		// The attempt's context goes in at once, to be filled in when it begins:
		// to put it in later is to copy the request.
		c.first = new(attemptContext)
		ctx = c.first
	}
	inner, err := req.open(ctx)
	if err != nil {
		return err
	}
	if inner.URL.Host == "" || inner.URL.Scheme != "http" && inner.URL.Scheme != "https" {
		return &caperrors.ArgumentError{Field: "URL", Index: -1, Reason: "must be absolute, http or https"}
	}
	c.request = &c.rig.bare
	c.request.Request = inner
	if len(req.Body) > 0 { // an empty one would be sent in chunks
		if err = c.attach(inner); err != nil {
			return &caperrors.ArgumentError{Field: "Body", Index: -1, Reason: "cannot be read", Err: err}
		}
	}
	if !req.Repeatable && isSafeMethod(req.Method) {
		// net/http sends a GET again by itself when a connection of the pool
		// turns out to be closed. It does not with a body that cannot be rewound.
		inner.GetBody = nil
		if len(req.Body) == 0 {
			inner.Body = noBytes{}
		}
	}
	return nil
}

// open returns net/http's form of the request, without header and body.
func (req *Request) open(ctx context.Context) (*http.Request, error) {
	if req.Address != nil {
		r := http.Request{
			Method: req.Method, URL: req.Address, Host: req.Address.Host, Body: http.NoBody,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
		return r.WithContext(ctx), nil
	}
	r, err := http.NewRequestWithContext(ctx, req.Method, req.URL, http.NoBody)
	var bad *url.Error
	switch {
	case err == nil:
		return r, nil
	case errors.As(err, &bad): // its text is the URL
		return nil, &caperrors.ArgumentError{Field: "URL", Index: -1, Reason: "is not a URL"}
	default:
		return nil, &caperrors.ArgumentError{Field: "Method", Index: -1, Reason: "is not an HTTP method"}
	}
}

// attach gives the request its body. What go-retryablehttp makes of openBody is
// kept with the rig.
func (c *call) attach(inner *http.Request) error {
	r := c.rig
	c.request = &r.bodied
	c.request.Request = inner
	if r.getBody != nil {
		c.opened = 1
		inner.GetBody, inner.ContentLength = r.getBody, int64(len(c.req.Body))
		return nil
	}
	r.body = io.NopCloser(&r.reader) // net/http knows this one to be memory
	err := c.request.SetBody(retryablehttp.ReaderFunc(c.openBody))
	inner.ContentLength = int64(len(c.req.Body))
	r.getBody = inner.GetBody
	return err
}

// openBody returns a reader over the body. go-retryablehttp asks once for its
// length, which it cannot tell of this one, and then before each attempt,
// net/http to rewind it. The first attempt reads the rig's: most calls have no
// other.
func (c *call) openBody() (io.Reader, error) {
	c.opened++
	if c.opened > 2 {
		return bytes.NewReader(c.req.Body), nil
	}
	c.rig.reader.Reset(c.req.Body)
	return c.rig.body, nil
}

// noBytes is an empty body that net/http does not know to be one.
type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, io.EOF }

func (noBytes) Close() error { return nil }

func isSafeMethod(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	default:
		return false
	}
}

// idempotencyKeys are the headers that make net/http send a POST again by
// itself, by their canonical and their wire names.
var idempotencyKeys = [...][2]string{
	{"Idempotency-Key", "idempotency-key"},
	{"X-Idempotency-Key", "x-idempotency-key"},
}

// disarm keeps net/http from sending a write twice. It looks for the keys under
// their canonical names; the wire doesn't care.
func disarm(header http.Header) {
	for _, key := range idempotencyKeys {
		if values, ok := header[key[0]]; ok {
			delete(header, key[0])
			header[key[1]] = values
		}
	}
}

// resends reports whether net/http may send the request again by itself after
// it was written.
func resends(req *Request, header http.Header) bool {
	if !req.Repeatable {
		return false
	}
	for _, key := range idempotencyKeys {
		if _, ok := header[key[0]]; ok {
			return true
		}
	}
	return isSafeMethod(req.Method)
}
