package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	caperrors "github.com/capillary-go/capillary/errors"
)

// The steps of an attempt, as bits.
const (
	stepTripped   uint32 = 1 << iota // net/http's client has passed it on
	stepTraced                       // the round tripper reports its connections
	stepConnected                    // it has a connection: from here on bytes may leave
	stepWritten                      // all of it is written
	stepAnswered                     // the header of an answer is there
)

// sending is one attempt under way. Its hooks run in goroutines of net/http,
// also after the attempt has ended, so each attempt has its own. Only what is
// quiet may be used again.
type sending struct {
	attemptClock

	resent bool // net/http itself may send the request again after it was written
	trace  httptrace.ClientTrace
	steps  atomic.Uint32

	connections atomic.Int32 // had, the same one again included
	writes      atomic.Int32 // ended, well or not
}

// bind makes the hooks, once.
func (s *sending) bind() {
	s.trace.GetConn, s.trace.GotConn, s.trace.WroteRequest = s.seeksConnection, s.gotConnection, s.wroteRequest
}

// begin readies the hooks for an attempt, whose clock begins after it.
func (s *sending) begin(resent bool) {
	s.steps.Store(0)
	s.connections.Store(0)
	s.writes.Store(0)
	s.resent = resent
}

// quiet reports whether no hook will run any more and nobody reads the body, if
// the round tripper is net/http's own. Each connection had is written to once,
// after which WroteRequest is called; where that is left out, it never is quiet.
func (s *sending) quiet() bool {
	connections := s.connections.Load()
	return !s.expired && connections > 0 && connections == s.writes.Load()
}

func (s *sending) seeksConnection(string) {
	if !s.resent {
		// A second connection is looked for only if nothing went over the first
		// one, a stale one of the pool.
		s.steps.And(^(stepConnected | stepWritten))
	}
	s.mark(stepTraced)
}

func (s *sending) gotConnection(httptrace.GotConnInfo) {
	s.connections.Add(1)
	s.mark(stepConnected)
}

func (s *sending) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err == nil {
		s.mark(stepWritten)
	}
	s.writes.Add(1)
}

func (s *sending) mark(step uint32) { s.steps.Or(step) }

func (s *sending) reached(step uint32) bool { return s.steps.Load()&step != 0 }

// notSent reports whether it is certain that no byte of the request left. To
// have a connection is the line: when the context ends an attempt, HTTP/2 may
// still write the header after the round trip has returned. A round tripper that
// doesn't report its connections proves nothing, unless it failed to dial.
func (s *sending) notSent(err error, traced bool) bool {
	if s.reached(stepConnected | stepAnswered) {
		return false
	}
	var op *net.OpError
	return traced || s.reached(stepTraced) || !s.reached(stepTripped) ||
		errors.As(err, &op) && op.Op == "dial"
}

func (s *sending) phase() caperrors.Phase {
	switch {
	case s.reached(stepAnswered):
		return caperrors.PhaseRead
	case s.reached(stepWritten):
		return caperrors.PhaseWait
	case s.reached(stepConnected):
		return caperrors.PhaseWrite
	default:
		return caperrors.PhaseConnect
	}
}

// isLasting reports whether a failure to connect will be the same next time.
func isLasting(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		name         *net.DNSError
	)
	switch {
	case errors.As(err, &verification), errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return true
	case errors.As(err, &name):
		return name.IsNotFound
	default:
		return errors.Is(err, errProxyAddress)
	}
}
