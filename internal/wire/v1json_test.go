package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

func TestReadV1MixedTypes(t *testing.T) {
	t.Parallel()
	reply := read(t, v1Call(5), 200, string(fixture(t, "v1/mixed-types.json")))
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{
		"applied 600 success w1017 w91017",
		"duplicate 604 duplicate",
		"refused 521 transient w521",
		"applied 600 success",
		"refused 123456 unrecognised",
	}, summaries(reply.Verdicts))
	assert.Empty(t, reply.Diagnostics)
	assert.Equal(t, "Something\nnew", reply.Verdicts[4].Message)
	assert.Equal(t, caperrors.Scope{Version: caperrors.V1, Entity: "transaction", Level: caperrors.ItemLevel}, reply.Verdicts[1].Scope)
	for _, v := range reply.Verdicts {
		assert.Equal(t, "req-1", v.RequestID)
	}
	assert.Contains(t, string(reply.Verdicts[2].Raw), `"INV-3"`)
	assert.NotContains(t, string(reply.Verdicts[2].Raw), `"INV-2"`)
}

func TestReadV1AsAWhole(t *testing.T) {
	t.Parallel()
	customers := v1Call(2)
	customers.Entity, customers.Items = "customer", "customers.customer"
	redeemable := v1Call(1)
	redeemable.Entity, redeemable.Items = "coupon", "coupons.redeemable"
	logs := v1Call(1)
	logs.Entity, logs.Items = "store", ""
	tests := map[string]struct {
		file    string
		call    wire.Call
		status  int
		want    []string
		refusal caperrors.Code
		kind    caperrors.Kind
	}{
		"one item comes as an object, without the wrapper": {
			file: "v1/one-object-no-wrapper.json", call: v1Call(1), status: 200, want: []string{"applied 600 success"},
		},
		"empty items below code 500 are refused with it, whatever the HTTP status": {
			file: "v1/all-failed-empty-items.json", call: customers, status: 200,
			want: []string{"refused 500 partial", "refused 500 partial"},
		},
		"a status without items is a refusal": {
			file: "v1/status-only-busy.json", call: v1Call(3), status: 200, refusal: 461, kind: caperrors.ErrTransient,
		},
		"an expired token is a refusal although the flag says success": {
			file: "v1/expired-beside-success.json", call: v1Call(3), status: 200, refusal: 498, kind: caperrors.ErrUnauthenticated,
		},
		"a status may stand flat below the wrapper": {
			file: "v1/flat-status.json", call: logs, status: 200, refusal: 904, kind: caperrors.ErrRefused,
		},
		"a code outranks the flag": {
			file: "v1/flag-true-code-706.json", call: redeemable, status: 200, want: []string{"refused 706 refused ?"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, tt.call, tt.status, string(fixture(t, tt.file)))
			if tt.refusal != 0 {
				require.NotNil(t, reply.Refusal)
				assert.Nil(t, reply.Verdicts)
				assert.Equal(t, tt.refusal, reply.Refusal.Code)
				assert.Equal(t, tt.kind, reply.Refusal.Kind)
				assert.Equal(t, "req-1", reply.Refusal.RequestID)
				assert.Equal(t, tt.status, reply.Refusal.HTTPStatus)
				assert.Equal(t, caperrors.RequestLevel, reply.Refusal.Scope.Level)
				return
			}
			require.Nil(t, reply.Refusal)
			assert.Equal(t, tt.want, summaries(reply.Verdicts))
		})
	}
}

func TestReadV1Drift(t *testing.T) {
	t.Parallel()
	const (
		ok    = `"status":{"success":"true","code":200,"message":"Success"}`
		item  = `{"item_status":{"success":"true","code":"600"}}`
		wrong = `{"item_status":{"success":"false","code":"602"}}`
	)
	tests := map[string]struct {
		body   string
		count  int // 1 if 0
		status int // 200 if 0
		want   []string
		marks  int // entries of Reply.Diagnostics
	}{
		"the container is a list of items":                      {body: `{"response":{` + ok + `,"transactions":[` + item + `]}}`, want: []string{"applied 600 success"}},
		"the container is a list of containers":                 {body: `{"response":{` + ok + `,"transactions":[{"transaction":[` + item + `]},{"transaction":` + item + `}]}}`, count: 2, want: []string{"applied 600 success", "applied 600 success"}},
		"the container is an empty list":                        {body: `{"response":{` + ok + `,"transactions":[]}}`, want: []string{"unknown 0 success ?"}},
		"the list is an empty text":                             {body: `{"response":{` + ok + `,"transactions":{"transaction":""}}}`, want: []string{"unknown 0 success ?"}},
		"an item is null":                                       {body: `{"response":{` + ok + `,"transactions":{"transaction":[null]}}}`, want: []string{"unknown 0 success ?"}},
		"an item has no status under 200":                       {body: `{"response":{` + ok + `,"transactions":{"transaction":[{"id":1}]}}}`, want: []string{"unknown 0 success ?"}},
		"an item has an empty status under 200":                 {body: `{"response":{` + ok + `,"transactions":{"transaction":[{"item_status":{}}]}}}`, want: []string{"unknown 0 success ?"}},
		"an item has no status beside one that has":             {body: `{"response":{"status":{"code":500},"transactions":{"transaction":[{},` + wrong + `]}}}`, count: 2, want: []string{"refused 500 partial ?", "refused 602 " + kindText(t, 602)}},
		"a later status replaces an earlier one":                {body: `{"response":{"status":{"code":461},` + ok + `,"transactions":{"transaction":` + item + `}}}`, want: []string{"applied 600 success"}},
		"later items replace earlier ones":                      {body: `{"response":{` + ok + `,"transactions":{"transaction":[` + item + `,` + item + `],"transaction":[` + wrong + `]}}}`, want: []string{"refused 602 " + kindText(t, 602)}, marks: 1},
		"a later response replaces an earlier one":              {body: `{"response":{"status":{"code":461},"transactions":{"transaction":` + item + `}},"response":{` + ok + `}}`, want: []string{"unknown 0 success ?"}},
		"a later item_status replaces an earlier one":           {body: `{"response":{` + ok + `,"transactions":{"transaction":{"item_status":{"success":"true","code":600,"warnings":{"warning":["1017"]}},"item_status":{"success":"false"}}}}}`, want: []string{"refused 0 unrecognised"}, marks: 1},
		"names are escaped":                                     {body: `{"respons\u0065":{` + ok + `,"transactions":{"transaction":{"item\u005fstatus":{"success":"true","code":"600"}}}}}`, want: []string{"applied 600 success"}},
		"a byte order mark leads":                               {body: "\xEF\xBB\xBF" + `{"response":{` + ok + `,"transactions":{"transaction":` + item + `}}}`, want: []string{"applied 600 success"}},
		"the status of the top does not count beside a wrapper": {body: `{"status":{"code":461},"response":{` + ok + `,"transactions":{"transaction":` + item + `}},"status":{"code":461}}`, want: []string{"applied 600 success"}},
		"the flag is false beside the code of a success":        {body: itemWith(`"success":"false","code":600`), want: []string{"applied 600 success ?"}},
		"an unknown code follows the flag true":                 {body: itemWith(`"success":"true","code":123456`), want: []string{"applied 123456 success"}},
		"an unknown code has no flag":                           {body: itemWith(`"code":123456`), want: []string{"unknown 123456 unrecognised ?"}},
		"an unknown code has two flags":                         {body: itemWith(`"success":"true","status":"false","code":123456`), want: []string{"refused 123456 unrecognised ?"}, marks: 1},
		"a code is no number":                                   {body: itemWith(`"success":"true","code":"n/a"`), want: []string{"applied 0 success"}},
		"a code has a fraction":                                 {body: itemWith(`"success":"true","code":604.5`), want: []string{"applied 0 success"}},
		"a code is beyond any code":                             {body: itemWith(`"success":"true","code":99999999999999999999`), want: []string{"applied 0 success"}},
		"a flag is no flag":                                     {body: itemWith(`"success":"perhaps"`), want: []string{"unknown 0 success ?"}},
		"a message is an object":                                {body: itemWith(`"success":"true","code":600,"message":{"code":604}`), want: []string{"applied 600 success"}},
		"warnings are objects":                                  {body: itemWith(`"success":"true","code":600,"warnings":{"warning":{"code":"1017","message":"x"}}`), want: []string{"applied 600 success w1017"}},
		"warnings are a list without a member":                  {body: itemWith(`"success":"true","code":600,"warnings":["1017",{},0,"",null,{"code":0,"message":""}]`), want: []string{"applied 600 success w1017"}},
		"a warning is one code":                                 {body: itemWith(`"success":"true","code":600,"warnings":"1017"`), want: []string{"applied 600 success w1017"}},
		"a warning 521 stands on a success":                     {body: itemWith(`"success":"true","code":600,"warnings":{"warning":["521"]}`), want: []string{"applied 600 success w521"}},
		"a warning 521 stands on a failure":                     {body: itemWith(`"success":"false","code":602,"warnings":{"warning":["1017",521]}`), want: []string{"refused 521 transient w1017 w521"}, marks: 1},
		"a warning 521 stands on no verdict":                    {body: itemWith(`"message":"busy","warnings":{"warning":["521"]}`), want: []string{"refused 521 transient w521"}, marks: 1},
		"a warning 521 stands on a duplicate":                   {body: itemWith(`"success":"false","code":604,"warnings":{"warning":["521"]}`), want: []string{"duplicate 604 duplicate w521"}, marks: 1},
		"a queued sale is done":                                 {body: itemWith(`"success":"true","code":687`), want: []string{"applied 687 queued"}},
		"an oversize stands on an item":                         {body: itemWith(`"success":"false","code":672`), want: []string{"refused 672 oversize"}, marks: 1},
		"success 200 counts against a failed item":              {body: itemWith(`"success":"false","code":"604"`), want: []string{"duplicate 604 duplicate"}, marks: 1},
		"items are applied under HTTP 500":                      {body: itemWith(`"success":"true","code":"600"`), status: 500, want: []string{"applied 600 success"}, marks: 1},
		"counters contradict the items":                         {body: `{"response":{"status":{"code":200,"total":"3","success_count":"0"},"transactions":{"transaction":` + item + `}}}`, want: []string{"applied 600 success"}, marks: 2},
		"every item failed, says the code, and one did not":     {body: `{"response":{"status":{"code":500,"success":"false"},"transactions":{"transaction":` + item + `}}}`, want: []string{"applied 600 success"}, marks: 2},
		"a refusal has items with a status":                     {body: `{"response":{"status":{"code":521},"transactions":{"transaction":` + item + `}}}`, want: []string{"applied 600 success"}, marks: 1},
		"the fault of a request leaves it unknown":              {body: `{"response":{"status":{"code":407,"success":"false"}}}`, count: 2, want: []string{"unknown 407 uncertain", "unknown 407 uncertain"}},
		"the status is a flag alone":                            {body: `{"response":{"status":{"success":true},"transactions":{"transaction":[{}]}}}`, want: []string{"unknown 0 success ?"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := tt.status
			if status == 0 {
				status = 200
			}
			reply := read(t, v1Call(max(tt.count, 1)), status, tt.body)
			require.Nil(t, reply.Refusal)
			assert.Equal(t, tt.want, summaries(reply.Verdicts))
			assert.Len(t, reply.Diagnostics, tt.marks, "%q", reply.Diagnostics)
		})
	}
}

// itemWith is an answer with one item whose status has these members.
func itemWith(members string) string {
	return `{"response":{"status":{"success":"true","code":200},"transactions":{"transaction":[{"item_status":{` + members + `}}]}}}`
}

func kindText(t *testing.T, code caperrors.Code) string {
	t.Helper()
	m, _ := caperrors.Lookup(caperrors.Scope{Version: caperrors.V1, Entity: "transaction", Level: caperrors.ItemLevel}, code)
	return m.Kind.String()
}

func TestReadV1WithoutAPathToItems(t *testing.T) {
	t.Parallel()
	c := v1Call(1)
	c.Items, c.EchoID = "", ""
	reply := read(t, c, 200, `{"response":{"status":{"code":200},"":[{"item_status":{"success":"true","code":600}}]}}`)
	assert.Equal(t, []string{"unknown 0 success ?"}, summaries(reply.Verdicts))
	assert.Empty(t, reply.Diagnostics)
}

func TestReadV1Refusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body    string
		code    caperrors.Code
		kind    caperrors.Kind
		message string
	}{
		"a refusal in the form of v2":           {body: `{"errors":[{"status":false,"code":1061,"message":"no type"}]}`, code: 1061, kind: caperrors.ErrMisconfigured, message: "no type"},
		"input not valid":                       {body: `{"response":{"status":{"success":"false","code":"400"}}}`, code: 400, kind: caperrors.ErrInvalid},
		"a code that no table has":              {body: `{"response":{"status":{"code":87654,"message":"?"}}}`, code: 87654, kind: caperrors.ErrUnrecognised, message: "?"},
		"a flag without a code":                 {body: `{"response":{"status":{"success":"false","message":"no"}}}`, kind: caperrors.ErrUnrecognised, message: "no"},
		"items without a status don't outweigh": {body: `{"response":{"status":{"code":401},"transactions":{"transaction":[{},{}]}}}`, code: 401, kind: caperrors.ErrUnauthenticated},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, v1Call(2), 200, tt.body)
			require.NotNil(t, reply.Refusal)
			assert.Equal(t, tt.code, reply.Refusal.Code)
			assert.Equal(t, tt.kind, reply.Refusal.Kind)
			assert.Equal(t, tt.message, reply.Refusal.Message)
			assert.Zero(t, reply.Refusal.Limit)
		})
	}
}
