package errors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	busy := &caperrors.RequestError{
		Scope: request("v2", "transaction"), Code: 461, Kind: caperrors.ErrTransient, RequestID: "r-1",
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"a call that ran out of time": {
			&caperrors.CallError{
				Op: "v2/transactions/bulk", Attempts: 3, Elapsed: 1204567 * time.Microsecond,
				Outcome: caperrors.Refused, Stop: caperrors.ErrDeadlineTooNear, Err: busy,
			},
			"v2/transactions/bulk failed after 3 attempts in 1.205s: no time left for another attempt: " +
				"status 461 (search engine busy) [request id r-1]",
		},
		"a call of unknown outcome": {
			&caperrors.CallError{
				Op: "v1.1/transaction/add", Attempts: 1, Elapsed: 30 * time.Second, Stop: caperrors.ErrNotRepeatable,
				Err: &caperrors.TransportError{Phase: caperrors.PhaseWait, TimedOut: true},
			},
			"v1.1/transaction/add failed after 1 attempt in 30s (unknown): outcome unknown and not repeatable: " +
				"no answer in time (wait)",
		},
		"a call whose context ended before it began": {
			&caperrors.CallError{
				Op: "v2/customers", Outcome: caperrors.NotSent, Stop: caperrors.ErrContextEnded, Context: context.Canceled,
			},
			"v2/customers failed after 0 attempts in 0s (not-sent): context canceled",
		},
		"a 503 that stays names the likely cause": {
			&caperrors.CallError{
				Op: "v2/customers", Attempts: 4, Outcome: caperrors.Refused, Stop: caperrors.ErrAttemptsExhausted,
				Err: &caperrors.RequestError{Code: 503, Kind: caperrors.ErrTransient},
			},
			"v2/customers failed after 4 attempts in 0s: attempts exhausted: status 503 " +
				"(authorisation status not available) (may be a missing access-control permission)",
		},
		"a 503 of the edge does not": {
			&caperrors.CallError{
				Op: "v2/customers", Attempts: 4, Outcome: caperrors.Refused, Stop: caperrors.ErrAttemptsExhausted,
				Err: &caperrors.DecodeError{
					HTTPStatus: 503, ContentType: "text/html", Reason: "not JSON", Excerpt: "<b>down</b>",
					Kind: caperrors.ErrTransient, Outcome: caperrors.Refused,
				},
			},
			"v2/customers failed after 4 attempts in 0s: attempts exhausted: answer not understood: " +
				`not JSON (HTTP 503, text/html): "<b>down</b>"`,
		},
		"a code that no table has": {
			&caperrors.RequestError{Code: 4242, Kind: caperrors.ErrUnrecognised, Message: "odd"}, "status 4242: odd",
		},
		"an item": {
			&caperrors.ItemError{
				Index: 7, Outcome: caperrors.Refused, Attempts: 5, Stop: caperrors.ErrAttemptsExhausted,
				Scope: item("v2", "transaction"), Code: 521, Kind: caperrors.ErrTransient, Message: "busy",
			},
			"item 7 refused after 5 attempts: attempts exhausted: status 521 (another action is running for the " +
				"same customer, retry shortly): busy",
		},
		"an item that was held": {
			&caperrors.ItemError{Index: 8, Outcome: caperrors.NotSent, Stop: caperrors.ErrPredecessor},
			"item 8 not-sent: an earlier item of the same key was not applied",
		},
		"a transport error": {
			&caperrors.TransportError{NotSent: true, Err: errors.New("dial tcp 127.0.0.1:80: connection refused")},
			"no answer (connect): dial tcp 127.0.0.1:80: connection refused",
		},
		"an argument": {
			&caperrors.ArgumentError{Field: "items", Index: 3, Reason: "is empty"}, "items[3]: is empty",
		},
		"an argument without a position": {
			&caperrors.ArgumentError{Field: "WithTimeout", Index: -1, Reason: "must be positive"},
			"WithTimeout: must be positive",
		},
		"the cause of an argument, which may quote it": {
			&caperrors.ArgumentError{Field: "item", Index: -1, Reason: "does not encode to JSON", Err: errors.New(`invalid number literal "4477"`)},
			"item: does not encode to JSON",
		},
		"a cause of the caller's own": {
			&caperrors.ArgumentError{Field: "item", Index: -1, Reason: "does not encode to JSON", Err: &json.MarshalerError{
				Type: reflect.TypeFor[time.Time](), Err: errors.New("no form for 4477"),
			}},
			"item: does not encode to JSON: MarshalJSON or MarshalText of time.Time failed",
		},
		"a cause that speaks of types": {
			&caperrors.ArgumentError{Field: "item", Index: -1, Reason: "does not encode to JSON", Err: &json.UnsupportedTypeError{Type: reflect.TypeFor[chan int]()}},
			"item: does not encode to JSON: json: unsupported type: chan int",
		},
		"a cause of ours": {
			&caperrors.ArgumentError{Field: "item", Index: -1, Reason: "is wrong", Err: &caperrors.ArgumentError{Field: "b", Index: -1, Reason: "is empty"}},
			"item: is wrong: b: is empty",
		},
		"names that the caller chose stay on one line": {
			&caperrors.ArgumentError{Field: "header\r\nX", Index: -1, Reason: "not allowed\x1b[2J"},
			"header  X: not allowed?[2J",
		},
		"an operation that the caller chose stays on one line": {
			&caperrors.CallError{Op: "v2\nfoo", Outcome: caperrors.Refused}, "v2 foo failed after 0 attempts in 0s",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, test.err, test.want)
		})
	}
}

func TestWordsOfConstants(t *testing.T) {
	t.Parallel()
	kinds := "success transient oversize partial invalid unauthenticated permission not-found unsupported " +
		"misconfigured duplicate conflict uncertain queued refused unrecognised"
	for i, word := range strings.Fields(kinds) {
		assert.Equal(t, word, caperrors.Kind(i).String())
		require.EqualError(t, caperrors.Kind(i), word)
	}
	assert.Equal(t, "unrecognised", caperrors.Kind(200).String())
	require.EqualError(t, caperrors.CodeSearchBusy, "status 461")
	require.EqualError(t, caperrors.Code(-1), "status -1")
	for stop := caperrors.ErrAttemptsExhausted; stop <= caperrors.ErrItemTooLarge; stop++ {
		assert.NotEmpty(t, stop.Error())
		assert.NotEqual(t, "stopped", stop.Error())
	}
	require.EqualError(t, caperrors.ErrItemTooLarge+1, "stopped")
	assert.Equal(t, "connect write wait read unknown phase", fmt.Sprint(
		caperrors.PhaseConnect, " ", caperrors.PhaseWrite, " ", caperrors.PhaseWait, " ", caperrors.PhaseRead, " ",
		caperrors.Phase(9)))
	assert.Equal(t, "v2 transaction item", item("v2", "transaction").String())
	assert.Equal(t, "v1.1 request", request("v1.1", "").String())
	assert.Equal(t, "request", caperrors.Scope{}.String())
}

// The answer keeps its form, and its request id, beside what kept the call from
// being tried again.
func TestCallErrorOfAnAnswerAndWhatCameThen(t *testing.T) {
	t.Parallel()
	answer := &caperrors.RequestError{
		HTTPStatus: 401, Scope: request("v2", "transaction"),
		Code: 401, Kind: caperrors.ErrUnauthenticated, RequestID: "ca39128dfa7651122334455",
	}
	inTheWay := fmt.Errorf("authorize: %w", errors.New("no vault for 447700900001"))
	call := &caperrors.CallError{
		Op: "v2/transactions", Attempts: 1, Outcome: caperrors.Refused, Stop: caperrors.ErrRefreshFailed, RequestID: answer.RequestID,
		Err: fmt.Errorf("%w (%w)", answer, inTheWay),
	}
	assert.Equal(t, "v2/transactions failed after 1 attempt in 0s: credentials could not be renewed: status 401 (credentials or token not accepted) "+
		"[request id ca39128dfa7651122334455] (authorize: no vault for ***)", call.Error())
	encoded, err := json.Marshal(call)
	require.NoError(t, err)
	assert.JSONEq(t, `{"type":"call","op":"v2/transactions","attempts":1,"elapsed":0,"outcome":"refused","request_id":"ca39128dfa7651122334455",
		"stop":"credentials could not be renewed","then":"authorize: no vault for ***",
		"error":{"type":"request","code":401,"kind":"unauthenticated","version":"v2","entity":"transaction","level":"request","http_status":401,
			"request_id":"ca39128dfa7651122334455"}}`, string(encoded))
	call.Err = errors.Join(&caperrors.ArgumentError{Field: "A", Index: -1, Reason: "r"}, &caperrors.ArgumentError{Field: "B", Index: -1, Reason: "r"})
	encoded, err = json.Marshal(call)
	require.NoError(t, err)
	assert.Contains(t, string(encoded), `"error":"A: r B: r"`, "two faults are no answer and its sequel")
}
