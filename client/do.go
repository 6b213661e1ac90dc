package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Do makes one call as [Client.Call] does and reads the answer, that is
// [Response.Raw], into a V.
//
// If the call was done and its answer does not fit into V, the error is a
// [caperrors.CallError] over a [caperrors.DecodeError], with the outcome
// Applied: don't send it again. The response is then there, as it is beside the
// errors of Call.
func Do[V any](ctx context.Context, c *Client, ep Endpoint, req Request) (V, *Response, error) {
	var v V
	resp, err := c.Call(ctx, ep, req)
	if err != nil {
		return v, resp, err
	}
	v, err = Decode[V](resp.Raw)
	if err != nil {
		return v, resp, resp.unfit(ep.Name, resp.Outcome, err)
	}
	return v, resp, nil
}

// unfit is the error for a call that was done and whose answer is of no use to
// the caller.
func (r *Response) unfit(op string, outcome caperrors.Outcome, err error) error {
	return &caperrors.CallError{
		Op: op, Attempts: r.Attempts, Elapsed: r.elapsed, RequestID: r.RequestID, Outcome: outcome,
		Err: &caperrors.DecodeError{
			HTTPStatus: r.HTTPStatus, Offset: -1, Reason: err.Error(), Outcome: outcome, RequestID: r.RequestID,
		},
	}
}

// unfitError says why an answer does not fit into a type, without quoting it:
// errors of encoding/json can have numbers and times of the answer in them.
type unfitError struct {
	text  string
	cause error
}

func (e *unfitError) Error() string { return e.text }

func (e *unfitError) Unwrap() error { return e.cause }

func newUnfitError[V any](cause error) error {
	text := fmt.Sprintf("decode answer into %v: ", reflect.TypeFor[V]())
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(cause, &kind) && kind.Field != "":
		text += fmt.Sprintf("member %s is no %v", kind.Field, kind.Type)
	case errors.As(cause, &kind):
		text += fmt.Sprintf("is no %v", kind.Type)
	case errors.As(cause, &syntax), errors.Is(cause, errNothing), errors.Is(cause, errSeveral):
		text += cause.Error()
	default:
		text += "does not fit"
	}
	return &unfitError{text: text, cause: cause}
}
