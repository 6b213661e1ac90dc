package transport_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

// listening starts a server on a real socket, with TLS if it speaks HTTP/2, and
// counts the connections that it gets.
func listening(t *testing.T, version int, handler http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != version {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			return
		}
		// Until it is read a server does not see that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	if version == 2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server, &opened
}

// Connections as the server counts them: five calls that fail, each followed by
// one that doesn't. A failure whose answer ends costs none. One whose answer is
// not waited for costs its own in HTTP/1.1, and none in HTTP/2.
func TestConnectionsAfterEveryKindOfFailure(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 100<<10)
	tests := map[string]struct {
		fail   http.HandlerFunc
		cancel bool
		costs  bool // its connection, in HTTP/1.1

		timeout time.Duration // 0: the default
	}{
		"a refusal":                   {fail: answer(200, "400")},
		"a large page under 404":      {fail: answer(404, large)},
		"a large page under 500":      {fail: answer(500, large)},
		"a large page under 503":      {fail: answer(503, large)},
		"a page in place of JSON":     {fail: answer(200, page)},
		"no body":                     {fail: answer(200, "")},
		"a body that is no gzip":      {fail: answer(200, large, "Content-Encoding", "gzip"), costs: true},
		"a body larger than the most": {fail: answer(200, large+large+large), costs: true},
		"no answer in time":           {fail: silent, costs: true, timeout: 300 * ms},
		"half an answer in time":      {fail: stall(200), costs: true, timeout: 300 * ms},
		"a cancelled call":            {fail: silent, cancel: true, costs: true},
		"a cut":                       {fail: cut, costs: true},
	}
	for name, test := range tests {
		for version, protocol := range map[int]string{1: "HTTP/1.1", 2: "HTTP/2"} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				t.Parallel()
				server, opened := listening(t, version, func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "/good") {
						ok(w, r)
						return
					}
					test.fail(w, r)
				})
				tr := transport.New(transport.Config{
					HTTPClient: server.Client(), Policy: retry.Policy{MaxAttempts: 1}, MaxBody: 200 << 10, Timeout: test.timeout,
				})
				do := func(ctx context.Context, path string) error {
					req := write()
					req.URL = server.URL + path
					_, err := tr.Do(ctx, req)
					return err
				}
				require.NoError(t, do(t.Context(), "/good")) // the first connection
				for range 5 {
					ctx, cancel := context.WithCancel(t.Context())
					if test.cancel {
						time.AfterFunc(20*ms, cancel)
					}
					require.Error(t, do(ctx, "/bad"))
					cancel()
					require.NoError(t, do(t.Context(), "/good"))
				}
				most := int64(1)
				if test.costs && version == 1 {
					most = 6
				}
				assert.LessOrEqual(t, opened.Load(), most)
			})
		}
	}
}

// Two hundred calls at once, which is more than the service's highest rate makes
// likely, three times: the connections of the first time carry the others.
func TestThePoolHoldsWhatIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	const callers = 200
	var mu sync.Mutex
	waiting, all := 0, make(chan struct{})
	server, opened := listening(t, 1, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		gate := all
		if waiting++; waiting == callers {
			waiting, all = 0, make(chan struct{})
			close(gate)
		}
		mu.Unlock()
		select {
		case <-gate:
			ok(w, r)
		case <-r.Context().Done():
		}
	})
	tr := transport.New(transport.Config{})
	t.Cleanup(tr.CloseIdleConnections)
	for range 3 {
		errs := make(chan error, callers)
		for range callers {
			go func() {
				req := write()
				req.URL = server.URL
				_, err := tr.Do(t.Context(), req)
				errs <- err
			}()
		}
		for range callers {
			require.NoError(t, <-errs)
		}
	}
	// A connection comes back to the pool a moment after its answer was read.
	assert.LessOrEqual(t, opened.Load(), int64(callers+callers/5))
}

func TestTheCallersTransportIsNotChanged(t *testing.T) {
	t.Parallel()
	server, _ := listening(t, 1, ok)
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	hc := &http.Client{Transport: base}
	tr := transport.New(transport.Config{HTTPClient: hc, Timeout: time.Minute, Middleware: []transport.Middleware{
		func(next http.RoundTripper) http.RoundTripper { return next },
	}})
	req := write()
	req.URL = server.URL
	_, err := tr.Do(t.Context(), req)
	require.NoError(t, err)
	assert.Same(t, base, hc.Transport)
	assert.Nil(t, hc.CheckRedirect)
	assert.Nil(t, hc.Jar)
	assert.Zero(t, hc.Timeout)
	assert.Zero(t, base.MaxIdleConnsPerHost)
	assert.Zero(t, base.MaxIdleConns)
	assert.Zero(t, base.IdleConnTimeout)
	assert.Nil(t, base.Proxy)
}
