package clienttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves a [Simulator] over connections. A simulator may have several. Close it when done.
type Server struct {
	// URL is the base URL: "http://localhost" in memory, else with the port that was given or chosen.
	URL string

	http      *http.Server
	dial      func(ctx context.Context) (net.Conn, error)
	transport *http.Transport
	served    chan struct{} // closed when the accepting goroutine has ended
	conns     sync.WaitGroup
	accepted  atomic.Int64
	close     sync.Once
	closeErr  error
}

// Listen serves on a TCP address such as "127.0.0.1:0", where 0 chooses a free port.
func (s *Simulator) Listen(addr string) (*Server, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("clienttest: %w", err)
	}
	var dialer net.Dialer
	at := l.Addr()
	return s.serve(l, "http://"+at.String(), func(ctx context.Context) (net.Conn, error) {
		return dialer.DialContext(ctx, at.Network(), at.String())
	}), nil
}

// InMemory serves without a network. Only [Server.HTTPClient] and [Server.DialContext] reach it.
func (s *Simulator) InMemory() *Server {
	l := newPipeListener()
	return s.serve(l, "http://localhost", l.dial)
}

func (s *Simulator) serve(l net.Listener, url string, dial func(context.Context) (net.Conn, error)) *Server {
	srv := &Server{URL: url, dial: dial, served: make(chan struct{})}
	srv.transport = &http.Transport{DialContext: srv.DialContext, MaxIdleConnsPerHost: 256}
	srv.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		ConnState:         srv.track,
	}
	go func() {
		defer close(srv.served)
		_ = srv.http.Serve(l) // always http.ErrServerClosed, or the listener broke and clients see it
	}()
	return srv
}

// track counts connections. The server reports a new one before it accepts the next, so Close, which waits for the accepting goroutine
// first, misses none.
func (srv *Server) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		srv.accepted.Add(1)
		srv.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		srv.conns.Done()
	default:
	}
}

// HTTPClient returns a client for this server. Its transport belongs to the server: it keeps up to 256 idle connections and uses no
// proxy. It has no timeout.
func (srv *Server) HTTPClient() *http.Client { return &http.Client{Transport: srv.transport} }

// DialContext connects to this server, whatever the address. It is for transports of your own.
func (srv *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return srv.dial(ctx)
}

// Connections returns how many connections were accepted so far.
func (srv *Server) Connections() int { return int(srv.accepted.Load()) }

// Close closes the listener and every connection, ends the calls under way, and waits for the goroutines of the server to end. Further
// calls do nothing.
func (srv *Server) Close() error {
	srv.close.Do(func() {
		srv.closeErr = srv.http.Close()
		srv.transport.CloseIdleConnections()
		<-srv.served
		srv.conns.Wait()
	})
	return srv.closeErr
}

// pipeListener accepts the far ends of [net.Pipe].
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	var err error
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		err = errors.New("connection refused: server closed")
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_, _ = near.Close(), far.Close()
	return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: l.Addr(), Err: err}
}

// Accept waits for the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and dial.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns an address in name only.
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

// Network returns "pipe".
func (pipeAddr) Network() string { return "pipe" }

// String returns "localhost".
func (pipeAddr) String() string { return "localhost" }
