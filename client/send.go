package client

import (
	"context"
	"encoding/json"
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
)

// Batch is what became of the items of one call.
type Batch struct {
	Verdicts    []caperrors.Verdict // one for each item, in the order given
	RequestID   string              // the service's name for the call; support asks for it
	Attempts    int                 // requests sent, or tried to send
	Diagnostics []string            // where the answer contradicts itself

	// AfterUnknown says that an attempt before the last one ended unknown. What
	// the answer calls a duplicate may be the work of that attempt.
	AfterUnknown bool
}

// Send makes one call with many items and returns the verdict on each.
//
// It tries the call as a whole again, as [Client.Call] does, but no item by
// itself, and it does not split what is too large: package batch does both. How
// many items a call may carry is the caller's business. Without items nothing
// is sent.
//
// An item that does not encode to a JSON object is a [caperrors.ArgumentError]
// with its index, the batch is nil, and nothing is sent. Any other error is a
// [caperrors.CallError], and the batch has a verdict on every item all the
// same. If the call was carried out and some items are not done, it wraps a
// [caperrors.BatchError]: the other items are done, so don't send the slice
// again. An item that the server had already counts as done.
func Send[T any](ctx context.Context, c *Client, ep Endpoint, items []T) (*Batch, error) {
	if err := errors.Join(c.check(), ep.validate()); err != nil {
		return nil, err
	}
	if err := ep.many(); err != nil {
		return nil, err
	}
	bodies, err := encodeItems(items)
	if err != nil {
		return nil, err
	}
	if len(bodies) == 0 {
		return &Batch{}, nil
	}
	x, err := c.core.sending(&ep, c.core.url(ep.Path, ep.Query, nil), bodies)
	if err != nil {
		return nil, err
	}
	ctx, seen := c.core.observe(ctx, &x.request)
	result, err := c.core.transport.Do(ctx, &x.request)
	b := &Batch{
		Attempts:     result.Attempts,
		Diagnostics:  x.judge.reply.Diagnostics,
		AfterUnknown: result.AfterUnknown,
	}
	if result.Answer != nil {
		b.RequestID = result.Answer.RequestID
	}
	if err != nil {
		b.Verdicts = verdictsOf(err, len(bodies))
	} else {
		b.Verdicts = x.judge.reply.Verdicts
		err = partial(&ep, b.Verdicts, func(i int) string { return ep.id(bodies[i]) }, &result)
	}
	c.core.ended(ctx, seen, x, &result, err)
	c.core.shared.done(x, result.Released)
	return b, err
}

func encodeItems[T any](items []T) ([][]byte, error) {
	bodies := make([][]byte, len(items))
	for i := range items {
		body, err := json.Marshal(items[i])
		if err != nil {
			return nil, &caperrors.ArgumentError{Field: "items", Index: i, Reason: "does not encode to JSON", Err: err}
		}
		if err = wire.CheckObject(body); err != nil {
			return nil, misfit("items", i, "does not encode to a JSON object", err)
		}
		bodies[i] = body
	}
	return bodies, nil
}

// sending prepares a call that carries the items.
func (c *core) sending(ep *Endpoint, address string, items [][]byte) (*exchange, error) {
	return c.sendingIn(nil, ep, address, items, nil)
}

// sendingIn does what sending does in memory that is used again, with the items'
// ids if they are known.
func (c *core) sendingIn(m *room, ep *Endpoint, address string, items [][]byte, ids []string) (*exchange, error) {
	body, err := ep.encode(m.take(), items)
	if err != nil {
		return nil, err
	}
	x := c.exchange(ep, len(items))
	x.request.URL, x.request.Body = address, body
	if x.judge.call.IDs = ids; len(ids) != len(items) || !ep.comparesIDs(len(items)) {
		x.judge.call.IDs = ep.ids(items)
	}
	if m != nil {
		m.body = body
	}
	return x, nil
}

// verdictsOf gives every item the fate of its call.
func verdictsOf(err error, n int) []caperrors.Verdict {
	v := caperrors.Verdict{Outcome: caperrors.OutcomeOf(err), RequestID: caperrors.RequestIDOf(err)}
	var call *caperrors.CallError
	if errors.As(err, &call) {
		v.Kind = call.Kind()
	}
	var request *caperrors.RequestError
	if errors.As(err, &request) {
		v.Scope, v.Code, v.Message = request.Scope, request.Code, request.Message
	}
	verdicts := make([]caperrors.Verdict, n)
	for i := range verdicts {
		verdicts[i] = v
	}
	return verdicts
}

// partial returns the error that tells of the items that are not done, or nil.
func partial(ep *Endpoint, verdicts []caperrors.Verdict, id func(i int) string, result *transport.Result) error {
	var failed []*caperrors.ItemError
	for i := range verdicts {
		v := &verdicts[i]
		if v.Outcome.Done() {
			continue
		}
		failed = append(failed, &caperrors.ItemError{
			Index:     i,
			ID:        id(i),
			Outcome:   v.Outcome,
			Scope:     v.Scope,
			Code:      v.Code,
			Kind:      v.Kind,
			Message:   v.Message,
			RequestID: v.RequestID,
			Attempts:  result.Attempts,
		})
	}
	err := caperrors.NewBatchError(ep.Name, len(verdicts), failed)
	if err == nil {
		return nil
	}
	requestID := ""
	if result.Answer != nil {
		requestID = result.Answer.RequestID
	}
	return &caperrors.CallError{
		Op:        ep.Name,
		Attempts:  result.Attempts,
		Elapsed:   result.Elapsed,
		RequestID: requestID,
		Outcome:   caperrors.Applied,
		Err:       err,
	}
}
