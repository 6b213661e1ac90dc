package client_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// sentBody returns the body of the last request.
func sentBody(t *testing.T, w *world) string {
	t.Helper()
	all := w.requests()
	require.NotEmpty(t, all)
	body, err := all[len(all)-1].GetBody()
	require.NoError(t, err)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(text)
}

const revoked = `{"entity":{"totalCount":3,"failedCount":2,"revokedCoupons":[{"couponCode":"B"}],
	"failedToRevoke":[{"errorCode":682,"errorMessage":"not found","couponCodes":["A","C"]}]},"errors":[],"success":true}`

func TestCallOfSeveral(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	tests := map[string]struct {
		ep     client.Endpoint
		body   any
		answer string
		want   []caperrors.Outcome
		failed []string // ids
	}{
		"bare values in a list": {
			ep: client.CouponRevoke, body: object{"couponSeriesId": 7, "couponCodes": []string{"A", "B", "C"}}, answer: revoked,
			want: []caperrors.Outcome{caperrors.Refused, caperrors.Applied, caperrors.Refused}, failed: []string{"A", "C"},
		},
		"no list, so that the answer tells": {
			ep: client.CouponRevoke, body: object{"couponSeriesId": 7, "customer": object{"id": 1}}, answer: revoked,
			want: []caperrors.Outcome{caperrors.Applied, caperrors.Refused, caperrors.Refused}, failed: []string{"", ""},
		},
		"objects in a list, of which only failures are answered": {
			ep: client.CouponExpiryUpdate, body: object{"couponCodes": []object{{"couponCode": "A"}, {"couponCode": "B"}}},
			answer: `{"entity":{"totalCount":2,"failedCount":1,"successCount":1,"unprocessedCoupons":[{"couponCode":"A","errorCode":633}]},"success":true}`,
			want:   []caperrors.Outcome{caperrors.Refused, caperrors.Applied}, failed: []string{"A"},
		},
		"a status on the customer and on each program": {
			ep: client.PartnerProgramLink, body: object{"linkCustomers": []object{{"customer": object{"mobile": "1"}}, {"customer": object{"mobile": "2"}}}},
			answer: `{"linkCustomers":[{"customer":{"mobile":"91","status":{"status":false,"code":8015}},"linkToPartnerPrograms":[]},
				{"customer":{"mobile":"92","status":{"status":true,"code":1000}},"linkToPartnerPrograms":[{"partnerLinkStatus":{"status":false,"code":2006}}]}],"warnings":[]}`,
			want: []caperrors.Outcome{caperrors.Refused, caperrors.Refused}, failed: []string{"1", "2"},
		},
		"a count": {
			ep: client.CouponIssueMultiple, body: object{"seriesId": 7, "count": 3},
			answer: `{"coupons":[{"code":"A"}],"totalCount":3,"failureCount":2,"successCount":1,"errors":[{"code":5004}]}`,
			want:   []caperrors.Outcome{caperrors.Applied, caperrors.Refused, caperrors.Refused}, failed: []string{"", ""},
		},
		"a bare array": {
			ep: client.RequestsUpdate, body: []object{{"id": 1}, {"id": 2}},
			answer: `{"response":[{"entityId":2,"result":true},{"entityId":1,"errors":[{"code":9021}]}],"totalCount":2,"failureCount":1}`,
			want:   []caperrors.Outcome{caperrors.Refused, caperrors.Applied}, failed: []string{"1"},
		},
		"ids to read by": {
			ep: client.CustomersByIDs, body: []int{1, 2},
			answer: `{"data":[{"entity":{"id":1},"errors":[],"success":true},{"entity":{"id":2},"errors":[],"success":true},{"entity":{"id":3},"errors":[]}]}`,
			want:   []caperrors.Outcome{caperrors.Applied, caperrors.Applied, caperrors.Applied},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Body: tt.answer})
			resp, err := w.client(t).Call(t.Context(), tt.ep, client.Request{Body: tt.body})
			require.NotNil(t, resp)
			var outcomes []caperrors.Outcome
			for _, v := range resp.Items {
				outcomes = append(outcomes, v.Outcome)
			}
			assert.Equal(t, tt.want, outcomes)
			assert.Equal(t, caperrors.Applied, resp.Outcome)
			assert.JSONEq(t, tt.answer, string(resp.Raw))
			want, marshalErr := json.Marshal(tt.body)
			require.NoError(t, marshalErr)
			assert.JSONEq(t, string(want), sentBody(t, w))
			if tt.failed == nil {
				require.NoError(t, err)
				return
			}
			var batch *caperrors.BatchError
			require.ErrorAs(t, err, &batch)
			var ids []string
			for item := range batch.Items() {
				ids = append(ids, item.ID)
			}
			assert.Equal(t, tt.failed, ids)
			assert.Equal(t, caperrors.Applied, caperrors.OutcomeOf(err))
			assert.Equal(t, 1, w.sim.Stats().Calls, "what was carried out is not sent again")
		})
	}
}

func TestSendPutsItemsIntoAWrapper(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"response":[{"result":{"promotionId":1},"errors":[]},{"errors":[{"code":8015}]}],"totalCount":2,"failureCount":1}`})
	ep := client.PromotionEnrolAndEarn
	ep.Wrapper = json.RawMessage(`{"type":"CUSTOMER","bulkAction":"ENROL","identifierName":"mobile"}`)
	type customer struct {
		IdentifierValue string `json:"identifierValue"`
	}
	b, err := client.Send(t.Context(), w.client(t), ep, []customer{{"1"}, {"2"}})
	var batch *caperrors.BatchError
	require.ErrorAs(t, err, &batch)
	assert.Equal(t, caperrors.Applied, b.Verdicts[0].Outcome)
	assert.Equal(t, caperrors.Refused, b.Verdicts[1].Outcome)
	assert.JSONEq(t, `{"type":"CUSTOMER","bulkAction":"ENROL","identifierName":"mobile","customers":[{"identifierValue":"1"},{"identifierValue":"2"}]}`, sentBody(t, w))
	key, _, err := w.client(t).Bulk(ep).Inspect([]byte(`{"identifierValue":"1"}`))
	require.NoError(t, err)
	assert.Equal(t, "1", key)
}

func TestSendTellsItemsApartByTheListsTheyStandIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	w.sim.Script(clienttest.Answer{Body: `{"entity":{"totalCount":2,"failedCount":1,"unprocessedCoupons":[{"couponCode":"B","errorCode":633}]},"success":true}`})
	type coupon struct {
		Code string `json:"couponCode"`
	}
	b, err := client.Send(t.Context(), w.client(t), client.CouponExpiryUpdate, []coupon{{"A"}, {"B"}})
	var batch *caperrors.BatchError
	require.ErrorAs(t, err, &batch)
	assert.Equal(t, caperrors.Applied, b.Verdicts[0].Outcome)
	assert.Equal(t, caperrors.Refused, b.Verdicts[1].Outcome)
}

func TestWrapperIsChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*client.Endpoint)
		field  string
	}{
		"not an object":                {func(ep *client.Endpoint) { ep.Wrapper = json.RawMessage(`[]`) }, "Endpoint.Wrapper"},
		"the list in it":               {func(ep *client.Endpoint) { ep.Wrapper = json.RawMessage(`{"customers":[]}`) }, "Endpoint.Wrapper"},
		"no list":                      {func(ep *client.Endpoint) { ep.List, ep.Wrapper = "", json.RawMessage(`{}`) }, "Endpoint.Wrapper"},
		"a root too":                   {func(ep *client.Endpoint) { ep.Root = "customer" }, "Endpoint.List"},
		"a count too":                  {func(ep *client.Endpoint) { ep.CountField = "count" }, "Endpoint.CountField"},
		"lists without a place":        {func(ep *client.Endpoint) { ep.Envelope, ep.Items = client.EnvelopeV2Lists, "" }, "Endpoint.Items"},
		"items of v1.1 without a path": {func(ep *client.Endpoint) { *ep = client.V1SMSSend; ep.Items = "" }, "Endpoint.Items"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ep := client.PromotionEnrolAndEarn
			require.NoError(t, ep.Validate())
			tt.change(&ep)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, ep.Validate(), &argument)
			assert.Equal(t, tt.field, argument.Field)
		})
	}
}

func TestSendTakesOnlyCallsOfItems(t *testing.T) {
	t.Parallel()
	for name, ep := range map[string]client.Endpoint{
		"a count": client.CouponIssueMultiple, "bare values": client.CouponRevoke, "a read": client.CustomersByIDs, "no items": client.V1StoreLogs,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			_, err := client.Send(t.Context(), w.client(t), ep, []txn{{}})
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.False(t, ep.TakesMany())
			assert.Empty(t, w.requests())
		})
	}
	assert.True(t, client.TransactionsBulk.TakesMany())
	assert.True(t, client.PromotionEnrolAndEarn.TakesMany())
	assert.True(t, client.V1TransactionAdd.TakesMany())
}
