package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// Connections are used again after every kind of failure whose body ends, and
// large error bodies don't cost one each.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 100<<10)
	for name, first := range map[string]http.HandlerFunc{
		"a large page that is repeated": answer(503, large),
		"a large page that is final":    answer(404, large),
		"a large page of unknown end":   answer(502, large),
		"a large redirect":              answer(302, large, "Location", "http://other.test/"),
		"a refusal":                     answer(200, "400"),
		"attempts used up":              answer(200, "461"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, first)
				tr := transport.New(transport.Config{HTTPClient: m.client})
				for range 10 {
					_, err := tr.Do(t.Context(), repeatableWrite())
					require.Error(t, err)
				}
				assert.GreaterOrEqual(t, got.count(), 10)
				assert.Equal(t, 1, m.dialed())
			})
		})
	}
}

// Failures of some calls don't close the idle connections that others use.
func TestFailuresLeaveThePoolAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := func(w http.ResponseWriter, r *http.Request) {
			switch r.Header.Get("X-Do") {
			case "hold":
				<-time.After(time.Second)
				ok(w, r)
			case "wait":
				busy(w, r)
			case "cut":
				cut(w, r)
			default:
				answer(200, "400")(w, r)
			}
		}
		m, _ := serve(t, fail)
		tr := transport.New(transport.Config{HTTPClient: m.client})
		do := func(ctx context.Context, what string) error {
			req := write()
			req.Header = http.Header{"X-Do": {what}}
			_, err := tr.Do(ctx, req)
			return err
		}
		warm := make(chan error, 8)
		for range 8 {
			go func() { warm <- do(t.Context(), "hold") }()
		}
		for range 8 {
			require.NoError(t, <-warm)
		}
		require.Equal(t, 8, m.dialed())
		for range 10 {
			require.Error(t, do(t.Context(), "refused"))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			time.AfterFunc(100*ms, cancel)
			require.Error(t, do(ctx, "wait"), "the context ends the wait")
			cancel()
		}
		require.Error(t, do(t.Context(), "cut"), "closes one connection, its own")
		for range 8 {
			go func() { warm <- do(t.Context(), "hold") }()
		}
		for range 8 {
			require.NoError(t, <-warm)
		}
		assert.Equal(t, 9, m.dialed(), "one for the connection that was cut")
	})
}

// A server that closes an idle connection just as a request goes out: net/http
// sends a GET again by itself. A write is never sent twice, whatever its method
// and its headers.
func TestNothingIsResentBehindOurBack(t *testing.T) {
	t.Parallel()
	request := func(method, key string, repeatable bool, body string) *transport.Request {
		req := write()
		req.Method, req.Repeatable, req.Body = method, repeatable, []byte(body)
		if key != "" {
			req.Header = http.Header{key: {"k-1"}}
		}
		return req
	}
	for name, req := range map[string]*transport.Request{
		"POST":                       request(http.MethodPost, "", false, "body"),
		"POST without a body":        request(http.MethodPost, "", false, ""),
		"POST with a key":            request(http.MethodPost, "Idempotency-Key", false, "body"),
		"POST with an X- key":        request(http.MethodPost, "X-Idempotency-Key", false, "body"),
		"PUT":                        request(http.MethodPut, "", false, "body"),
		"DELETE":                     request(http.MethodDelete, "", false, ""),
		"GET that does something":    request(http.MethodGet, "", false, ""),
		"GET with a body, that does": request(http.MethodGet, "", false, "body"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok, cut, ok)
				tr := transport.New(transport.Config{HTTPClient: m.client})
				_, err := tr.Do(t.Context(), read()) // leaves an idle connection
				require.NoError(t, err)
				_, err = tr.Do(t.Context(), req)
				ce := callError(t, err)
				assert.Equal(t, caperrors.Unknown, ce.Outcome)
				assert.Equal(t, 1, ce.Attempts)
				require.Equal(t, 2, got.count())
				sent := got.all()[1]
				assert.Equal(t, string(req.Body), sent.body)
				assert.Equal(t, int64(len(req.Body)), sent.length)
				for key := range req.Header {
					assert.Equal(t, "k-1", sent.header.Get(key), "the server still gets the key")
				}
			})
		})
	}
}

// A connection that the server closes after its answer costs no attempt.
func TestClosedConnectionCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, closing("ok"), ok)
		tr := transport.New(transport.Config{HTTPClient: m.client})
		for range 2 {
			result, err := tr.Do(t.Context(), write())
			require.NoError(t, err)
			assert.Equal(t, 1, result.Attempts)
		}
		assert.Equal(t, 2, got.count())
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	const here = "http://api.test/v2/other"
	tests := map[string]struct {
		request  *transport.Request
		status   int
		location string
		client   func(*http.Request, []*http.Request) error
		followed bool
		outcome  caperrors.Outcome
	}{
		"a read follows a 302 within the origin":      {read(), 302, here, nil, true, 0},
		"a read follows a relative one":               {read(), 301, "/v2/other", nil, true, 0},
		"a read follows a 308":                        {read(), 308, here, nil, true, 0},
		"the port of the scheme is no other port":     {read(), 307, "http://API.test:80/v2/other", nil, true, 0},
		"another host":                                {read(), 302, "http://other.test/v2/other", nil, false, caperrors.Unknown},
		"another host that looks alike":               {read(), 302, "http://api.test.evil.test/", nil, false, caperrors.Unknown},
		"another port":                                {read(), 302, "http://api.test:8080/v2/other", nil, false, caperrors.Unknown},
		"another scheme":                              {read(), 302, "https://api.test/v2/other", nil, false, caperrors.Unknown},
		"credentials in the location":                 {read(), 302, "http://a:b@api.test/v2/other", nil, false, caperrors.Unknown},
		"a scheme that is no HTTP":                    {read(), 302, "file:///etc/passwd", nil, false, caperrors.Unknown},
		"the caller's client says no":                 {read(), 302, here, func(*http.Request, []*http.Request) error { return errTokens }, false, caperrors.Unknown},
		"a write's 301 may have been done":            {write(), 301, here, nil, false, caperrors.Unknown},
		"a write's 302 may have been done":            {write(), 302, here, nil, false, caperrors.Unknown},
		"a write's 303 may have been done":            {write(), 303, here, nil, false, caperrors.Unknown},
		"a write's 307 was not done":                  {write(), 307, here, nil, false, caperrors.Refused},
		"a write's 308 was not done":                  {write(), 308, here, nil, false, caperrors.Refused},
		"a repeatable write follows none":             {repeatableWrite(), 307, here, nil, false, caperrors.Refused},
		"nor turns into a GET":                        {repeatableWrite(), 302, here, nil, false, caperrors.Unknown},
		"a write to another host keeps its key":       {write(), 307, "http://other.test/", nil, false, caperrors.Refused},
		"a GET that does something follows none":      {getThatWrites(), 302, here, nil, false, caperrors.Unknown},
		"a redirect of an engine's read, to anywhere": {unsentOnly(read()), 302, "http://other.test/", nil, false, caperrors.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, answer(test.status, page, "Location", test.location, "X-Cap-RequestID", "r-1"), ok)
				m.client.CheckRedirect = test.client
				req := *test.request
				req.Header = http.Header{"X-Key": {"secret"}}
				result, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), &req)
				if test.followed {
					require.NoError(t, err)
					assert.Equal(t, 1, result.Attempts)
					require.Equal(t, 2, got.count())
					assert.Equal(t, "/v2/other", got.all()[1].uri)
					return
				}
				ce := callError(t, err)
				assert.Equal(t, 1, got.count())
				assert.Equal(t, 1, m.dialed())
				assert.Equal(t, test.outcome, ce.Outcome)
				assert.Zero(t, ce.Stop)
				var de *caperrors.DecodeError
				require.ErrorAs(t, err, &de)
				assert.Equal(t, test.status, de.HTTPStatus)
				assert.Equal(t, caperrors.ErrUnsupported, de.Kind)
				assert.Equal(t, "r-1", ce.RequestID)
				assert.Equal(t, test.location, result.Answer.Header.Get("Location"))
			})
		})
	}
}

func getThatWrites() *transport.Request {
	req := read()
	req.Repeatable = false
	return req
}

func TestRedirectsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(302, page, "Location", "/again"))
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), read())
		require.ErrorIs(t, err, caperrors.ErrUnsupported)
		assert.Equal(t, 6, got.count(), "the request and five redirects")
	})
}

func TestPoolOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]transport.Config{
		"no client":                  {},
		"a client without transport": {HTTPClient: &http.Client{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := transport.New(cfg)
			pool := transport.Pool(tr)
			require.NotNil(t, pool)
			assert.NotSame(t, http.DefaultTransport, pool)
			assert.Equal(t, 256, pool.MaxIdleConnsPerHost)
			assert.Equal(t, 256, pool.MaxIdleConns)
			assert.Zero(t, pool.MaxConnsPerHost, "no call waits for a connection")
			assert.Equal(t, 45*time.Second, pool.IdleConnTimeout)
			assert.Equal(t, uint16(tls.VersionTLS12), pool.TLSClientConfig.MinVersion)
			assert.False(t, pool.TLSClientConfig.InsecureSkipVerify)
			assert.NotNil(t, pool.Proxy)
			assert.True(t, pool.ForceAttemptHTTP2)
			assert.Equal(t, 30*time.Second, transport.Timeout(tr))
			tr.CloseIdleConnections()
		})
	}
	t.Run("the caller's transport stays the caller's", func(t *testing.T) {
		t.Parallel()
		closer := &countingCloser{}
		tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: closer}})
		assert.Nil(t, transport.Pool(tr))
		tr.CloseIdleConnections()
		_, err := tr.Do(t.Context(), write())
		require.Error(t, err)
		assert.Zero(t, closer.closed.Load())
	})
}

type countingCloser struct{ closed atomic.Int32 }

func (c *countingCloser) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("broken")
}
func (c *countingCloser) CloseIdleConnections() { c.closed.Add(1) }

// A round tripper that doesn't report its connections proves only by a failed
// dial that nothing was sent.
func TestNotSentNeedsProof(t *testing.T) {
	t.Parallel()
	reporting := func(r *http.Request, connected bool) {
		trace := httptrace.ContextClientTrace(r.Context())
		trace.GetConn("api.test:80")
		if connected {
			trace.GotConn(httptrace.GotConnInfo{})
		}
	}
	broken := errors.New("broken")
	tests := map[string]struct {
		fail    func(*http.Request) error
		notSent bool
		phase   caperrors.Phase
	}{
		"it reports nothing":             {func(*http.Request) error { return broken }, false, caperrors.PhaseConnect},
		"it reports no connection":       {func(r *http.Request) error { reporting(r, false); return broken }, true, caperrors.PhaseConnect},
		"it reports a connection":        {func(r *http.Request) error { reporting(r, true); return broken }, false, caperrors.PhaseWrite},
		"it failed to dial":              {func(*http.Request) error { return errRefused }, true, caperrors.PhaseConnect},
		"it failed to dial a second one": {func(r *http.Request) error { reporting(r, true); return errRefused }, false, caperrors.PhaseWrite},
		"a stale connection, then none": {func(r *http.Request) error {
			reporting(r, true)
			reporting(r, false)
			return errRefused
		}, true, caperrors.PhaseConnect},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sends := 0
				tr := transport.New(transport.Config{HTTPClient: &http.Client{
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						sends++
						return nil, test.fail(r)
					}),
				}})
				_, err := tr.Do(t.Context(), unsentOnly(write()))
				ce := callError(t, err)
				var te *caperrors.TransportError
				require.ErrorAs(t, err, &te)
				assert.Equal(t, test.notSent, te.NotSent)
				assert.Equal(t, test.phase, te.Phase)
				if test.notSent {
					assert.Equal(t, 4, sends)
					assert.Equal(t, caperrors.NotSent, ce.Outcome)
					assert.Equal(t, caperrors.ErrAttemptsExhausted, ce.Stop)
					assert.True(t, ce.Retryable())
				} else {
					assert.Equal(t, 1, sends)
					assert.Equal(t, caperrors.Unknown, ce.Outcome)
					assert.Equal(t, caperrors.ErrNotRepeatable, ce.Stop)
				}
			})
		})
	}
}

// HTTP/2, where one connection carries all and a stream is cut, not the
// connection.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first    http.HandlerFunc
		received int
		outcome  caperrors.Outcome
		success  bool
		late     bool
	}{
		"an answer":           {ok, 1, 0, true, false},
		"a transient one":     {answer(503, strings.Repeat("x", 100<<10)), 2, 0, true, false},
		"the stream is cut":   {cut, 1, caperrors.Unknown, false, false},
		"no answer, in time":  {silent, 1, caperrors.Unknown, false, true},
		"half of one, and no": {stall(200), 1, caperrors.Unknown, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := &received{}
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					w.WriteHeader(http.StatusHTTPVersionNotSupported)
					return
				}
				if got.add(r) == 0 {
					test.first(w, r)
				} else {
					ok(w, r)
				}
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			cfg := transport.Config{HTTPClient: server.Client(), Policy: retry.Policy{OverloadDelay: ms}}
			if test.late {
				cfg.Timeout = 300 * ms // in real time: HTTP/2 needs a listener
			}
			tr := transport.New(cfg)
			req := write()
			req.URL = server.URL
			req.Header = http.Header{"Idempotency-Key": {"k-1"}}
			_, err := tr.Do(t.Context(), req)
			assert.Equal(t, test.received, got.count())
			if test.success {
				require.NoError(t, err)
				return
			}
			ce := callError(t, err)
			assert.Equal(t, test.outcome, ce.Outcome)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			var te *caperrors.TransportError
			require.ErrorAs(t, err, &te)
			if te.TimedOut {
				assert.Equal(t, "no answer within 300ms", te.Err.Error())
			}
			assert.Equal(t, test.late, te.TimedOut)
		})
	}
}

// A certificate that is not trusted will not be trusted the next time.
func TestLastingFailuresAreNotRepeated(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(ok)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	dials := atomic.Int32{}
	tr := transport.New(transport.Config{})
	t.Cleanup(tr.CloseIdleConnections)
	pool := transport.Pool(tr)
	dial := pool.DialContext
	pool.DialContext = func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		dials.Add(1)
		return dial(ctx, network, address)
	}
	req := write()
	req.URL = server.URL
	_, err := tr.Do(t.Context(), req)
	ce := callError(t, err)
	var verification *tls.CertificateVerificationError
	require.ErrorAs(t, err, &verification)
	assert.Equal(t, caperrors.NotSent, ce.Outcome)
	assert.Zero(t, ce.Stop)
	assert.Equal(t, int32(1), dials.Load())
}

func TestUnknownNameIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			err   *net.DNSError
			dials int
		}{
			{&net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true}, 1},
			{&net.DNSError{Err: "server misbehaving", Name: "api.test", IsTemporary: true}, 4},
		} {
			m := listen(t)
			m.dialErrs = []error{test.err, test.err, test.err, test.err}
			_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), write())
			assert.Equal(t, caperrors.NotSent, callError(t, err).Outcome)
			assert.Equal(t, test.dials, m.dialed())
		}
	})
}
