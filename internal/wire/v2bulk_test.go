package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
)

func TestReadV2BulkMixed(t *testing.T) {
	t.Parallel()
	reply := read(t, bulkCall(6), 200, string(fixture(t, "v2bulk/mixed.json")))
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{
		"applied 0 success w91016",
		"duplicate 604 duplicate",
		"refused 521 transient",
		"applied 0 success",
		"applied 0 success",
		"refused 8084 " + itemKind("transaction", 8084) + " ?",
	}, summaries(reply.Verdicts))
	assert.Empty(t, reply.Diagnostics)
	assert.Equal(t, "Number in use", reply.Verdicts[1].Message)
	assert.Equal(t, "Field skipped", reply.Verdicts[0].Warnings[0].Message)
	assert.Contains(t, reply.Verdicts[5].Diagnostic, "carries a result beside its error")
	assert.Contains(t, string(reply.Verdicts[0].Raw), "9007199254740993", "large numbers stay as they are written")
}

func itemKind(entity string, code caperrors.Code) string {
	m, _ := caperrors.Lookup(caperrors.Scope{Version: caperrors.V2, Entity: entity, Level: caperrors.ItemLevel}, code)
	return m.Kind.String()
}

func TestReadV2BulkCountsItself(t *testing.T) {
	t.Parallel()
	reply := read(t, bulkCall(2), 200, string(fixture(t, "v2bulk/wrong-count.json")))
	assert.Equal(t, []string{"applied 0 success", "refused 8084 " + itemKind("transaction", 8084)}, summaries(reply.Verdicts))
	assert.Equal(t, []string{"failureCount is 0, but the answer has 1"}, reply.Diagnostics)
}

func TestReadV2BulkItems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		item   string
		entity string // transaction if empty
		want   string
	}{
		"an empty object":                                  {item: `{}`, want: "unknown 0 success ?"},
		"a number":                                         {item: `7`, want: "unknown 0 success ?"},
		"an object of other members":                       {item: `{"id":7,"status":"ok"}`, want: "unknown 0 success ?"},
		"nulls alone":                                      {item: `{"entityId":null,"result":null,"errors":null}`, want: "unknown 0 success ?"},
		"no errors and nothing else":                       {item: `{"errors":[],"warnings":[]}`, want: "applied 0 success"},
		"a result that is false":                           {item: `{"result":false,"errors":[]}`, want: "unknown 0 success ?"},
		"a success flag that is false":                     {item: `{"entityId":7,"success":false,"errors":[]}`, want: "unknown 0 success ?"},
		"transient codes alone":                            {item: `{"errors":[{"code":521},{"code":461}]}`, want: "refused 521 transient"},
		"a transient code before another":                  {item: `{"errors":[{"code":521},{"code":8084}]}`, want: "refused 8084 " + itemKind("transaction", 8084)},
		"a transient code behind another":                  {item: `{"errors":[{"code":8084},{"code":521}]}`, want: "refused 8084 " + itemKind("transaction", 8084)},
		"a refusal before a duplicate":                     {item: `{"errors":[{"code":8084},{"code":604}]}`, want: "refused 8084 " + itemKind("transaction", 8084) + " ?"},
		"a queued one among errors":                        {item: `{"errors":[{"code":687,"message":"later"}]}`, want: "applied 687 queued"},
		"a fault behind the API":                           {item: `{"errors":[{"code":748}]}`, entity: "coupon", want: "unknown 748 uncertain"},
		"partly done":                                      {item: `{"errors":[{"code":5006}]}`, entity: "coupon", want: "unknown 5006 partial"},
		"an error code of a success":                       {item: `{"errors":[{"status":true,"code":200}]}`, want: "refused 200 refused"},
		"an error without a code":                          {item: `{"errors":[{"message":"no"}]}`, want: "refused 0 unrecognised"},
		"an error that is a text":                          {item: `{"errors":"no"}`, want: "refused 0 unrecognised"},
		"errors that are codes":                            {item: `{"errors":["604"]}`, want: "duplicate 604 duplicate"},
		"an error with a code as a fraction":               {item: `{"errors":[{"code":604.0}]}`, want: "duplicate 604 duplicate"},
		"a result replaced by null":                        {item: `{"result":{"a":1},"entityId":false,"entityId":null,"result":null}`, want: "unknown 0 success ?"},
		"errors replaced by later ones":                    {item: `{"entityId":1,"errors":[{"code":604}],"errors":[]}`, want: "applied 0 success"},
		"warning 521 beside a result":                      {item: `{"entityId":7,"warnings":[{"code":521}]}`, want: "applied 0 success w521"},
		"warning 521 alone":                                {item: `{"errors":[],"warnings":[{"code":521,"message":"busy"}]}`, want: "refused 521 transient w521"},
		"warning 521 beside an echoed object":              {item: `{"entityId":{"cardNumber":"1"},"warnings":[{"code":521}]}`, want: "refused 521 transient w521"},
		"warning 33001 alone":                              {item: `{"warnings":[{"code":33001}],"errors":[]}`, entity: "customer", want: "refused 33001 " + itemKind("customer", 33001) + " w33001 ?"},
		"warning 33001 beside a result":                    {item: `{"entity":{"id":1},"warnings":[{"code":33001}]}`, entity: "label", want: "applied 0 success w33001"},
		"warning 33001 of another entity":                  {item: `{"warnings":[{"code":33001}],"errors":[]}`, want: "applied 0 success w33001"},
		"warning 8890 beside a result":                     {item: `{"result":{"promotionId":1},"errors":[],"warnings":[{"code":8890,"message":"exhausted"}]}`, entity: "promotion", want: "refused 8890 " + itemKind("promotion", 8890) + " w8890 ?"},
		"an error beside an echoed object":                 {item: `{"entityId":{"cardNumber":"1"},"errors":[{"code":3010}]}`, entity: "card", want: "refused 3010 " + itemKind("card", 3010)},
		"an error beside an empty result":                  {item: `{"result":{ },"errors":[{"code":400}]}`, want: "refused 400 invalid"},
		"codes elsewhere in the item":                      {item: `{"code":604,"status":false,"result":{"code":604,"status":"failed","errors":[{"code":604}],"warnings":[{"code":521}]},"errors":[]}`, want: "applied 0 success"},
		"a redemption that failed without an error":        {item: `{"result":{"redemptionStatus":{"code":711,"success":false,"message":"used"}},"errors":[]}`, entity: "coupon", want: "duplicate 711 duplicate ?"},
		"a redemption that is done, with its own warnings": {item: `{"result":{"redemptionStatus":{"code":700,"success":true},"warnings":[{"code":4321}]},"errors":[]}`, entity: "coupon", want: "applied 0 success w4321"},
		"errors inside an entity":                          {item: `{"entity":{"id":1,"errors":[{"code":8015}]}}`, entity: "customer", want: "refused 8015 " + itemKind("customer", 8015) + " ?"},
		"children that failed":                             {item: `{"entity":{"id":1},"childFailureCount":2}`, entity: "customer", want: "applied 0 partial ?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := bulkCall(1)
			if tt.entity != "" {
				c.Entity = tt.entity
			}
			reply := read(t, c, 200, `{"response":[`+tt.item+`]}`)
			require.Nil(t, reply.Refusal)
			assert.Equal(t, []string{tt.want}, summaries(reply.Verdicts))
			if tt.item[0] == '{' {
				reply = read(t, c, 200, `{"response":`+tt.item+`}`)
				assert.Equal(t, []string{tt.want}, summaries(reply.Verdicts), "one item without a list")
			}
			reply = read(t, c, 200, `[`+tt.item+`]`)
			assert.Equal(t, []string{tt.want}, summaries(reply.Verdicts), "a list as the whole body")
		})
	}
}

func TestReadV2BulkOwnCodesOutrankTheTable(t *testing.T) {
	t.Parallel()
	c := bulkCall(2)
	c.Oversize, c.Replay = []caperrors.Code{8084}, []caperrors.Code{9999}
	reply := read(t, c, 200, `{"response":[{"errors":[{"code":8084}]},{"errors":[{"code":9999}]}]}`)
	assert.Equal(t, []string{"refused 8084 oversize", "duplicate 9999 duplicate"}, summaries(reply.Verdicts))

	reply = read(t, c, 200, `{"errors":[{"code":8084,"message":"Limit size of 40 exceeded"}]}`)
	require.NotNil(t, reply.Refusal)
	assert.Equal(t, caperrors.ErrOversize, reply.Refusal.Kind)
	assert.Equal(t, 40, reply.Refusal.Limit)
}

func TestReadV2BulkRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		code  caperrors.Code
		kind  caperrors.Kind
		level caperrors.Level
		limit int
	}{
		"too many items, with the limit":    {body: string(fixture(t, "v2bulk/refused.json")), code: 1060, kind: caperrors.ErrOversize, limit: 200},
		"too many items, without it":        {body: `{"errors":[{"code":1060,"message":"too many, max 200"}]}`, code: 1060, kind: caperrors.ErrOversize},
		"a limit too long to be one":        {body: `{"errors":[{"code":1060,"message":"limit size of 99999999999999999999"}]}`, code: 1060, kind: caperrors.ErrOversize},
		"a limit beyond 31 bits":            {body: `{"errors":[{"code":1060,"message":"limit size of 9999999999"}]}`, code: 1060, kind: caperrors.ErrOversize},
		"a limit named beside another code": {body: `{"errors":[{"code":400,"message":"limit size of 200"}]}`, code: 400, kind: caperrors.ErrInvalid},
		"code 500":                          {body: `{"errors":[{"code":500,"message":"no"}]}`, code: 500, kind: caperrors.ErrPartial},
		"an empty list beside errors":       {body: `{"response":[],"errors":[{"code":"461"}]}`, code: 461, kind: caperrors.ErrTransient},
		"a null list beside errors":         {body: `{"response":null,"errors":[{"code":"461"}]}`, code: 461, kind: caperrors.ErrTransient},
		"a status in the form of v1.1":      {body: `{"response":{"status":{"success":"true","code":498}}}`, code: 498, kind: caperrors.ErrUnauthenticated},
		"a code of the entity":              {body: `{"errors":[{"code":8015}]}`, code: 8015, kind: kindOf(t, "transaction", 8015), level: levelOf("transaction", 8015)},
		"a transient code and a final one":  {body: `{"errors":[{"code":461},{"code":403}]}`, code: 403, kind: caperrors.ErrPermission},
		"a duplicate of many is a refusal":  {body: `{"errors":[{"code":604}]}`, code: 604, kind: caperrors.ErrDuplicate, level: caperrors.ItemLevel},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, bulkCall(3), 200, tt.body)
			require.NotNil(t, reply.Refusal)
			assert.Nil(t, reply.Verdicts)
			assert.Equal(t, tt.code, reply.Refusal.Code)
			assert.Equal(t, tt.kind, reply.Refusal.Kind)
			assert.Equal(t, tt.limit, reply.Refusal.Limit)
			assert.Equal(t, tt.level, reply.Refusal.Scope.Level)
		})
	}
}

func kindOf(t *testing.T, entity string, code caperrors.Code) caperrors.Kind {
	t.Helper()
	m, _ := caperrors.Lookup(caperrors.Scope{Version: caperrors.V2, Entity: entity, Level: caperrors.ItemLevel}, code)
	return m.Kind
}

func levelOf(entity string, code caperrors.Code) caperrors.Level {
	if _, ok := caperrors.Lookup(caperrors.Scope{Version: caperrors.V2, Entity: entity, Level: caperrors.ItemLevel}, code); ok {
		return caperrors.ItemLevel
	}
	return caperrors.RequestLevel
}

func TestReadV2BulkItemsOutweighARefusal(t *testing.T) {
	t.Parallel()
	reply := read(t, bulkCall(1), 200, `{"response":[{"entityId":7,"errors":[]}],"errors":[{"code":1060}]}`)
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{"applied 0 success"}, summaries(reply.Verdicts))
	assert.Len(t, reply.Diagnostics, 1)
}

func TestReadV2BulkOneQueuedAsAWhole(t *testing.T) {
	t.Parallel()
	reply := read(t, bulkCall(2), 200, `{"errors":[{"code":687}]}`)
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{"applied 687 queued", "applied 687 queued"}, summaries(reply.Verdicts))

	reply = read(t, bulkCall(1), 200, `{"errors":[{"code":604}]}`)
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{"duplicate 604 duplicate"}, summaries(reply.Verdicts))
}
