package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
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

// lent is a request with a body of its own.
func lent(body string) *transport.Request {
	req := write()
	req.Body = []byte(body)
	req.Judge = accept
	return req
}

// send sends a request whose body is overwritten as soon as it is released.
func send(ctx context.Context, tr *transport.Transport, req *transport.Request) (transport.Result, error) {
	result, err := tr.Do(ctx, req)
	if result.Released {
		copy(req.Body, strings.Repeat("#", len(req.Body)))
	}
	return result, err
}

func accept(*transport.Answer) transport.Judgement { return transport.Judgement{} }

func TestBodyIsReleased(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"short": "short", "longer than a buffer": strings.Repeat("long ", 10_000), "longer than many": strings.Repeat("long ", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, got := serve(t, ok)
			tr := transport.New(transport.Config{HTTPClient: m.client})
			for range 3 { // over a new connection and over one of the pool
				result, err := send(t.Context(), tr, lent(body))
				require.NoError(t, err)
				if len(body) < 1000 { // a long one may be released or not: the goroutine that wrote it may be late
					assert.True(t, result.Released)
				}
				sent := got.all()
				assert.Equal(t, body, sent[len(sent)-1].body)
			}
		})
	}
}

// stuck is a connection on which a write takes until the gate opens, even if
// the connection was closed meanwhile.
type stuck struct {
	net.Conn

	began, gate chan struct{}
}

func (s *stuck) Write([]byte) (int, error) {
	s.began <- struct{}{}
	<-s.gate
	return 0, net.ErrClosed
}

// A server may answer before it has read the request. What is still being
// written is not used for anything else.
func TestBodyIsNotReleasedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	conn := &stuck{Conn: near, began: make(chan struct{}, 1), gate: make(chan struct{})}
	base := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: base}})
	req := lent(strings.Repeat("body", 100_000))
	go func() {
		<-conn.began
		_, _ = io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
	}()
	result, err := send(t.Context(), tr, req)
	require.NoError(t, err)
	assert.Equal(t, "early", string(result.Answer.Body))
	assert.False(t, result.Released)
	close(conn.gate)
	require.NoError(t, far.Close())
}

// A round tripper that is not net/http's may go on reading after its answer.
func TestBodyIsNotReleasedToARoundTripperOfOnesOwn(t *testing.T) {
	t.Parallel()
	var late io.ReadCloser
	tr := transport.New(transport.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		late = r.Body
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil { // even if it reports like net/http
			trace.GotConn(httptrace.GotConnInfo{})
			trace.WroteRequest(httptrace.WroteRequestInfo{})
		}
		return reply(r, http.StatusOK, "early"), nil
	})}})
	req := lent("the body")
	result, err := send(t.Context(), tr, req)
	require.NoError(t, err)
	assert.False(t, result.Released)
	read, err := io.ReadAll(late)
	require.NoError(t, err)
	assert.Equal(t, "the body", string(read))
}

func TestBodyIsNotReleasedAfterAFailure(t *testing.T) {
	t.Parallel()
	m := listen(t)
	m.dialErrs = []error{errors.New("no"), errors.New("no"), errors.New("no"), errors.New("no")}
	tr := transport.New(transport.Config{HTTPClient: m.client, Policy: retry.Policy{MaxAttempts: 1}})
	result, err := send(t.Context(), tr, lent("body"))
	require.Error(t, err)
	assert.False(t, result.Released)
}

// Each attempt sends the whole body, whatever the one before did with it.
func TestBodyOfEachAttemptIsWhole(t *testing.T) {
	t.Parallel()
	m, got := serve(t, ok)
	tr := transport.New(transport.Config{HTTPClient: m.client})
	req := lent("body")
	req.Authorize = func(context.Context, http.Header, bool) error { return nil }
	first := true
	req.Judge = func(*transport.Answer) transport.Judgement {
		if first {
			first = false
			return transport.Judgement{Err: &caperrors.RequestError{Kind: caperrors.ErrUnauthenticated}, Renew: true}
		}
		return transport.Judgement{}
	}
	_, err := send(t.Context(), tr, req)
	require.NoError(t, err)
	sent := got.all()
	require.Len(t, sent, 2)
	assert.Equal(t, "bodybody", sent[0].body+sent[1].body)
}

// What calls share must not mix them up: each has its own body, answer and
// hooks of the caller's.
func TestCallsOneAfterAnotherAndAtOnce(t *testing.T) {
	t.Parallel()
	m, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "echo "+r.Header.Get("X-Call")) })
	tr := transport.New(transport.Config{HTTPClient: m.client})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				name := strings.Repeat("x", g) + "-" + strings.Repeat("y", i)
				req := lent(name)
				req.Header = http.Header{"X-Call": {name}}
				var told atomic.Int32
				ctx := t.Context()
				if i%2 == 0 {
					ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { told.Add(1) }})
				}
				result, err := send(ctx, tr, req)
				if err != nil {
					t.Error(err)
					return
				}
				assert.Equal(t, "echo "+name, string(result.Answer.Body))
				assert.EqualValues(t, (i+1)%2, told.Load(), "hooks of a call run for that call")
			}
		})
	}
	wg.Wait()
}

// Dialers divide the time that is left among the addresses of a host.
func TestAttemptTellsItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct{ timeout, callers, want time.Duration }{
			"the attempt's":                  {timeout: 5 * time.Second, want: 5 * time.Second},
			"the caller's, if it is earlier": {timeout: 5 * time.Second, callers: time.Second, want: time.Second},
			"the attempt's, if it is":        {timeout: 5 * time.Second, callers: time.Minute, want: 5 * time.Second},
		} {
			start := time.Now()
			tr := transport.New(transport.Config{Timeout: tt.timeout, HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				deadline, bounded := r.Context().Deadline()
				assert.True(t, bounded, name)
				assert.Equal(t, tt.want, deadline.Sub(start), name)
				return reply(r, http.StatusOK, "ok"), nil
			})}})
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if tt.callers > 0 {
				ctx, cancel = context.WithTimeout(ctx, tt.callers)
			}
			_, err := send(ctx, tr, lent("body"))
			require.NoError(t, err, name)
			cancel()
		}
	})
}

// What middleware does with a body, and for how long, nobody knows.
func TestBodyIsNotReleasedToMiddleware(t *testing.T) {
	t.Parallel()
	m, _ := serve(t, ok)
	var late io.Reader
	tr := transport.New(transport.Config{HTTPClient: m.client, Middleware: []transport.Middleware{func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			copied, err := r.GetBody()
			late = copied
			if err != nil {
				return nil, err
			}
			return next.RoundTrip(r)
		})
	}}})
	req := lent("the body")
	result, err := send(t.Context(), tr, req)
	require.NoError(t, err)
	assert.False(t, result.Released)
	read, err := io.ReadAll(late)
	require.NoError(t, err)
	assert.Equal(t, "the body", string(read))
}
