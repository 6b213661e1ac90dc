package wire_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// What stands where, and beside what, outranks the number.
func TestRules(t *testing.T) {
	t.Parallel()
	v1 := func(entity string) wire.Call {
		c := v1Call(1)
		c.Entity = entity
		return c
	}
	tests := map[string]struct {
		call wire.Call
		body string
		want string
	}{
		"v1.1: a failure's code outranks a true flag": {v1("coupon"), itemWith(`"success":"true","code":706`), "refused 706 refused ?"},
		"v1.1: a code that is also a warning leaves it to the flag, true": {
			v1("coupon"), itemWith(`"success":"true","code":724`), "applied 724 success",
		},
		"v1.1: a code that is also a warning leaves it to the flag, false": {
			v1("coupon"), itemWith(`"success":"false","code":724`), "refused 724 refused",
		},
		"v2: an error that can be tried again beside a created id": {
			bulkCall(1), `{"response":[{"entityId":7,"errors":[{"code":521}]}]}`, "unknown 521 uncertain ?",
		},
		"v2: an error that can be tried again beside a result": {
			bulkCall(1), `{"response":[{"errors":[{"code":461}],"result":{"id":1}}]}`, "unknown 461 uncertain ?",
		},
		"v2: an error that can be tried again beside an id that repeats the input": {
			bulkCall(1), `{"response":[{"entityId":{"cardNumber":"1"},"errors":[{"code":521}]}]}`, "refused 521 transient",
		},
		"v2: a final error beside a result": {
			bulkCall(1), `{"response":[{"entityId":7,"errors":[{"code":604}]}]}`, "duplicate 604 duplicate ?",
		},
		"v2: a warning 521 beside an error": {
			bulkCall(1), `{"response":[{"errors":[{"code":8084}],"warnings":[{"code":521}]}]}`, "refused 521 transient w521 ?",
		},
		"v2: a warning 521 beside an error and a result": {
			bulkCall(1), `{"response":[{"entityId":7,"errors":[{"code":8084}],"warnings":[{"code":521}]}]}`, "unknown 521 uncertain w521 ?",
		},
		"v2: a warning 521 beside a duplicate": {
			bulkCall(1), `{"response":[{"errors":[{"code":604}],"warnings":[{"code":521}]}]}`, "duplicate 604 duplicate w521",
		},
		"v2: a warning 521 beside a success": {
			bulkCall(1), `{"response":[{"entityId":7,"warnings":[{"code":521}]}]}`, "applied 0 success w521",
		},
		"v2: a warning that the work is queued": {
			bulkCall(1), `{"response":[{"entityId":7,"warnings":[{"code":687}]}]}`, "applied 0 queued w687",
		},
		"v2: an error that the work is queued": {
			bulkCall(1), `{"response":[{"entityId":7,"errors":[{"code":687}]}]}`, "applied 687 queued ?",
		},
		"v1.1: a warning that the work is queued": {
			v1("transaction"), itemWith(`"success":"true","code":600,"warnings":{"warning":["687"]}`), "applied 600 queued w687",
		},
		"v2: a request that is queued": {
			wire.Call{Version: caperrors.V2, Entity: "request", Dialect: wire.V2Single, Count: 1}, `{"errors":[{"code":9055}]}`, "applied 9055 queued",
		},
		"v2: a time-out behind the API": {
			singleCall("coupon"), `{"errors":[{"code":748}]}`, "unknown 748 uncertain",
		},
		"v2: one thing, tried again later, beside a created id": {
			singleCall("customer"), `{"createdId":5,"errors":[{"code":521}]}`, "unknown 521 uncertain ?",
		},
		"v2: one thing, a warning 521 beside an error": {
			singleCall("customer"), `{"errors":[{"code":8015}],"warnings":[{"code":521}]}`, "refused 521 transient w521 ?",
		},
		"v2: one thing, queued as a warning": {
			singleCall("transaction"), `{"createdId":5,"warnings":[{"code":687}]}`, "applied 0 queued w687",
		},
		"v2: a code with a fraction": {
			bulkCall(1), `{"response":[{"errors":[{"code":604.0}],"entityId":9007199254740993}]}`, "duplicate 604 duplicate ?",
		},
		"v2: a word that tells a failure": {
			wire.Call{Version: caperrors.V2, Entity: "points", Dialect: wire.V2Single, Status: "status", Count: 1},
			`{"status":"Failed","message":"no"}`, "refused 0 unrecognised",
		},
		"v2: a word that is no verdict": {
			wire.Call{Version: caperrors.V2, Entity: "points", Dialect: wire.V2Bulk, Items: "data", Status: "status", Count: 1},
			`{"data":[{"status":"PENDING"}]}`, "unknown 0 success ?",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, tt.call, 200, tt.body)
			require.Nil(t, reply.Refusal)
			assert.Equal(t, []string{tt.want}, summaries(reply.Verdicts))
		})
	}
}

// A call's own codes are what the endpoint says, whatever flag stands beside.
func TestOwnCodesAreNoWarnings(t *testing.T) {
	t.Parallel()
	c := v1Call(1)
	c.Entity, c.Replay = "coupon", []caperrors.Code{724}
	reply := read(t, c, 200, itemWith(`"success":"true","code":724`))
	assert.Equal(t, []string{"duplicate 724 duplicate ?"}, summaries(reply.Verdicts))
}

func TestRequestStatusesOfItemsWithout(t *testing.T) {
	t.Parallel()
	c := v1Call(2)
	c.Status, c.Items = wire.NoStatus, "sms|email"
	body := func(status string) string { return `{"response":{` + status + `"sms":[{"id":1},{"id":2}]}}` }
	tests := map[string]struct {
		body string
		http int
		want string
	}{
		"all done":                  {body(`"status":{"code":200,"success":"true"},`), 200, "applied 0 success"},
		"some done":                 {body(`"status":{"code":201,"success":"true"},`), 200, "unknown 201 partial ?"},
		"none done":                 {body(`"status":{"code":500,"success":"false"},`), 200, "refused 500 partial ?"},
		"nothing said":              {body(""), 200, "applied 0 success ?"},
		"nothing said, HTTP failed": {body(""), 500, "unknown 0 success ?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := read(t, c, tt.http, tt.body)
			if strings.HasPrefix(tt.want, "refused") {
				tt.want = strings.TrimSuffix(tt.want, " ?")
			}
			assert.Equal(t, []string{tt.want, tt.want}, summaries(reply.Verdicts))
		})
	}
}

func TestOpenCallTakesWhatIsThere(t *testing.T) {
	t.Parallel()
	c := v1Call(1)
	c.Open = true
	list := func(items string) string {
		return `{"response":{"status":{"code":200,"success":"true"},"transactions":{"transaction":[` + items + `]}}}`
	}
	reply := read(t, c, 200, list(""))
	assert.Empty(t, reply.Verdicts)
	assert.NotNil(t, reply.Verdicts)
	assert.Empty(t, reply.Diagnostics)
	reply = read(t, c, 200, list(`{"item_status":{"code":600}},{"id":1}`))
	assert.Equal(t, []string{"applied 600 success", "applied 0 success ?"}, summaries(reply.Verdicts))
	reply = read(t, c, 200, list(strings.Repeat("{},", 10_004)+"{}"))
	assert.Len(t, reply.Verdicts, 10_000)
	assert.Equal(t, []string{"5 items beyond 10000 are left out"}, reply.Diagnostics)
}

// Of a name that comes twice the later value counts, in every place.
func TestLaterMembersReplaceEarlierOnes(t *testing.T) {
	t.Parallel()
	all := families()
	tests := map[string]struct {
		family string
		count  int
		ids    string
		body   string
		want   []string
	}{
		"parts": {
			"v2: a list below the name of the operation", 1, "",
			`{"linkCustomers":[{"linkToPartnerPrograms":[{"partnerLinkStatus":{"status":false,"code":2006}}],"customer":{"status":{"code":1000,"status":true}},"linkToPartnerPrograms":[]}]}`,
			[]string{"applied 1000 success"},
		},
		"ids of a failure": {
			"v2 lists: failures grouped by code", 2, "A B",
			`{"entity":{"revokedCoupons":[{"couponCode":"A"}],"failedToRevoke":[{"errorCode":682,"couponCodes":["A"],"couponCodes":["B"]}]}}`,
			[]string{"applied 0 success", "refused 682 not-found"},
		},
		"lists of failures": {
			"v2 lists: failures grouped by code", 2, "A B",
			`{"entity":{"failedToRevoke":[{"errorCode":682,"couponCodes":["A","B"]}],"revokedCoupons":[{"couponCode":"A"}],"failedToRevoke":[{"errorCode":711,"couponCodes":["B"]}]}}`,
			[]string{"applied 0 success", "duplicate 711 duplicate"},
		},
		"lists of what was done": {
			"v2 lists: failures grouped by code", 1, "A",
			`{"entity":{"revokedCoupons":[{"couponCode":"A"}],"revokedCoupons":[],"failedToRevoke":[]}}`,
			[]string{"unknown 0 success ?"},
		},
		"items below another name are others": {
			"v1.1: no status at all, items below several names", 3, "",
			`{"response":{"requests":{"goodwill":[{"id":1},{"id":2}],"change_identifier":{"id":3},"change_identifier":{"id":4}}}}`,
			[]string{"applied 0 success ?", "applied 0 success ?", "applied 0 success ?"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ok := all[tt.family]
			require.True(t, ok)
			f.call.Count, f.call.IDs = tt.count, strings.Fields(tt.ids)
			reply := read(t, f.call, 200, tt.body)
			assert.Equal(t, tt.want, summaries(reply.Verdicts))
		})
	}
	c := v1Call(3)
	c.Status, c.Items = wire.NoStatus, "sms|email"
	reply := read(t, c, 200, `{"response":{"sms":{"id":1},"email":[{"id":2}],"status":{"code":200},"email":[{"id":3},{"id":4}]}}`)
	assert.Equal(t, []string{"applied 0 success", "applied 0 success", "applied 0 success"}, summaries(reply.Verdicts))
}

// An item that the lists do not name stays unknown, also where all failed.
func TestListsTellOnlyWhatTheyName(t *testing.T) {
	t.Parallel()
	f := families()["v2 lists: failures grouped by code"]
	f.call.Count, f.call.IDs = 3, []string{"A", "B", "X"}
	reply := read(t, f.call, 200, string(fixture(t, "v2lists/all-failed.json")))
	assert.Equal(t, []string{"refused 682 not-found", "refused 682 not-found", "unknown 0 success ?"}, summaries(reply.Verdicts))

	f = families()["v2 lists: failures alone are listed"]
	f.call.IDs = []string{"A", "B", "C"}
	reply = read(t, f.call, 200, `{"entity":{"totalCount":3,"failedCount":2,"unprocessedCoupons":[{"couponCode":"B","errorCode":633}]}}`)
	assert.Equal(t, []string{"unknown 0 success ?", "refused 633 invalid", "unknown 0 success ?"}, summaries(reply.Verdicts))
	assert.Equal(t, []string{"failedCount is 2, but the answer has 1"}, reply.Diagnostics)
}

// A million items, ten megabytes, a hundred thousand levels: every family
// answers in time and memory that follow the body.
func TestFamiliesAgainstHostileBodies(t *testing.T) { //nolint:paralleltest // the memory of the whole process is measured
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	const n = 1_000_000
	many := func(before, element, after string) []byte {
		return []byte(before + strings.Repeat(element+",", n-1) + element + after)
	}
	bodies := map[string][]byte{
		"a million items of v1.1":  many(`{"response":{"status":{"code":200},"customers":{"customer":[`, `{}`, `]}}}`),
		"a million items of v2":    many(`{"data":[`, `{}`, `]}`),
		"a million failures":       many(`{"entity":{"failedToRevoke":[`, `1`, `]}}`),
		"a million ids":            many(`{"entity":{"failedToRevoke":[{"errorCode":682,"couponCodes":[`, `"A"`, `]}]}}`),
		"a million parts":          many(`{"linkCustomers":[{"customer":{"status":{"code":1000}},"linkToPartnerPrograms":[`, `{}`, `]}]}`),
		"a million failed parts":   many(`{"response":{"status":{"code":200},"customers":{"customer":[{"item_status":{"code":1000},"referrals":{"referral_type":{"referral":[`, `{"status":{"code":1}}`, `]}}}]}}}`),
		"a million members":        many(`{"status":{`, `"code":1`, `}}`),
		"ten megabytes of a text":  []byte(`{"status":{"message":"` + strings.Repeat("a\\u0000\xff", 1_500_000) + `","code":503}}`),
		"ten megabytes of nesting": []byte(strings.Repeat(`{"entity":`, 1_000_000)),
		"parts in lists of lists":  []byte(`{"linkCustomers":[{"linkToPartnerPrograms":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}]}`),
	}
	for name, body := range bodies {
		for _, family := range []string{
			"v1.1: a status for each invitation", "v1.1: items deep below series", "v2: a list below the name of the operation",
			"v2: entities with a success flag", "v2 lists: failures grouped by code", "gateway: one thing with a success code of its own",
		} {
			f, ok := families()[family]
			require.True(t, ok, family)
			h := wire.HTTP{Status: 200, Body: body}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			reply, err := wire.Read(h, f.call)
			runtime.ReadMemStats(&after)
			if err == nil && reply.Refusal == nil && !f.call.Open {
				require.Len(t, reply.Verdicts, f.call.Count)
			}
			limit := uint64(200_000)
			switch {
			case f.call.Open:
				limit = 20 << 20 // ten thousand verdicts
			case strings.HasPrefix(name, "ten megabytes of a text"):
				limit = 40 << 20 // the text, once more
			}
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, limit, "%s, %s", name, family)
		}
	}
}
