package errors

import (
	"errors"
	"time"
)

// CodeOf returns the code of the first request-level or item-level error in
// the chain. The bool is false if there is none.
func CodeOf(err error) (Code, bool) {
	var coded interface{ firstCode() Code }
	if !errors.As(err, &coded) {
		return 0, false
	}
	c := coded.firstCode()
	return c, c != 0
}

func (e *RequestError) firstCode() Code { return e.Code }

func (e *ItemError) firstCode() Code {
	if e.Code != 0 {
		return e.Code
	}
	c, _ := CodeOf(e.Err)
	return c
}

func (e *BatchError) firstCode() Code {
	for _, item := range e.items {
		if c := item.firstCode(); c != 0 {
			return c
		}
	}
	return 0
}

// OutcomeOf returns what is known of the effect at the server when a call
// returned err: NotSent for an [ArgumentError], the own outcome of a
// [CallError] or an [ItemError], Unknown for anything else. It must not be
// asked for a nil error.
func OutcomeOf(err error) Outcome {
	var known interface{ outcome() Outcome }
	if errors.As(err, &known) {
		return known.outcome()
	}
	return Unknown
}

func (e *CallError) outcome() Outcome   { return e.Outcome }
func (e *ItemError) outcome() Outcome   { return e.Outcome }
func (*ArgumentError) outcome() Outcome { return NotSent }

// outcome keeps [OutcomeOf] from taking one item's outcome for that of all.
func (*BatchError) outcome() Outcome { return Unknown }

// RequestIDOf returns the service's name for the failed call; empty if no
// answer had one.
func RequestIDOf(err error) string {
	var call *CallError
	if errors.As(err, &call) && call.RequestID != "" {
		return call.RequestID
	}
	var item *ItemError
	if errors.As(err, &item) && item.RequestID != "" {
		return item.RequestID
	}
	var request *RequestError
	if errors.As(err, &request) && request.RequestID != "" {
		return request.RequestID
	}
	var decode *DecodeError
	if errors.As(err, &decode) {
		return decode.RequestID
	}
	return ""
}

// RetryAfterOf returns the wait that the server asked for in answer to a call
// as a whole; 0 if none.
func RetryAfterOf(err error) time.Duration {
	var batch *BatchError
	if errors.As(err, &batch) {
		return 0 // what is said of an item says nothing of the call
	}
	var request *RequestError
	if errors.As(err, &request) {
		return request.RetryAfter
	}
	var decode *DecodeError
	if errors.As(err, &decode) {
		return decode.RetryAfter
	}
	return 0
}
