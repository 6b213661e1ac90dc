package client_test

import (
	"context"
	"encoding/json"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

var (
	_ batch.Sender    = (*client.Bulk)(nil)
	_ batch.Endpoint  = (*client.Bulk)(nil)
	_ batch.Resources = (*client.Bulk)(nil)
)

func TestBulkSendsOnceAndReturnsEveryVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	bulk := w.client(t).Bulk(client.TransactionsBulk)
	verdicts, err := bulk.Send(t.Context(), [][]byte{encoded(t, bill("1", "c1")), encoded(t, bill("2", ""))})
	require.NoError(t, err, "failed items are no failed call")
	require.Len(t, verdicts, 2)
	assert.Equal(t, caperrors.Applied, verdicts[0].Outcome)
	assert.Equal(t, caperrors.Refused, verdicts[1].Outcome)
	assert.Equal(t, caperrors.Code(8015), verdicts[1].Code)
	assert.NotEmpty(t, verdicts[0].RequestID)
	assert.Equal(t, 1, w.sim.Stats().Calls)

	verdicts, err = bulk.Send(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, verdicts)
	assert.Equal(t, 1, w.sim.Stats().Calls)
}

// T-29 (of the mistakes that package batch numbers): no retries below the retries.
func TestBulkHandsTransientAnswersBack(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]clienttest.Answer{
		"the search is busy": {Body: v2Error("461")},
		"the edge is busy":   {Status: 429, Body: "slow down"},
		"a cut connection":   {Cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(answer)
			start := time.Now()
			verdicts, err := w.client(t).Bulk(client.TransactionsBulk).Send(t.Context(), [][]byte{encoded(t, bill("1", "c1"))})
			var call *caperrors.CallError
			require.ErrorAs(t, err, &call)
			assert.Nil(t, verdicts)
			assert.Equal(t, !answer.Cut, call.Retryable())
			assert.Equal(t, answer.Cut, call.Outcome == caperrors.Unknown)
			assert.Equal(t, 1, w.sim.Stats().Calls)
			assert.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

func TestBulkRepeatsWhatWasNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.fail = func(attempt int) error {
			if attempt < 3 {
				return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return nil
		}
		verdicts, err := w.client(t).Bulk(client.TransactionsBulk).Send(t.Context(), [][]byte{encoded(t, bill("1", "c1"))})
		require.NoError(t, err)
		assert.Len(t, verdicts, 1)
		assert.Len(t, w.requests(), 3)
		assert.Equal(t, 1, w.sim.Stats().Calls)
	})
}

func TestBulkKnowsKeysAndIDs(t *testing.T) {
	t.Parallel()
	type testOfKeys struct {
		ep      client.Endpoint
		item    string
		key, id string
	}
	tests := map[string]testOfKeys{
		"a transaction of v2":      {client.TransactionsBulk, `{"identifierValue":"4477","billNumber":"B1"}`, "4477", "B1"},
		"numbers":                  {client.TransactionsBulk, `{"identifierValue":4477,"billNumber":17}`, "4477", "17"},
		"a blank customer":         {client.TransactionsBulk, `{"identifierValue":"","billNumber":"B1"}`, "", "B1"},
		"nothing":                  {client.TransactionsBulk, `{}`, "", ""},
		"v1.1, the first that is":  {client.V1TransactionAdd, `{"number":"B1","customer":{"mobile":"","email":"a@b","external_id":"x"}}`, "a@b", "B1"},
		"v1.1, the mobile first":   {client.V1TransactionAdd, `{"number":"B1","customer":{"external_id":"x","mobile":"4477"}}`, "4477", "B1"},
		"v1.1, nobody":             {client.V1TransactionAdd, `{"number":"B1","customer":{}}`, "", "B1"},
		"v1.1, a customer":         {client.V1CustomerAdd, `{"mobile":"4477","email":"a@b"}`, "4477", "4477"},
		"v1.1, without a mobile":   {client.V1CustomerAdd, `{"external_id":"x"}`, "x", ""},
		"a customer of v2":         {client.CustomersUpsertBulk, `{"profiles":[{"identifiers":[{"type":"mobile","value":"4477"},{"value":"x"}]}]}`, "4477", "4477"},
		"a customer without names": {client.CustomersUpsertBulk, `{"profiles":[{"identifiers":[]}]}`, "", ""},
		"profiles that are none":   {client.CustomersUpsertBulk, `{"profiles":{"0":{"identifiers":7}}}`, "", ""},
		"a task, bound by nothing": {client.V1TaskAdd, `{"local_id":"7"}`, "", "7"},
	}
	odd := client.TransactionsBulk
	odd.KeyFields, odd.IDField = []string{"a.-1.b", "a.7.b", "a.1.b"}, "c.d1.e"
	tests["elements that are not there"] = testOfKeys{odd, `{"a":[{"b":"x"},{"b":"y"}],"c":{"d1":{"e":5}}}`, "y", "5"}
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, id, err := c.Bulk(tt.ep).Inspect([]byte(tt.item))
			require.NoError(t, err)
			assert.Equal(t, tt.key, key)
			assert.Equal(t, tt.id, id)
		})
	}
}

func TestBulkRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ item, want string }{
		"a cut text":       {`{"identifierValue":"4477`, "item: is not one JSON object: byte 24: the body ends too early"},
		"two objects":      {`{"billNumber":"1"},{}`, "item: is not one JSON object: byte 18: something follows the end"},
		"a list":           {` [{}]`, "item: is not one JSON object: byte 1: not an object"},
		"a missing comma":  {`{"billNumber":"1" "a":2}`, "item: is not one JSON object: byte 18: neither a comma nor the end of the list or object"},
		"a fault far down": {`{"identifierValue":"1","billNumber":"1","a":{"b":[1,tru]}}`, "item: is not one JSON object: byte 55: bad literal"},
	}
	w := newWorld(t, clienttest.Options{})
	bulk := w.client(t).Bulk(client.TransactionsBulk)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, id, err := bulk.Inspect([]byte(tt.item))
			require.EqualError(t, err, tt.want)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Empty(t, key+id)
		})
	}
}

func TestAnEngineLeavesOutWhatIsNoObject(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		eng, err := batch.New(w.client(t).Bulk(client.TransactionsBulk), batch.Config[json.RawMessage]{})
		require.NoError(t, err)
		rep, err := eng.Do(t.Context(), []json.RawMessage{encoded(t, bill("1", "c1")), []byte(`{"billNumber":"2"`), encoded(t, bill("3", "c1"))})
		require.Error(t, err)
		assert.Equal(t, caperrors.Applied, rep.Results[0].Outcome)
		assert.Equal(t, "c1", rep.Results[0].Key)
		assert.Equal(t, caperrors.NotSent, rep.Results[1].Outcome)
		require.ErrorContains(t, rep.Results[1].Err, "item: is not one JSON object: byte 17: the body ends too early")
		assert.Equal(t, caperrors.Applied, rep.Results[2].Outcome)
		assert.Equal(t, "3", rep.Results[2].ID)
	})
}

func TestBulkPairsAnAnswerInAnotherOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"response":[
		{"entityId":4,"result":{"billNumber":"a much longer one"},"errors":[],"warnings":[]},
		{"result":{"billNumber":"é"},"errors":[{"code":8015,"message":"no customer"}],"warnings":[]},
		{"entityId":1,"result":{"billNumber":"7"},"errors":[],"warnings":[]}],"totalCount":3,"failureCount":1}`})
	items := [][]byte{[]byte(`{"billNumber":7}`), []byte(`{"billNumber":"\u00e9"}`), []byte(`{"billNumber":"a much longer one"}`)}
	verdicts, err := w.client(t).Bulk(client.TransactionsBulk).Send(t.Context(), items)
	require.NoError(t, err)
	require.Len(t, verdicts, 3)
	assert.Contains(t, string(verdicts[0].Raw), `"7"`)
	assert.Equal(t, caperrors.Code(8015), verdicts[1].Code)
	assert.Contains(t, string(verdicts[2].Raw), `longer`)
}

func TestInspectOfABulkThatCannotSend(t *testing.T) {
	t.Parallel()
	var none *client.Client
	key, id, err := none.Bulk(client.TransactionsBulk).Inspect([]byte(`{"identifierValue":"4477","billNumber":"B1"}`))
	require.NoError(t, err)
	assert.Equal(t, "4477", key)
	assert.Equal(t, "B1", id)
}

//nolint:paralleltest // AllocsPerRun counts for the whole process
func TestInspectAllocatesKeyAndIDOnly(t *testing.T) {
	w := newWorld(t, clienttest.Options{})
	c := w.client(t)
	for name, tt := range map[string]struct {
		ep   client.Endpoint
		item string
	}{
		"a bill of v2":     {client.TransactionsBulk, `{"identifierType":"mobile","identifierValue":"447700900001","billNumber":"num-1","billAmount":200.5,"lineItems":[{"itemCode":"x","qty":1}]}`},
		"a bill of v1.1":   {client.V1TransactionAdd, `{"number":"num-1","customer":{"mobile":"447700900001","email":"a@b","external_id":"x"}}`},
		"a customer of v2": {client.CustomersUpsertBulk, `{"profiles":[{"identifiers":[{"type":"mobile","value":"4477"},{"value":"x"}]}]}`},
	} {
		bulk, item := c.Bulk(tt.ep), []byte(tt.item)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			if _, _, err := bulk.Inspect(item); err != nil {
				t.Error(err)
			}
		}), 1.0, name)
	}
}

func TestBulkTellsOfItsEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	ep := client.CardsUpdateBulk
	ep.AllOrNothing = true
	bulk := w.client(t, client.WithRetry(retry.Policy{MaxAttempts: 7})).Bulk(ep)
	assert.Equal(t, "PUT v2/card/bulk", bulk.Name())
	assert.Equal(t, 200, bulk.MaxItems())
	assert.True(t, bulk.AllOrNothing())
	assert.Equal(t, 7, bulk.Policy().MaxAttempts)
	assert.Equal(t, retry.DefaultMaxDelay, bulk.Policy().MaxDelay)
	assert.Zero(t, bulk.Rate())
	require.NoError(t, bulk.Wait(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, bulk.Wait(ctx), context.Canceled)
	paced := w.client(t, client.WithRate(ep.Name, 1)).Bulk(ep)
	err := paced.Wait(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, caperrors.ErrDeadlineTooNear)
}

func TestWhatBulksShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	one, other := w.client(t), w.client(t)
	type box struct{ n int }
	created := 0
	create := func() any { created++; return &box{n: created} }
	first := one.Bulk(client.TransactionsBulk).Shared(create)
	assert.Same(t, first, one.Bulk(client.TransactionsBulk).Shared(create))
	assert.Equal(t, 1, created)
	assert.NotSame(t, first, one.Bulk(client.CardsUpdateBulk).Shared(create), "another endpoint")
	assert.NotSame(t, first, other.Bulk(client.TransactionsBulk).Shared(create), "another client")
	assert.Equal(t, 3, created)
	assert.Same(t, one.Bulk(client.TransactionsBulk).Budget(), one.Bulk(client.CardsUpdateBulk).Budget())
	assert.NotSame(t, one.Bulk(client.TransactionsBulk).Budget(), other.Bulk(client.TransactionsBulk).Budget())
	assert.Equal(t, retry.DefaultBudget, one.Bulk(client.TransactionsBulk).Budget().Tokens())
	var none *client.Client
	assert.NotNil(t, none.Bulk(client.TransactionsBulk).Shared(create))
}

func TestBudgetIsTheClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Faults: clienttest.Faults{SearchBusy: 1}})
		c := w.client(t)
		_, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("1", "c1")})
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		// Three repetitions of an overload, 14 tokens each.
		assert.Equal(t, retry.DefaultBudget-42, c.Bulk(client.CardsUpdateBulk).Budget().Tokens())
	})
}

func TestRateIsOneForAllWaysToCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		name := client.TransactionsBulk.Name
		c := w.client(t, client.WithRate(name, 120))
		bulk := c.Bulk(client.TransactionsBulk)
		assert.InDelta(t, 2, bulk.Rate(), 1e-9)
		start := time.Now()
		at := func(d time.Duration) { t.Helper(); assert.Equal(t, d, time.Since(start)) }
		require.NoError(t, bulk.Wait(t.Context()))
		at(0)
		_, err := bulk.Send(t.Context(), [][]byte{encoded(t, bill("1", "c1"))})
		require.NoError(t, err)
		at(0) // Wait has paid for it
		_, err = client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("2", "c2")})
		require.NoError(t, err)
		at(500 * time.Millisecond)
		_, err = c.Call(t.Context(), client.TransactionsBulk, client.Request{Body: bill("3", "c3")})
		require.NoError(t, err)
		at(time.Second)
		require.NoError(t, c.Bulk(client.TransactionsBulk).Wait(t.Context()))
		at(1500 * time.Millisecond)
		_, err = c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("4", "c4")})
		require.NoError(t, err)
		at(1500 * time.Millisecond) // another endpoint
	})
}

func TestRateHoldsForAttemptsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Faults: clienttest.Faults{SearchBusy: 1}})
		c := w.client(t, client.WithRate(client.TransactionAdd.Name, 1), client.WithRetry(retry.Policy{MaxAttempts: 3}))
		start := time.Now()
		_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "c1")})
		require.ErrorIs(t, err, caperrors.ErrAttemptsExhausted)
		assert.InDelta(t, 2*time.Minute, time.Since(start), float64(time.Millisecond)) // rates are fractions
	})
}

func TestRateWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		c := w.client(t, client.WithRate(client.TransactionAdd.Name, 1))
		call := func(ctx context.Context) error {
			_, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill("1", "c1"), Repeatable: true})
			return err
		}
		require.NoError(t, call(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		start := time.Now()
		err := call(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
		assert.Equal(t, 10*time.Second, time.Since(start))

		// The next slot is 50 s away: what would end before is not begun.
		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start = time.Now()
		err = call(ctx)
		require.ErrorIs(t, err, caperrors.ErrDeadlineTooNear)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 1, w.sim.Stats().Calls)
	})
}
