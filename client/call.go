package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
)

// Request is what one call sends. The zero value sends nothing but the
// endpoint's path.
type Request struct {
	Path  map[string]string // values of the path variables; they are escaped
	Query url.Values        // outranks the endpoint's own, name by name

	// Body is encoded by encoding/json and then wrapped as the endpoint wants
	// it. A [json.RawMessage] is taken as encoded already. Nil sends no body.
	// An array is sent as it is where the endpoint takes a bare array, and an
	// object where it takes one with a list in it.
	Body any

	// Attribution replaces the client's own for this call; nil leaves that.
	Attribution *Attribution

	// Repeatable says that doing the work twice leaves the same as doing it
	// once, as [Endpoint.Repeatable] does for all calls of an endpoint: the
	// service knows the thing again by its bill number or the like, or sets a
	// value. Such a write is sent again after an unknown outcome, like a read.
	// What is refused for good stays refused, and every repetition is paid from
	// the budget. An answer that then calls the thing a duplicate may be speaking
	// of the call's own first attempt, which AfterUnknown tells. Don't declare it
	// for what adds or takes points, issues coupons or sends messages without
	// such a number.
	Repeatable bool
}

// Response is what the last answer said of the one thing that was sent or
// asked for, or of the several.
type Response struct {
	Outcome  caperrors.Outcome   // what became of it; of several that the call was carried out
	Raw      json.RawMessage     // the thing's part of the answer, for Decode; of several the whole answer; nil if the answer has none
	Code     caperrors.Code      // 0 if the answer has none, as v2 on success
	Message  string              // the service's text, which may quote the input
	Warnings []caperrors.Warning // what the service remarks though it did it

	// Items are the verdicts if the call sent or asked for several things, one
	// for each sent, in their order, or for each found. Nil if there is one.
	Items []caperrors.Verdict

	HTTPStatus  int      // of the last answer; no verdict
	RequestID   string   // the service's name for the call; support asks for it
	Attempts    int      // requests sent, or tried to send
	Diagnostics []string // where the answer contradicts itself

	// AfterUnknown says that an attempt before the last one ended unknown. If
	// the outcome is Duplicate, the thing may be the work of that attempt.
	AfterUnknown bool

	body    []byte // the whole answer
	elapsed time.Duration
}

// Call makes one call for one thing and returns what became of it. A read may
// find several things or none, and some calls carry several: Items then has the
// verdict on each, and Raw is the whole answer.
//
// Answers that say "not now" are tried again, and so is what was not sent. What
// was sent and not answered is tried again only if the call is repeatable: a
// GET, or declared so.
//
// A fault in the arguments is a [caperrors.ArgumentError] and nothing is sent.
// Any other error is a [caperrors.CallError]; its Outcome tells what is known
// of the effect. If the call is for several things, and was carried out, and
// some are not done, it wraps a [caperrors.BatchError]; nothing of it is tried
// again. A thing that the server has already is an error too:
// [caperrors.ErrDuplicate], with the outcome Duplicate. The response is nil
// only if nothing was answered.
func (c *Client) Call(ctx context.Context, ep Endpoint, req Request) (*Response, error) {
	if err := errors.Join(c.check(), ep.validate()); err != nil {
		return nil, err
	}
	path, err := ep.expand(req.Path)
	if err != nil {
		return nil, err
	}
	body, several, err := ep.encodeCall(req.Body)
	if err != nil {
		return nil, err
	}
	header, err := c.core.headerFor(&ep, req.Attribution)
	if err != nil {
		return nil, err
	}
	x := c.core.exchange(&ep, 1)
	to := c.core.address(path, ep.Query, req.Query)
	x.request.URL, x.request.Address, x.request.Body = to.text, to.parsed, body
	x.judge.single = true
	room := c.core.shared.room()
	x.judge.call.Room, x.judge.call.Verdicts = room, x.verdict[:0]
	several.tell(&x.judge.call)
	if req.Attribution != nil {
		x.request.Header, x.request.Whole = header, nil
	}
	x.request.Repeatable = x.request.Repeatable || req.Repeatable
	ctx, seen := c.core.observe(ctx, &x.request)
	result, err := c.core.transport.Do(ctx, &x.request)
	c.core.shared.rooms.Put(room)
	resp := x.response(&result)
	if err == nil && resp != nil && len(resp.Items) > 0 {
		err = partial(&ep, resp.Items, several.id, &result)
	} else {
		err = x.finish(&result, err)
	}
	c.core.ended(ctx, seen, x, &result, err)
	c.core.shared.done(x, result.Released)
	return resp, err
}

// headerFor returns the header of a call, credentials apart.
func (c *core) headerFor(ep *Endpoint, a *Attribution) (http.Header, error) {
	if a == nil {
		return c.format(ep), nil
	}
	if err := a.validate(c.basic == nil); err != nil {
		return nil, err
	}
	header := c.format(ep).Clone()
	a.set(header)
	return header, nil
}

// response tells of the last answer; nil if there was none.
func (x *exchange) response(result *transport.Result) *Response {
	a := result.Answer
	if a == nil {
		return nil
	}
	resp := &Response{
		HTTPStatus:   a.Status,
		RequestID:    a.RequestID,
		Attempts:     result.Attempts,
		AfterUnknown: result.AfterUnknown,
		body:         a.Body,
		elapsed:      result.Elapsed,
	}
	if x.judge.answer != a { // its body could not be had
		return resp
	}
	reply := &x.judge.reply
	resp.Diagnostics = reply.Diagnostics
	if r := reply.Refusal; r != nil {
		resp.Outcome, resp.Code, resp.Message = caperrors.Refused, r.Code, r.Message
	}
	if reply.Refusal == nil && reply.Verdicts != nil && len(reply.Verdicts) != 1 {
		resp.Outcome, resp.Items, resp.Raw = caperrors.Applied, reply.Verdicts, reply.Raw
	}
	if len(reply.Verdicts) == 1 {
		v := &reply.Verdicts[0]
		resp.Outcome, resp.Code, resp.Message = v.Outcome, v.Code, v.Message
		resp.Warnings, resp.Raw = v.Warnings, v.Raw
		if v.Diagnostic != "" {
			resp.Diagnostics = append(resp.Diagnostics, v.Diagnostic)
		}
	}
	return resp
}

// finish adds what the transport cannot know: that the answer has no verdict on
// the one thing, or that it calls it a duplicate, which the transport takes for
// a refusal. That the thing is there holds whatever became of attempts before.
func (x *exchange) finish(result *transport.Result, err error) error {
	j := &x.judge
	if err == nil && j.err == nil {
		return nil
	}
	if err == nil {
		return &caperrors.CallError{
			Op:        x.request.Op,
			Attempts:  result.Attempts,
			Elapsed:   result.Elapsed,
			RequestID: result.Answer.RequestID,
			Outcome:   caperrors.Unknown,
			Err:       j.err,
		}
	}
	var call *caperrors.CallError
	var last *caperrors.RequestError
	if !errors.As(err, &call) || !errors.As(call.Err, &last) || j.err != error(last) { //nolint:errorlint // the very error that the judge made
		return err
	}
	if v := j.reply.Verdicts; len(v) > 0 && v[0].Outcome == caperrors.Duplicate {
		call.Outcome = caperrors.Duplicate
	}
	return err
}
