package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

func TestCallAddsAndReadsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	const number = "A/17 b?" // needs escaping
	resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{
		Query: url.Values{"identifierName": {"mobile"}, "identifierValue": {"447700900001"}, "source": {"INSTORE"}},
		Body:  txn{BillNumber: number, BillAmount: 100},
	})
	require.NoError(t, err)
	assert.Equal(t, caperrors.Applied, resp.Outcome)
	assert.Equal(t, http.StatusOK, resp.HTTPStatus)
	assert.Equal(t, 1, resp.Attempts)
	assert.NotEmpty(t, resp.RequestID)
	assert.Empty(t, resp.Diagnostics)
	added, err := client.Decode[struct {
		CreatedID int64 `json:"createdId"`
	}](resp.Raw)
	require.NoError(t, err)
	assert.Positive(t, added.CreatedID)
	assert.Equal(t, 1, w.sim.Times(number, "447700900001"))

	resp, err = c.Call(t.Context(), client.TransactionByNumber, client.Request{Path: map[string]string{"number": number}})
	require.NoError(t, err)
	assert.Equal(t, caperrors.Applied, resp.Outcome)
	assert.Contains(t, string(resp.Raw), `"A/17 b?"`)
}

func TestCallOfV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	resp, err := c.Call(t.Context(), client.V1CustomerAdd, client.Request{
		Body: map[string]string{"mobile": "447700900001", "firstname": "Alex"},
	})
	require.NoError(t, err)
	assert.Equal(t, caperrors.Code(1000), resp.Code)
	assert.Equal(t, caperrors.Applied, resp.Outcome)
	assert.Equal(t, 1, w.sim.Times("447700900001", "447700900001"))

	resp, err = c.Call(t.Context(), client.V1CustomerGet, client.Request{Query: url.Values{"mobile": {"447700900001"}}})
	require.NoError(t, err)
	got, err := client.Decode[struct {
		Mobile string `json:"mobile"`
	}](resp.Raw)
	require.NoError(t, err)
	assert.Equal(t, "447700900001", got.Mobile)
	assert.Equal(t, 2, w.sim.Stats().Calls)
}

func TestCallRepeatsWhatIsRefusedForNow(t *testing.T) {
	t.Parallel()
	busyV1 := `{"response":{"status":{"success":"false","code":500,"message":"All requests have failed"},
		"transactions":{"transaction":[{"number":"1","item_status":{"success":"false","code":"521","message":"busy"}}]}}}`
	tests := map[string]struct {
		ep     client.Endpoint
		answer clienttest.Answer
	}{
		"the customer is busy":      {client.TransactionAdd, clienttest.Answer{Body: v2Error("521")}},
		"the search is busy":        {client.TransactionAdd, clienttest.Answer{Status: 500, Body: v2Error("461")}},
		"the access check is down":  {client.TransactionAdd, clienttest.Answer{Status: 503, Body: v2Error("503")}},
		"a page of the edge, 429":   {client.TransactionAdd, clienttest.Answer{Status: 429, Body: "slow down"}},
		"the only item of v1.1":     {client.V1TransactionAdd, clienttest.Answer{Body: busyV1}},
		"the request as a whole v1": {client.V1TransactionAdd, clienttest.Answer{Body: `{"response":{"status":{"success":"false","code":461,"message":"busy"}}}`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				w.sim.Script(tt.answer)
				body := map[string]any{
					"billNumber": "1", "identifierValue": "447700900001",
					"number": "1", "customer": map[string]string{"mobile": "447700900001"},
				}
				resp, err := w.client(t).Call(t.Context(), tt.ep, client.Request{Body: body})
				require.NoError(t, err)
				assert.Equal(t, 2, resp.Attempts)
				assert.Equal(t, caperrors.Applied, resp.Outcome)
				assert.Equal(t, 2, w.sim.Stats().Calls)
				assert.Equal(t, 1, w.sim.Times("1", "447700900001"))
			})
		})
	}
}

func TestCallGivesUpAfterThePolicysAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Faults: clienttest.Faults{SearchBusy: 1}})
		resp, err := w.client(t, client.WithRetry(retry.Policy{MaxAttempts: 3})).
			Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
		require.ErrorIs(t, err, caperrors.CodeSearchBusy)
		require.ErrorIs(t, err, caperrors.ErrTransient)
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		assert.Equal(t, caperrors.Refused, caperrors.OutcomeOf(err))
		require.NotNil(t, resp)
		assert.Equal(t, caperrors.CodeSearchBusy, resp.Code)
		assert.Equal(t, 3, resp.Attempts)
		assert.Equal(t, 3, w.sim.Stats().Calls)
		assert.NotEmpty(t, resp.RequestID)
		assert.Equal(t, resp.RequestID, caperrors.RequestIDOf(err))
	})
}

func TestCallDoesNotRepeatAWriteOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Cut: true, After: true})
		resp, err := w.client(t).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
		require.ErrorIs(t, err, caperrors.ErrNotRepeatable)
		assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
		assert.Nil(t, resp, "nothing was answered")
		assert.Equal(t, 1, w.sim.Stats().Calls)
		assert.Equal(t, 1, w.sim.Times("1", "447700900001"))
	})
}

func TestCallRepeatsWhatIsRepeatable(t *testing.T) {
	t.Parallel()
	own := client.TransactionAdd
	own.Repeatable = true
	tests := map[string]struct {
		ep  client.Endpoint
		req client.Request
	}{
		"by the call":     {client.TransactionAdd, client.Request{Repeatable: true}},
		"by the endpoint": {own, client.Request{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				w.sim.Script(clienttest.Answer{Cut: true, After: true})
				tt.req.Body = bill("1", "447700900001")
				resp, err := w.client(t).Call(t.Context(), tt.ep, tt.req)
				// The first attempt did the work, so the second is told that it is there.
				require.ErrorIs(t, err, caperrors.ErrDuplicate)
				require.ErrorIs(t, err, caperrors.Code(604))
				assert.Equal(t, caperrors.Duplicate, caperrors.OutcomeOf(err))
				assert.Equal(t, caperrors.Duplicate, resp.Outcome)
				assert.True(t, resp.AfterUnknown)
				assert.Equal(t, 2, w.sim.Stats().Calls)
				assert.Equal(t, 1, w.sim.Times("1", "447700900001"))
			})
		})
	}
	t.Run("a GET always", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Cut: true})
			resp, err := w.client(t).Call(t.Context(), client.TransactionByNumber,
				client.Request{Path: map[string]string{"number": "1"}})
			require.ErrorIs(t, err, caperrors.ErrNotFound) // an answer: there is no such bill
			assert.Equal(t, 2, resp.Attempts)
			assert.Equal(t, 2, w.sim.Stats().Calls)
		})
	})
}

func TestRefusalAfterAnUnknownAttemptProvesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Cut: true, After: true}, clienttest.Answer{Status: 400, Body: v2Error("400")})
		resp, err := w.client(t).Call(t.Context(), client.TransactionAdd,
			client.Request{Body: bill("1", "447700900001"), Repeatable: true})
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
		assert.True(t, resp.AfterUnknown)
	})
}

func TestCallTellsADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.ErrorIs(t, err, caperrors.ErrDuplicate)
	assert.Equal(t, caperrors.Duplicate, caperrors.OutcomeOf(err))
	assert.False(t, resp.AfterUnknown)
	assert.Equal(t, 2, w.sim.Stats().Calls)
}

func TestCallKeepsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ep      client.Endpoint
		answer  clienttest.Answer
		kind    caperrors.Kind // 0: no error
		code    caperrors.Code
		outcome caperrors.Outcome
	}{
		"input not valid": {
			ep: client.TransactionAdd, answer: clienttest.Answer{Status: 400, Body: v2Error("400")},
			kind: caperrors.ErrInvalid, code: 400, outcome: caperrors.Refused,
		},
		"a refusal with HTTP 200": {
			ep: client.TransactionAdd, answer: clienttest.Answer{Status: 200, Body: v2Error("8015")},
			kind: caperrors.ErrNotFound, code: 8015, outcome: caperrors.Refused,
		},
		"a number that no table has": {
			ep: client.TransactionAdd, answer: clienttest.Answer{Body: v2Error("424242")},
			kind: caperrors.ErrUnrecognised, code: 424242, outcome: caperrors.Refused,
		},
		"HTTP 500 with a created id and a warning": {
			ep: client.CustomerAdd,
			answer: clienttest.Answer{Status: 500, Body: `{"createdId":17,"warnings":[{"status":false,"code":8050,
				"message":"combined"}]}`},
			outcome: caperrors.Applied,
		},
		"a warning code on the item of v1.1": {
			ep: client.V1CustomerAdd,
			answer: clienttest.Answer{Body: `{"response":{"status":{"success":"true","code":200,"message":"Success"},"customers":
				{"customer":[{"item_status":{"success":"true","code":"1000","message":"ok","warnings":{"warning":["1017"]}}}]}}}`},
			code: 1000, outcome: caperrors.Applied,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(tt.answer)
			resp, err := w.client(t).Call(t.Context(), tt.ep, client.Request{Body: map[string]string{"billNumber": "1"}})
			require.NotNil(t, resp)
			if tt.kind == 0 {
				require.NoError(t, err)
				assert.Len(t, resp.Warnings, 1)
			} else {
				require.ErrorIs(t, err, tt.kind)
				assert.Equal(t, tt.outcome, caperrors.OutcomeOf(err))
				code, ok := caperrors.CodeOf(err)
				assert.True(t, ok)
				assert.Equal(t, tt.code, code)
				assert.Equal(t, "told by a script", resp.Message)
			}
			assert.Equal(t, tt.code, resp.Code)
			assert.Equal(t, tt.outcome, resp.Outcome)
			assert.Equal(t, 1, w.sim.Stats().Calls)
		})
	}
}

func TestCallOfAnAnswerThatIsNotTheAPIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Status: 502, Body: "<html>Bad Gateway</html>"})
	resp, err := w.client(t).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	var decode *caperrors.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Equal(t, 502, decode.HTTPStatus)
	assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
	require.NotNil(t, resp)
	assert.Equal(t, caperrors.Unknown, resp.Outcome)
	assert.Nil(t, resp.Raw)
	assert.NotEmpty(t, resp.RequestID)
}

func TestBasicIsNotTriedAgainWhenRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{Username: till, Password: "another"})
	resp, err := w.client(t).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
	assert.Equal(t, caperrors.CodeUnauthenticated, resp.Code)
	assert.Equal(t, 1, w.sim.Stats().Calls)
}

func TestCallChecksTheBody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ep   client.Endpoint
		body any
	}{
		"no JSON":                 {client.TransactionAdd, func() {}},
		"JSON that is cut":        {client.TransactionAdd, json.RawMessage(`{"billNumber":`)},
		"a list as an item":       {client.V1TransactionAdd, []int{1}},
		"a text as an item":       {client.TransactionsBulk, "text"},
		"a body on a GET":         {client.CustomerLookup, map[string]int{}},
		"a channel in a body":     {client.TransactionAdd, map[string]any{"a": make(chan int)}},
		"an item that is nothing": {client.V1TransactionAdd, (*txn)(nil)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			resp, err := w.client(t).Call(t.Context(), tt.ep, client.Request{Body: tt.body})
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, "Request.Body", argument.Field)
			assert.Nil(t, resp)
			assert.Empty(t, w.requests())
		})
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Latency: time.Minute})
		cause := errors.New("shop closed")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		start := time.Now()
		_, err := w.client(t).Call(ctx, client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, caperrors.ErrContextEnded)
		assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestTimeoutIsOfOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Delay: time.Minute}, clienttest.Answer{Delay: 4 * time.Second})
		resp, err := w.client(t, client.WithTimeout(5*time.Second)).Call(t.Context(), client.TransactionByNumber,
			client.Request{Path: map[string]string{"number": "1"}})
		require.ErrorIs(t, err, caperrors.ErrNotFound) // an answer: there is no such bill
		assert.Equal(t, 2, resp.Attempts)
	})
}

func TestMaxBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"createdId":1,"warnings":[]}`})
	resp, err := w.client(t, client.WithMaxBody(10)).
		Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	var decode *caperrors.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
	require.NotNil(t, resp)
	assert.Nil(t, resp.Raw)
}

func TestResponseTellsOfTheLastAnswerOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		busy := v2Error("461")
		w.sim.Script(clienttest.Answer{Body: busy}, clienttest.Answer{Body: strings.Repeat(" ", len(busy)) + "{}"})
		resp, err := w.client(t, client.WithMaxBody(int64(len(busy)))).
			Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
		require.Error(t, err)
		require.NotErrorIs(t, err, caperrors.CodeSearchBusy)
		assert.Zero(t, resp.Code)
		assert.Equal(t, 2, resp.Attempts)
		assert.Equal(t, caperrors.Unknown, resp.Outcome)
	})
}

func TestReplayCodesOfTheEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	ep := client.TransactionAdd
	ep.Replay = []caperrors.Code{4242}
	w.sim.Script(clienttest.Answer{Body: v2Error("4242")})
	_, err := w.client(t).Call(t.Context(), ep, client.Request{Body: bill("1", "447700900001")})
	require.ErrorIs(t, err, caperrors.ErrDuplicate)
	assert.Equal(t, caperrors.Duplicate, caperrors.OutcomeOf(err))
}

func TestRetryAfterOfTheAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ep   client.Endpoint
		body string
	}{
		"the request": {client.V1TransactionAdd, `{"response":{"status":{"success":"false","code":461,"message":"busy"}}}`},
		"its only item": {client.V1TransactionAdd, `{"response":{"status":{"success":"true","code":200},
			"transactions":{"transaction":[{"item_status":{"success":"false","code":521}}]}}}`},
		"the edge": {client.TransactionAdd, "busy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Status: 503, Body: tt.body, Header: http.Header{"Retry-After": {"17"}}})
			_, err := w.client(t, client.WithRetry(retry.Policy{MaxAttempts: 1})).
				Call(t.Context(), tt.ep, client.Request{Body: bill("1", "447700900001")})
			require.ErrorIs(t, err, caperrors.ErrTransient)
			assert.Equal(t, 17*time.Second, caperrors.RetryAfterOf(err))
		})
	}
}

func TestAnswerWithoutTheItemIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"response":{"status":{"success":"true","code":200,"message":"Success"},
		"transactions":{"transaction":[]}}}`})
	resp, err := w.client(t).Call(t.Context(), client.V1TransactionAdd,
		client.Request{Body: bill("1", "447700900001"), Repeatable: true})
	var call *caperrors.CallError
	require.ErrorAs(t, err, &call)
	assert.Equal(t, "v1.1/transaction/add", call.Op)
	assert.Equal(t, 1, call.Attempts)
	assert.Equal(t, resp.RequestID, call.RequestID)
	var decode *caperrors.DecodeError
	require.ErrorAs(t, err, &decode)
	assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
	assert.Equal(t, caperrors.Unknown, resp.Outcome)
	assert.Equal(t, 1, w.sim.Stats().Calls, "the server has answered: asking again brings the same")
}

func TestCallReadsAList(t *testing.T) {
	t.Parallel()
	const status = `{"response":{"status":{"success":"true","code":200,"message":"Success"},"customers":{"customer":`
	const known = `{"mobile":"1","item_status":{"success":"true","code":1000}}`
	const erased = `{"mobile":"2","item_status":{"success":"false","code":8109}}`
	tests := map[string]struct {
		body   string
		items  []caperrors.Outcome
		raw    string // the whole body if empty
		failed bool
		notes  int
	}{
		"two":              {body: status + `[` + known + `,` + known + `]}}}`, items: []caperrors.Outcome{caperrors.Applied, caperrors.Applied}},
		"two, one refused": {body: status + `[` + known + `,` + erased + `]}}}`, items: []caperrors.Outcome{caperrors.Applied, caperrors.Refused}, failed: true, notes: 1},
		"none":             {body: status + `[]}}}`, items: []caperrors.Outcome{}},
		"one":              {body: status + `[` + known + `]}}}`, raw: known},
		"one, no status":   {body: status + `[{"mobile":"1"}]}}}`, raw: `{"mobile":"1"}`, notes: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Body: tt.body})
			resp, err := w.client(t).Call(t.Context(), client.V1CustomerGet, client.Request{Query: url.Values{"mobile": {"1,2"}}})
			var batch *caperrors.BatchError
			assert.Equal(t, tt.failed, errors.As(err, &batch), "%v", err)
			assert.Equal(t, tt.failed, err != nil)
			assert.Equal(t, caperrors.Applied, resp.Outcome)
			var outcomes []caperrors.Outcome
			if resp.Items != nil {
				outcomes = make([]caperrors.Outcome, len(resp.Items))
			}
			for i, v := range resp.Items {
				outcomes[i] = v.Outcome
			}
			assert.Equal(t, tt.items, outcomes)
			if tt.raw == "" {
				tt.raw = tt.body
			}
			assert.Equal(t, tt.raw, string(resp.Raw))
			assert.Len(t, resp.Diagnostics, tt.notes, "%q", resp.Diagnostics)
			assert.Equal(t, 1, w.sim.Stats().Calls)
		})
	}
	t.Run("of nobody", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Body: `{"response":{"status":{"success":"false","code":400,"message":"no"}}}`})
		_, err := w.client(t).Call(t.Context(), client.V1CustomerGet, client.Request{})
		require.ErrorIs(t, err, caperrors.ErrInvalid)
	})
}
