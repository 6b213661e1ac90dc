package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// memory is an HTTP server over pipes, which works in a bubble of virtual time.
type memory struct {
	client *http.Client
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once

	mu       sync.Mutex
	dials    int
	dialErrs []error // taken first
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	m.mu.Lock()
	m.dials++
	var err error
	if len(m.dialErrs) > 0 {
		err, m.dialErrs = m.dialErrs[0], m.dialErrs[1:]
	}
	m.mu.Unlock()
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	client, server := net.Pipe()
	select {
	case m.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) dialed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dials
}

func listen(t *testing.T) *memory {
	t.Helper()
	m := &memory{conns: make(chan net.Conn), done: make(chan struct{})}
	base := &http.Transport{DialContext: m.dial, MaxIdleConnsPerHost: 64}
	m.client = &http.Client{Transport: base}
	t.Cleanup(func() {
		base.CloseIdleConnections()
		m.Close()
	})
	return m
}

// serve starts a server whose answers are told one by one; the last one stays.
// What it received is in the returned log.
func serve(t *testing.T, answers ...http.HandlerFunc) (*memory, *received) {
	t.Helper()
	m, got := listen(t), &received{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(got.add(r), len(answers)-1)](w, r)
	})}
	go server.Serve(m)
	t.Cleanup(func() { server.Close() })
	return m, got
}

// received is what a server got.
type received struct {
	mu       sync.Mutex
	requests []delivery
}

type delivery struct {
	method, uri, body string
	length            int64
	header            http.Header
	at                time.Time
}

func (g *received) add(r *http.Request) int {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, delivery{r.Method, r.RequestURI, string(body), r.ContentLength, r.Header.Clone(), time.Now()})
	return len(g.requests) - 1
}

func (g *received) all() []delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests
}

func (g *received) count() int { return len(g.all()) }

// answer writes a body under a status, with headers as name, value, name, value.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// cut drops the connection after the request was read.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// silent answers nothing until the client has gone.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

var (
	ok   = answer(http.StatusOK, "ok")
	busy = answer(http.StatusOK, "461")
)

const page = "<html>gateway</html>"

// judge reads bodies of the tests: "ok", a code, or something that is not ours.
func judge(a *transport.Answer) transport.Judgement {
	if string(a.Body) == "ok" {
		return transport.Judgement{}
	}
	code, err := strconv.Atoi(strings.TrimSpace(string(a.Body)))
	if err != nil {
		de := &caperrors.DecodeError{HTTPStatus: a.Status, Offset: -1, Reason: "no envelope", RequestID: a.RequestID}
		switch a.Status {
		case 429, 503, 521:
			de.Kind, de.Outcome = caperrors.ErrTransient, caperrors.Refused
		case 401, 404:
			de.Outcome = caperrors.Refused
		}
		return transport.Judgement{Err: de, Renew: a.Status == http.StatusUnauthorized}
	}
	re := &caperrors.RequestError{HTTPStatus: a.Status, Code: caperrors.Code(code), RequestID: a.RequestID}
	switch code {
	case 461, 503, 521, 429:
		re.Kind = caperrors.ErrTransient
	case 401, 498:
		re.Kind = caperrors.ErrUnauthenticated
	case 500:
		re.Kind = caperrors.ErrPartial
	default:
		re.Kind = caperrors.ErrInvalid
	}
	return transport.Judgement{Err: re, Renew: re.Kind == caperrors.ErrUnauthenticated}
}

func write() *transport.Request {
	return &transport.Request{
		Op: "test/write", Method: http.MethodPost, URL: "http://api.test/v2/write?key=1", Body: []byte("body"), Judge: judge,
	}
}

func read() *transport.Request {
	return &transport.Request{Op: "test/read", Method: http.MethodGet, URL: "http://api.test/v2/read", Repeatable: true, Judge: judge}
}

func repeatableWrite() *transport.Request {
	req := write()
	req.Repeatable = true
	return req
}

func unsentOnly(req *transport.Request) *transport.Request {
	req.OnlyUnsent = true
	return req
}

// callError returns the one error of a failed call.
func callError(t *testing.T, err error) *caperrors.CallError {
	t.Helper()
	require.Error(t, err)
	ce, isCall := err.(*caperrors.CallError) //nolint:errorlint // the type itself is promised
	require.True(t, isCall, "%T", err)
	return ce
}

// roundTripper is a fake below the transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
