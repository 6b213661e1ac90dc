package errors_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

var errShutdown = errors.New("shutting down")

// Trap 4e-09: two errors that say the same are the same to errors.Is, where
// nothing but what the server said is in them. Their Is is shallow all the same.
func TestTrap4e09EqualErrorsCompareEqual(t *testing.T) {
	t.Parallel()
	request := func() *caperrors.RequestError {
		return &caperrors.RequestError{
			HTTPStatus: 200, Scope: caperrors.Scope{Version: caperrors.V2, Entity: "transaction"}, Code: 461,
			Kind: caperrors.ErrTransient, Message: "busy", RequestID: "r-1", RetryAfter: time.Second, Limit: 5,
		}
	}
	decode := func() *caperrors.DecodeError {
		return &caperrors.DecodeError{HTTPStatus: 502, ContentType: "text/html", Offset: -1, Reason: "not JSON", Excerpt: "<html>", RequestID: "r-1"}
	}
	one, page := request(), decode()
	require.ErrorIs(t, one, request())
	require.ErrorIs(t, page, decode())
	require.ErrorIs(t, &caperrors.CallError{Err: request()}, request(), "within a call")
	require.ErrorIs(t, &caperrors.ItemError{Err: &caperrors.CallError{Err: decode()}}, decode(), "within an item")

	for name, change := range map[string]func(*caperrors.RequestError){
		"HTTPStatus": func(e *caperrors.RequestError) { e.HTTPStatus = 503 },
		"Scope":      func(e *caperrors.RequestError) { e.Scope.Level = caperrors.ItemLevel },
		"Code":       func(e *caperrors.RequestError) { e.Code = 521 },
		"Kind":       func(e *caperrors.RequestError) { e.Kind = caperrors.ErrOversize },
		"Message":    func(e *caperrors.RequestError) { e.Message = "very busy" },
		"RequestID":  func(e *caperrors.RequestError) { e.RequestID = "r-2" },
		"RetryAfter": func(e *caperrors.RequestError) { e.RetryAfter = 0 },
		"Limit":      func(e *caperrors.RequestError) { e.Limit = 0 },
	} {
		other := request()
		change(other)
		require.NotErrorIs(t, request(), other, name)
	}
	require.NotErrorIs(t, request(), fmt.Errorf("wrapped: %w", request()), "a target is not unwrapped")
	require.NotErrorIs(t, request(), &caperrors.CallError{Err: request()}, "nor is one of ours")
	require.NotErrorIs(t, request(), decode())
	require.NotErrorIs(t, request(), (*caperrors.RequestError)(nil))
	require.NotErrorIs(t, decode(), (*caperrors.DecodeError)(nil))

	// The others hold causes, which may be anything. What they come to is
	// compared by code, kind, stop and cause.
	call := func() error {
		return &caperrors.CallError{Op: "op", Stop: caperrors.ErrRetryBudget, Err: request()}
	}
	first := call()
	require.NotErrorIs(t, first, call())
	for _, same := range []error{caperrors.CodeSearchBusy, caperrors.ErrTransient, caperrors.ErrRetryBudget, request()} {
		require.ErrorIs(t, call(), same)
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	busy := &caperrors.RequestError{Code: 461, Kind: caperrors.ErrTransient}
	dial := &net.OpError{Op: "dial", Err: errShutdown}
	items := caperrors.NewBatchError("op", 3, []*caperrors.ItemError{
		{Index: 0, Code: 604, Kind: caperrors.ErrDuplicate, Outcome: caperrors.Refused},
		{Index: 2, Outcome: caperrors.NotSent, Stop: caperrors.ErrJobStopped},
	})
	tests := map[string]struct {
		err   error
		is    []error
		isNot []error
	}{
		"request in a call": {
			&caperrors.CallError{Err: busy, Stop: caperrors.ErrRetryBudget},
			[]error{caperrors.CodeSearchBusy, caperrors.ErrTransient, caperrors.ErrRetryBudget},
			[]error{
				caperrors.CodeCustomerBusy, caperrors.ErrOversize, caperrors.ErrAttemptsExhausted,
				context.DeadlineExceeded, context.Canceled,
			},
		},
		"kind as decided at decoding, not by the number": {
			&caperrors.RequestError{Code: 461, Kind: caperrors.ErrRefused},
			[]error{caperrors.CodeSearchBusy, caperrors.ErrRefused},
			[]error{caperrors.ErrTransient},
		},
		"success is no match for anything": {
			&caperrors.RequestError{},
			nil,
			[]error{caperrors.Code(0), caperrors.Kind(0), caperrors.ErrTransient},
		},
		"wrapped twice": {
			fmt.Errorf("load: %w", fmt.Errorf("send: %w", &caperrors.CallError{Err: busy})),
			[]error{caperrors.CodeSearchBusy, caperrors.ErrTransient},
			[]error{caperrors.Stop(0)},
		},
		"some item of a batch": {
			&caperrors.CallError{Err: items, Outcome: caperrors.Applied},
			[]error{caperrors.Code(604), caperrors.ErrDuplicate, caperrors.ErrJobStopped},
			[]error{caperrors.ErrTransient, caperrors.Code(0)},
		},
		"call inside an item": {
			&caperrors.ItemError{Err: &caperrors.CallError{Err: busy, Stop: caperrors.ErrOutage}},
			[]error{caperrors.CodeSearchBusy, caperrors.ErrTransient, caperrors.ErrOutage},
			[]error{caperrors.ErrDuplicate},
		},
		"deadline too near": {
			&caperrors.CallError{Err: busy, Stop: caperrors.ErrDeadlineTooNear},
			[]error{caperrors.ErrDeadlineTooNear, context.DeadlineExceeded, caperrors.CodeSearchBusy},
			[]error{context.Canceled},
		},
		"end of the context keeps cause and last answer": {
			&caperrors.CallError{
				Err: busy, Stop: caperrors.ErrContextEnded,
				Context: fmt.Errorf("%w (%w)", context.Canceled, errShutdown),
			},
			[]error{caperrors.ErrContextEnded, context.Canceled, errShutdown, caperrors.CodeSearchBusy},
			[]error{context.DeadlineExceeded},
		},
		"time-out of an attempt": {
			&caperrors.CallError{Err: &caperrors.TransportError{TimedOut: true, Err: context.DeadlineExceeded}},
			nil,
			[]error{context.DeadlineExceeded, caperrors.ErrTransient},
		},
		"time-out of an attempt, told by its context's cancelling": {
			&caperrors.TransportError{TimedOut: true, Err: fmt.Errorf("read: %w", context.Canceled)},
			nil,
			[]error{context.Canceled},
		},
		"end of a context that was no time-out of an attempt": {
			&caperrors.TransportError{Err: context.Canceled},
			[]error{context.Canceled},
			[]error{caperrors.ErrTransient},
		},
		"nothing was sent": {
			&caperrors.TransportError{NotSent: true, Err: dial},
			[]error{caperrors.ErrTransient, errShutdown},
			[]error{caperrors.ErrUncertain},
		},
		"time-out while dialing keeps its cause": {
			&caperrors.TransportError{TimedOut: true, NotSent: true, Err: dial},
			[]error{errShutdown},
			nil,
		},
		"page of a gateway": {
			&caperrors.DecodeError{HTTPStatus: 503, Kind: caperrors.ErrTransient},
			[]error{caperrors.ErrTransient},
			[]error{caperrors.CodeAccessUnknown, caperrors.Code(0)},
		},
		"page of a gateway that decides nothing": {
			&caperrors.DecodeError{HTTPStatus: 504},
			nil,
			[]error{caperrors.ErrTransient, caperrors.Kind(0)},
		},
		"argument": {
			&caperrors.ArgumentError{Field: "x", Err: errShutdown},
			[]error{caperrors.ErrInvalid, errShutdown},
			[]error{caperrors.CodeInvalidInput},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, target := range test.is {
				require.ErrorIs(t, test.err, target)
			}
			for _, target := range test.isNot {
				assert.NotErrorIs(t, test.err, target)
			}
		})
	}
}

func TestAs(t *testing.T) {
	t.Parallel()
	busy := &caperrors.RequestError{Code: 461, Kind: caperrors.ErrTransient}
	failed := &caperrors.ItemError{Index: 4, Code: 604}
	err := fmt.Errorf("load: %w", &caperrors.CallError{
		Err:     busy,
		Stop:    caperrors.ErrContextEnded,
		Context: fmt.Errorf("%w: %w", context.DeadlineExceeded, &net.DNSError{Name: "x"}),
	})
	var (
		call    *caperrors.CallError
		request *caperrors.RequestError
		stop    caperrors.Stop
		cause   *net.DNSError
		batch   *caperrors.BatchError
		item    *caperrors.ItemError
	)
	require.ErrorAs(t, err, &call)
	require.ErrorAs(t, err, &request)
	assert.Same(t, busy, request)
	require.ErrorAs(t, err, &stop)
	assert.Equal(t, caperrors.ErrContextEnded, stop)
	require.ErrorAs(t, err, &cause)
	assert.NotErrorAs(t, err, &batch)

	err = &caperrors.CallError{Err: caperrors.NewBatchError("op", 9, []*caperrors.ItemError{failed})}
	require.ErrorAs(t, err, &batch)
	require.ErrorAs(t, err, &item)
	assert.Same(t, failed, item)
}

func TestCallError(t *testing.T) {
	t.Parallel()
	busy := &caperrors.RequestError{Code: 461, Kind: caperrors.ErrTransient, RetryAfter: time.Minute}
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	tests := map[string]struct {
		err        caperrors.CallError
		kind       caperrors.Kind
		retryAfter time.Duration
		timeout    bool
	}{
		"request refused for now": {caperrors.CallError{Err: busy}, caperrors.ErrTransient, time.Minute, false},
		"request refused": {
			caperrors.CallError{Err: &caperrors.RequestError{Code: 400, Kind: caperrors.ErrInvalid}},
			caperrors.ErrInvalid, 0, false,
		},
		"page of a gateway": {
			caperrors.CallError{Err: &caperrors.DecodeError{Kind: caperrors.ErrTransient, RetryAfter: time.Second}},
			caperrors.ErrTransient, time.Second, false,
		},
		"nothing was sent": {
			caperrors.CallError{Err: &caperrors.TransportError{NotSent: true}}, caperrors.ErrTransient, 0, false,
		},
		"attempt timed out": {
			caperrors.CallError{Err: &caperrors.TransportError{TimedOut: true}}, 0, 0, true,
		},
		"deadline of the context passed": {
			caperrors.CallError{Context: expired.Err()}, 0, 0, true,
		},
		"deadline of the context too near": {
			caperrors.CallError{Err: busy, Stop: caperrors.ErrDeadlineTooNear}, caperrors.ErrTransient, time.Minute, true,
		},
		"context cancelled": {caperrors.CallError{Context: context.Canceled}, 0, 0, false},
		"what is said of an item says nothing of the call": {
			caperrors.CallError{Err: caperrors.NewBatchError("op", 2, []*caperrors.ItemError{
				{Kind: caperrors.ErrTransient, Err: &caperrors.CallError{Err: busy}},
				{Err: &caperrors.TransportError{TimedOut: false, NotSent: true}},
			})},
			0, 0, false,
		},
		"nothing came back": {caperrors.CallError{}, 0, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.kind, test.err.Kind())
			assert.Equal(t, test.kind == caperrors.ErrTransient, test.err.Retryable())
			assert.Equal(t, test.retryAfter, test.err.RetryAfter())
			assert.Equal(t, test.timeout, test.err.Timeout())
		})
	}
}

func TestRetryable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  interface{ Retryable() bool }
		want bool
	}{
		"transient request":      {&caperrors.RequestError{Kind: caperrors.ErrTransient}, true},
		"oversize request":       {&caperrors.RequestError{Kind: caperrors.ErrOversize}, false},
		"unrecognised request":   {&caperrors.RequestError{Kind: caperrors.ErrUnrecognised}, false},
		"transient page":         {&caperrors.DecodeError{Kind: caperrors.ErrTransient}, true},
		"page":                   {&caperrors.DecodeError{}, false},
		"item refused for now":   {&caperrors.ItemError{Kind: caperrors.ErrTransient, Outcome: caperrors.Refused}, true},
		"item of unknown fate":   {&caperrors.ItemError{Kind: caperrors.ErrTransient}, false},
		"item refused":           {&caperrors.ItemError{Kind: caperrors.ErrRefused, Outcome: caperrors.Refused}, false},
		"item queued":            {&caperrors.ItemError{Kind: caperrors.ErrQueued, Outcome: caperrors.Refused}, false},
		"item without an answer": {&caperrors.ItemError{Outcome: caperrors.NotSent}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.err.Retryable())
		})
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	busy := &caperrors.RequestError{Code: 461, Kind: caperrors.ErrTransient, RequestID: "r-2", RetryAfter: time.Minute}
	batch := func(items ...*caperrors.ItemError) error { return caperrors.NewBatchError("op", 9, items) }
	tests := map[string]struct {
		err        error
		code       caperrors.Code
		outcome    caperrors.Outcome
		requestID  string
		retryAfter time.Duration
	}{
		"call": {
			fmt.Errorf("load: %w", &caperrors.CallError{Err: busy, RequestID: "r-1", Outcome: caperrors.Refused}),
			461, caperrors.Refused, "r-1", time.Minute,
		},
		"request alone":            {busy, 461, caperrors.Unknown, "r-2", time.Minute},
		"call without a name":      {&caperrors.CallError{Err: busy}, 461, caperrors.Unknown, "r-2", time.Minute},
		"page":                     {&caperrors.DecodeError{RequestID: "r-3", RetryAfter: 1}, 0, caperrors.Unknown, "r-3", 1},
		"argument":                 {&caperrors.ArgumentError{Field: "x"}, 0, caperrors.NotSent, "", 0},
		"foreign error":            {errShutdown, 0, caperrors.Unknown, "", 0},
		"item":                     {&caperrors.ItemError{Code: 604, Outcome: caperrors.Refused, RequestID: "r-4"}, 604, caperrors.Refused, "r-4", 0},
		"item by its call":         {&caperrors.ItemError{Err: &caperrors.CallError{Err: busy}, Outcome: caperrors.NotSent}, 461, caperrors.NotSent, "r-2", time.Minute},
		"item before its call":     {&caperrors.ItemError{Code: 604, Err: &caperrors.CallError{Err: busy}}, 604, caperrors.Unknown, "r-2", time.Minute},
		"second item has the code": {batch(&caperrors.ItemError{}, &caperrors.ItemError{Index: 1, Code: 604}), 604, caperrors.Unknown, "", 0},
		"outcome of one item is not that of all": {
			batch(&caperrors.ItemError{Outcome: caperrors.NotSent, Err: busy}), 461, caperrors.Unknown, "r-2", 0,
		},
		"call around a batch": {
			&caperrors.CallError{RequestID: "r-5", Outcome: caperrors.Applied, Err: batch(&caperrors.ItemError{Code: 604})},
			604, caperrors.Applied, "r-5", 0,
		},
		"call without an answer": {&caperrors.CallError{Outcome: caperrors.NotSent}, 0, caperrors.NotSent, "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ok := caperrors.CodeOf(test.err)
			assert.Equal(t, test.code, c)
			assert.Equal(t, test.code != 0, ok)
			assert.Equal(t, test.outcome, caperrors.OutcomeOf(test.err))
			assert.Equal(t, test.requestID, caperrors.RequestIDOf(test.err))
			assert.Equal(t, test.retryAfter, caperrors.RetryAfterOf(test.err))
		})
	}
	_, ok := caperrors.CodeOf(nil)
	assert.False(t, ok)
}
