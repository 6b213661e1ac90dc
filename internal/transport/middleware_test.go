package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// layer makes a middleware of what it does with a request.
func layer(do func(r *http.Request, next http.RoundTripper) (*http.Response, error)) transport.Middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) { return do(r, next) })
	}
}

func through(m *memory, layers ...transport.Middleware) *transport.Transport {
	return transport.New(transport.Config{HTTPClient: m.client, Middleware: layers})
}

// authorized is a request with credentials.
func authorized(req *transport.Request) *transport.Request {
	req.Header = http.Header{"X-Own": {"own"}}
	req.Authorize = func(_ context.Context, header http.Header, _ bool) error {
		header.Set("Authorization", "Basic hunter2")
		return nil
	}
	return req
}

func TestMiddlewareSeesEveryAttemptButNoCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy, busy, ok)
		var seen []string
		named := func(name string) transport.Middleware {
			return layer(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				seen = append(seen, name)
				assert.NotContains(t, fmt.Sprint(r.Header), "hunter2")
				assert.Equal(t, "own", r.Header.Get("X-Own"))
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				r = r.Clone(r.Context())
				r.Body = io.NopCloser(bytes.NewReader(body))
				r.Header.Add("X-Layer", name)
				return next.RoundTrip(r)
			})
		}
		empty := func(http.RoundTripper) http.RoundTripper { return nil }
		result, err := through(m, named("outer"), empty, named("inner")).Do(t.Context(), authorized(write()))
		require.NoError(t, err)
		assert.Equal(t, 3, result.Attempts)
		assert.Equal(t, []string{"outer", "inner", "outer", "inner", "outer", "inner"}, seen)
		require.Equal(t, 3, got.count())
		for _, sent := range got.all() {
			assert.Equal(t, "Basic hunter2", sent.header.Get("Authorization"))
			assert.Equal(t, []string{"outer", "inner"}, sent.header.Values("X-Layer"))
			assert.Equal(t, "body", sent.body)
		}
		assert.Equal(t, 1, m.dialed())
	})
}

func TestAPrivateCallDoesNotPassTheMiddleware(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		req := authorized(write())
		req.Private = true
		_, err := through(m, layer(func(*http.Request, http.RoundTripper) (*http.Response, error) {
			return nil, errors.New("seen")
		})).Do(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, "Basic hunter2", got.all()[0].header.Get("Authorization"))
	})
}

func TestMiddlewareThatSendsNothing(t *testing.T) {
	t.Parallel()
	signing := errors.New("no key to sign with at https://kms/?token=hunter2")
	for name, base := range map[string]func(m *memory) http.RoundTripper{
		"above a pool": func(m *memory) http.RoundTripper { return m.client.Transport },
		"above what tells nothing": func(*memory) http.RoundTripper {
			return roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok)
				m.client.Transport = base(m)
				calls := 0
				tr := through(m, layer(func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
					calls++
					_ = r.Body.Close()
					return nil, signing
				}))
				_, err := tr.Do(t.Context(), repeatableWrite())
				ce := callError(t, err)
				assert.Equal(t, caperrors.NotSent, ce.Outcome)
				assert.Equal(t, 1, calls, "the same would come again")
				assert.Zero(t, got.count())
				assert.NotContains(t, err.Error(), "hunter2")
			})
		})
	}
}

func TestMiddlewareAnswersByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		body := "ok"
		tr := transport.New(transport.Config{HTTPClient: m.client, MaxBody: 1000, Middleware: []transport.Middleware{
			layer(func(r *http.Request, _ http.RoundTripper) (*http.Response, error) { return reply(r, 200, body), nil }),
		}})
		_, err := tr.Do(t.Context(), read())
		require.NoError(t, err)
		body = strings.Repeat("x", 1001)
		_, err = tr.Do(t.Context(), read())
		var de *caperrors.DecodeError
		require.ErrorAs(t, err, &de, "the bound on bodies holds")
		assert.Contains(t, de.Reason, "1000 bytes")
		assert.Zero(t, got.count())
	})
}

// What a middleware does wrong costs the attempt, but is never a send that
// nobody knows of, nor one with credentials to another host.
func TestMiddlewareThatBreaksItsContract(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do        func(r *http.Request, next http.RoundTripper) (*http.Response, error)
		delivered int
		outcome   caperrors.Outcome
	}{
		"it sends an attempt twice": {func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(strings.NewReader("body"))
			return next.RoundTrip(r)
		}, 1, caperrors.Unknown},
		"it changes the host": {func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Host = "other.test"
			return next.RoundTrip(r)
		}, 0, caperrors.NotSent},
		"it changes the scheme": {func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Scheme = "ftp"
			return next.RoundTrip(r)
		}, 0, caperrors.NotSent},
		"it changes the Host header": {func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Host = "other.test"
			return next.RoundTrip(r)
		}, 0, caperrors.NotSent},
		"it drops the context": {func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			return next.RoundTrip(r.WithContext(context.Background()))
		}, 0, caperrors.NotSent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok)
				_, err := through(m, layer(tt.do)).Do(t.Context(), authorized(write()))
				ce := callError(t, err)
				assert.Equal(t, tt.outcome, ce.Outcome)
				assert.Equal(t, tt.delivered, got.count())
				assert.Contains(t, err.Error(), "the middleware")
			})
		})
	}
}

func TestOutcomesAreKnownThroughMiddleware(t *testing.T) {
	t.Parallel()
	same := layer(func(r *http.Request, next http.RoundTripper) (*http.Response, error) { return next.RoundTrip(r) })
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		m.dialErrs = []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED}
		result, err := through(m, same).Do(t.Context(), write())
		require.NoError(t, err, "what was not sent is sent again")
		assert.Equal(t, 3, result.Attempts)
		assert.Equal(t, 1, got.count())
	})
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, cut)
		_, err := through(m, same).Do(t.Context(), write())
		ce := callError(t, err)
		assert.Equal(t, caperrors.Unknown, ce.Outcome)
		assert.Equal(t, 1, got.count())
	})
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, silent)
		tr := transport.New(transport.Config{HTTPClient: m.client, Timeout: 100 * ms, Middleware: []transport.Middleware{same}})
		_, err := tr.Do(t.Context(), write())
		ce := callError(t, err)
		assert.Equal(t, caperrors.Unknown, ce.Outcome)
		assert.True(t, ce.Timeout())
		assert.Equal(t, 1, got.count())
	})
}

func TestRedirectsThroughMiddleware(t *testing.T) {
	t.Parallel()
	same := layer(func(r *http.Request, next http.RoundTripper) (*http.Response, error) { return next.RoundTrip(r) })
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(302, "", "Location", "/v2/other"), ok)
		_, err := through(m, same).Do(t.Context(), authorized(read()))
		require.NoError(t, err)
		require.Equal(t, 2, got.count())
		assert.Equal(t, "Basic hunter2", got.all()[1].header.Get("Authorization"))
	})
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(302, "", "Location", "http://other.test/"), ok)
		_, err := through(m, same).Do(t.Context(), authorized(read()))
		require.Error(t, err)
		assert.Equal(t, 1, got.count())
		assert.Equal(t, 1, m.dialed())
	})
}

// A key that a middleware adds would make net/http send a POST again by itself
// when the idle connection turns out to be closed.
func TestAKeyOfTheMiddlewareMakesNothingRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok, cut, ok)
		keyed := layer(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Idempotency-Key", "k-1")
			return next.RoundTrip(r)
		})
		tr := through(m, keyed)
		_, err := tr.Do(t.Context(), read())
		require.NoError(t, err)
		_, err = tr.Do(t.Context(), write())
		assert.Equal(t, caperrors.Unknown, callError(t, err).Outcome)
		require.Equal(t, 2, got.count())
		assert.Equal(t, "k-1", got.all()[1].header.Get("Idempotency-Key"))
	})
}

func TestMiddlewareFromManyGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		var seen atomic.Int64
		tr := through(m, layer(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			seen.Add(1)
			return next.RoundTrip(r)
		}))
		done := make(chan error)
		for range 20 {
			go func() {
				_, err := tr.Do(t.Context(), authorized(write()))
				done <- err
			}()
		}
		for range 20 {
			require.NoError(t, <-done)
		}
		assert.Equal(t, int64(20), seen.Load())
		assert.Equal(t, 20, got.count())
	})
}
