package client

import (
	"errors"
	"net/http"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
)

// judge reads the answers of one call and keeps what the last one said.
type judge struct {
	call      wire.Call
	single    bool // by Call: the verdict on the only item is the verdict on the call
	renewable bool // credentials can be renewed
	secret    *secrets

	answer *transport.Answer // the last one read
	reply  wire.Reply
	err    error // what it was judged to be
}

// read judges an answer. An answer of the API that leaves out what was sent ends
// the call: asking again would bring the same.
func (j *judge) read(a *transport.Answer) transport.Judgement {
	j.answer = a
	j.reply, j.err = wire.Read(wire.HTTP{
		Status:      a.Status,
		ContentType: a.Header.Get("Content-Type"),
		RequestID:   a.RequestID,
		RetryAfter:  a.RetryAfter,
		Body:        a.Body,
		Hide:        j.secret.hide,
	}, j.call)
	j.secret.redact(&j.reply)
	switch {
	case j.err != nil:
		hideQuotation(j.err, a)
	case j.reply.Refusal != nil:
		j.err = j.reply.Refusal
	case j.single && len(j.reply.Verdicts) == 1:
		v := &j.reply.Verdicts[0]
		if v.Outcome == caperrors.Unknown && v.Code == 0 {
			j.err = j.leftOut(v)
			return transport.Judgement{}
		}
		j.err = refusal(v, a)
	}
	return transport.Judgement{Err: j.err, Renew: j.renewable && credentialsRefused(j.err)}
}

// hideQuotation takes the excerpt out of an error over a page that quotes what
// was sent: customers stand in it.
func hideQuotation(err error, a *transport.Answer) {
	var decode *caperrors.DecodeError
	if errors.As(err, &decode) && decode.Excerpt != "" && a.QuotesRequest() {
		decode.Excerpt = ""
	}
}

// leftOut is the error for an answer without a verdict on the one thing.
func (j *judge) leftOut(v *caperrors.Verdict) error {
	reason := v.Diagnostic
	if reason == "" {
		reason = "the answer does not tell what became of the item"
	}
	return notUnderstood(j.answer, reason)
}

// refusal turns the verdict on the only item into an error about its call, or
// nil if it was applied.
func refusal(v *caperrors.Verdict, a *transport.Answer) error {
	if v.Outcome == caperrors.Applied {
		return nil
	}
	return &caperrors.RequestError{
		HTTPStatus: a.Status,
		Scope:      v.Scope,
		Code:       v.Code,
		Kind:       v.Kind,
		Message:    v.Message,
		RequestID:  a.RequestID,
		RetryAfter: a.RetryAfter,
	}
}

// credentialsRefused tells the answers after which a new token can help.
func credentialsRefused(err error) bool {
	var request *caperrors.RequestError
	if errors.As(err, &request) {
		return request.Code == caperrors.CodeUnauthenticated || request.Code == caperrors.CodeTokenExpired
	}
	var decode *caperrors.DecodeError
	return errors.As(err, &decode) && decode.HTTPStatus == http.StatusUnauthorized
}
