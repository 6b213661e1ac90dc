package client

import (
	"context"
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// exchange is one call on its way through the transport. A later call uses it
// again if the transport says that it can; nothing that a caller gets lies in it.
type exchange struct {
	request transport.Request
	judge   judge
	turn    turn
	signer  signer
	verdict [1]caperrors.Verdict // of a call for one thing
	answer  transport.Answer     // the first one

	// The request's functions, made once: each would be an allocation of every
	// call.
	pace func(context.Context) error
	read func(*transport.Answer) transport.Judgement
	sign func(context.Context, http.Header, bool) error // nil before its first use
}

// readAnswer is the transport's Judge.
func (x *exchange) readAnswer(a *transport.Answer) transport.Judgement {
	x.turn.answered(a)
	return x.judge.read(a)
}

// exchange prepares a call that carries count items.
func (c *core) exchange(ep *Endpoint, count int) *exchange {
	x, ok := c.shared.exchanges.Get().(*exchange)
	if !ok {
		x = new(exchange)
		x.pace, x.read = x.turn.wait, x.readAnswer
	}
	x.judge = judge{renewable: c.basic == nil, secret: c.secrets, call: ep.wireCall(count)}
	x.turn = c.turn(ep.Name)
	x.request = transport.Request{
		Op:         ep.Name,
		Method:     ep.Method,
		Header:     c.format(ep),
		Whole:      c.whole(ep),
		Repeatable: ep.Repeatable || ep.reads(),
		Authorize:  c.authorize(x),
		Hide:       c.secrets.hide,
		Pace:       x.pace,
		Judge:      x.read,
		Answer:     &x.answer,
	}
	return x
}

// authorize returns what puts the credentials into the attempts of one call.
func (c *core) authorize(x *exchange) func(context.Context, http.Header, bool) error {
	if c.basic != nil {
		return c.basic.authorize
	}
	x.signer.logins = c.logins
	if x.sign == nil {
		x.sign = x.signer.authorize
	}
	return x.sign
}

// done ends the use of an exchange. If the transport could not release it, it
// is left to whoever may still read it.
func (s *shared) done(x *exchange, released bool) {
	if !released {
		return
	}
	x.request, x.judge, x.turn, x.signer = transport.Request{}, judge{}, turn{}, signer{}
	x.verdict[0], x.answer = caperrors.Verdict{}, transport.Answer{}
	s.exchanges.Put(x)
}

// signer puts credentials that have to be asked for into the attempts of one
// call.
type signer struct {
	logins *logins
	last   login // what this call used last
}

func (s *signer) authorize(ctx context.Context, header http.Header, renew bool) error {
	var refused login
	if renew {
		refused = s.last
	}
	got, err := s.logins.get(ctx, refused)
	if err != nil {
		return err
	}
	if got == refused && got.header == headerBasic {
		// Sending them again could lock the till out.
		return &caperrors.CredentialsError{Err: argument("Credentials", "are the ones that were refused")}
	}
	s.last = got
	header.Set(got.header, got.value)
	return nil
}
