package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

func TestReadV2Single(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		status int // 200 if 0
		entity string
		want   string
	}{
		"a created id":                            {body: string(fixture(t, "v2single/created.json")), status: 201, entity: "customer", want: "applied 0 success w8050"},
		"a created id under HTTP 500":             {body: string(fixture(t, "v2single/created.json")), status: 500, entity: "customer", want: "applied 0 success w8050 ?"},
		"a refusal of the entity":                 {body: string(fixture(t, "v2single/refused.json")), status: 400, entity: "customer", want: "refused 8015 " + itemKind("customer", 8015)},
		"a repeated bill":                         {body: `{"errors":[{"code":604}]}`, entity: "transaction", want: "duplicate 604 duplicate"},
		"a code that no table has":                {body: `{"errors":[{"code":87654}]}`, entity: "transaction", want: "refused 87654 unrecognised"},
		"an error beside a created id":            {body: `{"createdId":5,"errors":[{"code":8015}]}`, entity: "customer", want: "refused 8015 " + itemKind("customer", 8015) + " ?"},
		"a code of the request beside a result":   {body: `{"createdId":5,"errors":[{"code":400}]}`, entity: "customer", want: "refused 400 invalid ?"},
		"a code of every request beside a result": {body: `{"createdId":5,"errors":[{"code":403}]}`, entity: "customer", want: "refused 403 permission ?"},
		"an entity replaced by null":              {body: `{"entity":17,"entity":null,"errors":[{"code":403}],"createdId":1}`, entity: "label", want: "refused 403 permission ?"},
		"an entity that is a number":              {body: `{"entity":17,"warnings":[]}`, entity: "label", want: "applied 0 success"},
		"an entity that is a list":                {body: `{"entity":["A","B"],"warnings":[]}`, entity: "card", want: "applied 0 success"},
		"data with errors that are null":          {body: `{"data":{"n":1},"errors":null}`, entity: "points", want: "applied 0 success"},
		"data with a placeholder for an error":    {body: `{"data":true,"errors":[{"code":0,"message":""}]}`, entity: "target", want: "applied 0 success"},
		"bare members, one called code":           {body: `{"code":"604","status":{"success":1},"message":"x","warnings":[]}`, entity: "coupon", want: "applied 0 success"},
		"a key error in the singular":             {body: `{"warnings":[],"error":[]}`, entity: "customer", want: "applied 0 success"},
		"an error in the singular":                {body: `{"error":[{"code":8015}]}`, entity: "customer", want: "refused 8015 " + itemKind("customer", 8015)},
		"a text in a member error":                {body: `{"error":"no"}`, entity: "customer", want: "unknown 0 success ?"},
		"success false without an error":          {body: `{"success":false,"warnings":[]}`, entity: "customer", want: "unknown 0 success ?"},
		"success false without one, HTTP 500":     {body: `{"success":false,"entity":{"id":1}}`, status: 500, entity: "customer", want: "unknown 0 success ?"},
		"an empty object":                         {body: `{}`, entity: "customer", want: "unknown 0 success ?"},
		"a label warning alone":                   {body: `{"warnings":[{"status":false,"code":33001}],"errors":[]}`, entity: "label", want: "refused 33001 " + itemKind("label", 33001) + " w33001 ?"},
		"a busy customer as a warning":            {body: `{"warnings":[{"code":521}]}`, entity: "customer", want: "refused 521 transient w521"},
		"a busy customer beside a created id":     {body: `{"createdId":3,"warnings":[{"code":521}]}`, entity: "customer", want: "applied 0 success w521"},
		"all parts failed under success":          {body: `{"entity":{"totalCount":3,"failedCount":3,"failedToRevoke":[{"errorCode":682,"errorMessage":"gone","couponCodes":["A"]}]},"success":true}`, entity: "coupon", want: "refused 682 " + itemKind("coupon", 682)},
		"all parts failed without a code":         {body: `{"entity":{"totalCount":3,"failedCount":3},"success":true}`, entity: "coupon", want: "refused 0 refused"},
		"some parts failed under success":         {body: `{"entity":{"totalCount":3,"failedCount":1,"unprocessedCoupons":[{"couponCode":"A","errorCode":633}]},"success":true}`, entity: "coupon", want: "applied 0 partial w633 ?"},
		"some coupons issued beside an error":     {body: `{"coupons":[{"code":"A"}],"totalCount":2,"failureCount":1,"errors":[{"code":5004}]}`, entity: "coupon", want: "applied 0 partial w5004 ?"},
		"a list of failures":                      {body: `{"currencyExpiryUpdateResponse":[],"failures":[{"errorCode":8015}]}`, entity: "points", want: "refused 8015 " + itemKind("points", 8015)},
		"a list of failures beside successes":     {body: `{"failures":[{"errorCode":8015}],"currencyExpiryUpdateResponse":[{"id":1}]}`, entity: "points", want: "applied 0 partial w8015 ?"},
		"failures as a counter":                   {body: `{"total":1,"success":1,"failures":0,"data":[{"status":"SUCCESS"}]}`, entity: "points", want: "applied 0 success"},
		"a coupon whose redemption failed":        {body: `{"redemptionStatus":{"code":711,"success":false},"warnings":[]}`, entity: "coupon", want: "duplicate 711 duplicate"},
		"a redemption status elsewhere":           {body: `{"redemptionStatus":{"code":711,"success":false},"warnings":[]}`, entity: "lead", want: "applied 0 success"},
		"a status of v1.1 that tells success":     {body: `{"response":{"status":{"code":200,"success":"true"}}}`, entity: "customer", want: "unknown 0 success ?"},
		"a status of v1.1 that tells failure":     {body: `{"response":{"status":{"code":500,"success":"false"}}}`, entity: "customer", want: "refused 500 partial"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := tt.status
			if status == 0 {
				status = 200
			}
			reply := read(t, singleCall(tt.entity), status, tt.body)
			require.Nil(t, reply.Refusal)
			require.Equal(t, []string{tt.want}, summaries(reply.Verdicts))
			assert.JSONEq(t, tt.body, string(reply.Verdicts[0].Raw))
			assert.Equal(t, "req-1", reply.Verdicts[0].RequestID)
		})
	}
}

func TestReadV2SingleRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		entity string
		code   caperrors.Code
		kind   caperrors.Kind
		limit  int
	}{
		"a busy search":        {body: `{"errors":[{"code":461}]}`, entity: "customer", code: 461, kind: caperrors.ErrTransient},
		"credentials":          {body: `{"errors":[{"code":401}],"data":null}`, entity: "customer", code: 401, kind: caperrors.ErrUnauthenticated},
		"code 500":             {body: `{"errors":[{"code":500}]}`, entity: "card", code: 500, kind: kindOf(t, "card", 500)},
		"an oversize":          {body: `{"errors":[{"code":1060,"message":"Exceeded maximum limit size of 10"}]}`, entity: "request", code: 1060, kind: caperrors.ErrOversize, limit: 10},
		"a token told by v1.1": {body: `{"response":{"status":{"code":498,"success":"true"}}}`, entity: "customer", code: 498, kind: caperrors.ErrUnauthenticated},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, singleCall(tt.entity), 200, tt.body)
			require.NotNil(t, reply.Refusal)
			assert.Equal(t, tt.code, reply.Refusal.Code)
			assert.Equal(t, tt.kind, reply.Refusal.Kind)
			assert.Equal(t, tt.limit, reply.Refusal.Limit)
		})
	}
}

// A number that has a meaning of its own in the entity is not the request's.
func TestReadV2SingleSpecialMeaning(t *testing.T) {
	t.Parallel()
	reply := read(t, singleCall("coupon"), 200, `{"errors":[{"code":405,"message":"used"}]}`)
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{"duplicate 405 duplicate"}, summaries(reply.Verdicts))
	assert.Equal(t, caperrors.ItemLevel, reply.Verdicts[0].Scope.Level)

	_, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`[1]`)}, singleCall("coupon"))
	require.Error(t, err)
}
