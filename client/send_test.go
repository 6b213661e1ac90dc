package client_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestSendReturnsEveryVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	_, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("1", "c1")})
	require.NoError(t, err)

	b, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{
		bill("1", "c1"), // there already
		bill("2", "c2"),
		bill("3", ""), // nobody's
		bill("4", "c4"),
	})
	require.NotNil(t, b)
	outcomes := make([]caperrors.Outcome, len(b.Verdicts))
	for i, v := range b.Verdicts {
		outcomes[i] = v.Outcome
		assert.Equal(t, b.RequestID, v.RequestID)
	}
	assert.Equal(t, []caperrors.Outcome{caperrors.Duplicate, caperrors.Applied, caperrors.Refused, caperrors.Applied}, outcomes)
	assert.Equal(t, caperrors.Code(604), b.Verdicts[0].Code)
	assert.Equal(t, caperrors.Code(8015), b.Verdicts[2].Code)
	assert.Contains(t, string(b.Verdicts[1].Raw), `"2"`)
	assert.Equal(t, 1, b.Attempts)
	assert.NotEmpty(t, b.RequestID)

	var call *caperrors.CallError
	require.ErrorAs(t, err, &call)
	assert.Equal(t, client.TransactionsBulk.Name, call.Op)
	assert.Equal(t, caperrors.Applied, call.Outcome)
	assert.Equal(t, b.RequestID, call.RequestID)
	assert.Equal(t, 1, call.Attempts)
	var failed *caperrors.BatchError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, 4, failed.Total)
	require.Equal(t, 1, failed.Failed())
	for item := range failed.Items() {
		assert.Equal(t, 2, item.Index)
		assert.Equal(t, "3", item.ID)
		assert.Equal(t, caperrors.Refused, item.Outcome)
		assert.Equal(t, caperrors.Code(8015), item.Code)
	}
	assert.Equal(t, 2, w.sim.Stats().Calls)
	assert.Equal(t, 3, w.sim.Stats().ItemsApplied)
}

func TestSendOfV1(t *testing.T) {
	t.Parallel()
	type v1 struct {
		Number   string            `json:"number"`
		Customer map[string]string `json:"customer"`
	}
	w := newWorld(t, clienttest.Options{})
	b, err := client.Send(t.Context(), w.client(t), client.V1TransactionAdd, []v1{
		{"1", map[string]string{"mobile": "", "email": "a@example.com"}}, {"2", nil},
	})
	require.ErrorIs(t, err, caperrors.Code(606))
	assert.Equal(t, caperrors.Applied, b.Verdicts[0].Outcome)
	assert.Equal(t, caperrors.Code(600), b.Verdicts[0].Code)
	assert.Equal(t, caperrors.Refused, b.Verdicts[1].Outcome)
	assert.Equal(t, 1, w.sim.Times("1", "a@example.com"))
}

func TestSendOfNothingSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []txn(nil))
	require.NoError(t, err)
	assert.Empty(t, b.Verdicts)
	assert.Empty(t, w.requests())
}

func TestSendFindsTheItemThatIsNoObject(t *testing.T) {
	t.Parallel()
	deep := json.RawMessage(strings.Repeat(`{"a":`, 201) + "1" + strings.Repeat("}", 201))
	for name, bad := range map[string]any{
		"nothing": nil, "a number": 1, "a text": "{}", "a list": []int{1}, "bytes": []byte(`{}`),
		"cut JSON": json.RawMessage(`{"a":1`), "two objects": json.RawMessage(`{},{}`), "a function": func() {}, "too deep": deep,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []any{bill("1", "c"), bad, 17})
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, 1, argument.Index)
			assert.Equal(t, "items", argument.Field)
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			assert.Nil(t, b)
			assert.Empty(t, w.requests())
		})
	}
}

func TestSendRefusesAnEndpointForOneThing(t *testing.T) {
	t.Parallel()
	variable := client.TransactionsBulk
	variable.Path = "v2/{what}/bulk"
	for name, ep := range map[string]client.Endpoint{
		"one thing": client.TransactionAdd, "a GET": client.V1CustomerGet, "a path with a variable": variable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			_, err := client.Send(t.Context(), w.client(t), ep, []txn{bill("1", "c")})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			_, err = w.client(t).Bulk(ep).Send(t.Context(), [][]byte{encoded(t, bill("1", "c"))})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
			assert.Empty(t, w.requests())
		})
	}
}

func TestSendRepeatsTheCallButNoItem(t *testing.T) {
	t.Parallel()
	t.Run("the call was refused for now", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Body: v2Error("461")})
			b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []txn{bill("1", "c1"), bill("2", "c2")})
			require.NoError(t, err)
			assert.Equal(t, 2, b.Attempts)
			assert.Equal(t, 2, w.sim.Stats().Calls)
			assert.Equal(t, 2, w.sim.Stats().ItemsApplied)
		})
	})
	t.Run("every item was refused for now", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, clienttest.Options{Faults: clienttest.Faults{ItemBusy: 1}})
		b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []txn{bill("1", "c1"), bill("2", "c2")})
		require.ErrorIs(t, err, caperrors.ErrTransient)
		var failed *caperrors.BatchError
		require.ErrorAs(t, err, &failed)
		retryable := 0
		for range failed.Retryable() {
			retryable++
		}
		assert.Equal(t, 2, retryable)
		assert.Equal(t, caperrors.CodeCustomerBusy, b.Verdicts[1].Code)
		assert.Equal(t, 1, w.sim.Stats().Calls)
	})
}

func TestSendGivesEveryItemTheFateOfItsCall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts    clienttest.Options
		answer  *clienttest.Answer
		outcome caperrors.Outcome
		code    caperrors.Code
		kind    caperrors.Kind
	}{
		"too many items": {
			opts:    clienttest.Options{BatchLimit: 2, NameLimit: true},
			outcome: caperrors.Refused, code: 1060, kind: caperrors.ErrOversize,
		},
		"a cut connection": {answer: &clienttest.Answer{Cut: true}, outcome: caperrors.Unknown},
		"a page of a gateway": {
			answer: &clienttest.Answer{Status: 502, Body: "<html>"}, outcome: caperrors.Unknown,
		},
		"wrong credentials": {
			opts:    clienttest.Options{Username: "x", Password: "x"},
			outcome: caperrors.Refused, code: 401, kind: caperrors.ErrUnauthenticated,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.opts)
			if tt.answer != nil {
				w.sim.Script(*tt.answer)
			}
			b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk,
				[]txn{bill("1", "c1"), bill("2", "c2"), bill("3", "c3")})
			var call *caperrors.CallError
			require.ErrorAs(t, err, &call)
			assert.Equal(t, tt.outcome, call.Outcome)
			require.Len(t, b.Verdicts, 3)
			for _, v := range b.Verdicts {
				assert.Equal(t, tt.outcome, v.Outcome)
				assert.Equal(t, tt.code, v.Code)
				assert.Equal(t, tt.kind, v.Kind)
				assert.Equal(t, b.RequestID, v.RequestID)
			}
			assert.Zero(t, w.sim.Stats().ItemsApplied)
			assert.Equal(t, 1, w.sim.Stats().Calls)
		})
	}
}

func TestOversizeNamesItsLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{BatchLimit: 2, NameLimit: true})
	_, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []txn{bill("1", "a"), bill("2", "b"), bill("3", "c")})
	var request *caperrors.RequestError
	require.ErrorAs(t, err, &request)
	assert.Equal(t, caperrors.ErrOversize, request.Kind)
	assert.Equal(t, 2, request.Limit)
}

func TestOversizeOfV1Transactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{BatchLimit: 1})
	items := []map[string]any{
		{"number": "1", "customer": map[string]string{"mobile": "a"}}, {"number": "2", "customer": map[string]string{"mobile": "b"}},
	}
	_, err := client.Send(t.Context(), w.client(t), client.V1TransactionAdd, items)
	require.ErrorIs(t, err, caperrors.ErrOversize)
	require.ErrorIs(t, err, caperrors.Code(672))
	// The same number means a size of clothing on v2.
	w.sim.Script(clienttest.Answer{Body: v2Error("672")})
	_, err = client.Send(t.Context(), w.client(t), client.TransactionsBulk, items)
	require.Error(t, err)
	assert.NotErrorIs(t, err, caperrors.ErrOversize)
}

func TestAnswerInAnotherOrderIsPairedByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"response":[
		{"entityId":2,"result":{"billNumber":"2"},"errors":[],"warnings":[]},
		{"result":{"billNumber":"1"},"errors":[{"status":false,"code":8015,"message":"nobody"}],"warnings":[]}],
		"totalCount":2,"failureCount":1}`})
	b, err := client.Send(t.Context(), w.client(t), client.TransactionsBulk, []txn{bill("1", "a"), bill("2", "b")})
	require.Error(t, err)
	assert.Equal(t, caperrors.Code(8015), b.Verdicts[0].Code)
	assert.Equal(t, caperrors.Applied, b.Verdicts[1].Outcome)
	assert.NotEmpty(t, b.Diagnostics)
}

func TestSendOfARepeatableEndpointTellsOfTheUnknownAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.sim.Script(clienttest.Answer{Cut: true, After: true})
		ep := client.TransactionsBulk
		ep.Repeatable = true
		b, err := client.Send(t.Context(), w.client(t), ep, []txn{bill("1", "a"), bill("2", "b")})
		require.NoError(t, err, "the server has both")
		assert.True(t, b.AfterUnknown)
		assert.Equal(t, caperrors.Duplicate, b.Verdicts[0].Outcome)
		assert.Equal(t, 2, b.Attempts)
		assert.Equal(t, 2, w.sim.Stats().ItemsApplied)
	})
}
