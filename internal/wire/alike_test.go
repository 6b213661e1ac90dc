package wire_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/wire"
)

// answerOf returns the call for n items and the answer to it, where an item
// stands behind so many others of one kind.
func answerOf(c wire.Call, other, last string, others int) (wire.Call, []byte) {
	items := strings.Repeat(other+",", others) + last
	c.Count = others + 1
	if c.Dialect == wire.V1JSON {
		return c, []byte(`{"response":{"status":{"success":"true","code":500},"transactions":{"transaction":[` + items + `]}}}`)
	}
	return c, []byte(`{"response":[` + items + `]}`)
}

// However many items like the one before it there were, an item is read as if it
// stood alone.
func TestAnItemIsReadForItself(t *testing.T) {
	t.Parallel()
	const (
		usual   = `{"entityId":7,"result":{"billNumber":"A","points":5,"new":true},"errors":[],"warnings":[]}`
		usualV1 = `{"id":"7","number":"A","item_status":{"success":"true","code":"600","message":"ok"}}`
	)
	v2, v1 := bulkCall(0), v1Call(0)
	coupon := v2
	coupon.Entity, coupon.EchoID = "coupon", ""
	status := v2
	status.Status, status.EchoID = "state", ""
	children := v2
	children.Parts, children.PartStatus, children.EchoID = "of", "state", ""
	tests := map[string]struct {
		call        wire.Call
		usual, last string
		want        string
	}{
		"the same":                           {v2, usual, usual, "applied 0 success"},
		"other values":                       {v2, usual, `{"entityId":81,"result":{"billNumber":"","points":-0.5e3,"new":true},"errors":[],"warnings":[]}`, "applied 0 success"},
		"an error":                           {v2, usual, `{"entityId":7,"result":{"billNumber":"A","points":5,"new":true},"errors":[{"code":8015,"message":"x"}],"warnings":[]}`, "refused 8015 not-found ?"},
		"a warning":                          {v2, usual, `{"entityId":7,"result":{"billNumber":"A","points":5,"new":true},"errors":[],"warnings":[{"code":7,"message":"x"}]}`, "applied 0 success w7"},
		"no id and no result":                {v2, usual, `{"entityId":null,"result":null}`, "unknown 0 success ?"},
		"a result that is false":             {v2, usual, `{"entityId":7,"result":false,"errors":[],"warnings":[]}`, "unknown 0 success ?"},
		"a text for a number":                {v2, usual, `{"entityId":"x","result":{"billNumber":"A","points":"5","new":true},"errors":[],"warnings":[]}`, "applied 0 success"},
		"children that failed behind others": {v2, `{"result":{},"childFailureCount":0}`, `{"result":{},"childFailureCount":2}`, "applied 0 partial ?"},
		"no success behind others":           {v2, `{"result":{},"success":"true"}`, `{"result":{},"success":"false"}`, "unknown 0 success ?"},
		"a coupon's inner list":              {coupon, `{"result":{"errors":[]}}`, `{"result":{"errors":[{"code":701}]}}`, "refused 701 not-found ?"},
		"an error for an empty one":          {v2, `{"result":1,"errors":[{"code":0}]}`, `{"result":1,"errors":[{"code":604}]}`, "duplicate 604 duplicate ?"},
		"a warning for an empty one":         {v2, `{"result":1,"warnings":[{"code":0}]}`, `{"result":1,"warnings":[{"code":7}]}`, "applied 0 success w7"},
		"a coupon's error for an empty one":  {coupon, `{"result":{"errors":[{"code":0}]}}`, `{"result":{"errors":[{"code":701}]}}`, "refused 701 not-found ?"},
		"an id beside the error":             {v2, `{"entityId":0,"errors":[{"code":8015}]}`, `{"entityId":9,"errors":[{"code":8015}]}`, "refused 8015 not-found ?"},
		"no id beside the warning":           {v2, `{"entityId":9,"warnings":[{"code":521}]}`, `{"entityId":0,"warnings":[{"code":521}]}`, "refused 521 transient w521"},
		"another status":                     {status, `{"result":1,"state":{"success":"true","code":600}}`, `{"result":1,"state":{"success":"true","code":604}}`, "duplicate 604 duplicate ?"},
		"another status of a child":          {children, `{"result":1,"of":[{"state":{"success":"true","code":600}}]}`, `{"result":1,"of":[{"state":{"success":"false","code":999}}]}`, "applied 0 partial w999 ?"},
		"an id beside what is queued":        {v2, `{"entityId":0,"errors":[{"code":687}]}`, `{"entityId":9,"errors":[{"code":687}]}`, "applied 687 queued ?"},
		"another code of v1.1":               {v1, usualV1, `{"id":"7","number":"A","item_status":{"success":"true","code":"604","message":"ok"}}`, "duplicate 604 duplicate ?"},
		"another flag of v1.1":               {v1, usualV1, `{"id":"7","number":"A","item_status":{"success":"false","code":"600","message":"ok"}}`, "applied 600 success ?"},
		"other values of v1.1":               {v1, usualV1, `{"id":"8","number":"B","item_status":{"success":"true","code":"600","message":"ok"}}`, "applied 600 success"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, others := range []int{1, 20} {
				c, body := answerOf(tt.call, tt.usual, tt.last, others)
				reply, err := wire.Read(wire.HTTP{Status: 200, Body: body}, c)
				require.NoError(t, err)
				require.Len(t, reply.Verdicts, others+1)
				last := reply.Verdicts[others]
				assert.Equal(t, tt.want, summary(last), others)
				assert.Equal(t, tt.last, string(last.Raw))
			}
		})
	}
}

// The ids that the items echo are found in each of them: an answer in another
// order is noticed.
func TestIDsAreReadFromItemsThatAreAlike(t *testing.T) {
	t.Parallel()
	const n = 30
	items := make([]string, n)
	ids := make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("B%d", i)
		items[n-1-i] = fmt.Sprintf(`{"entityId":%d,"result":{"billNumber":"B%d"},"errors":[]}`, 100+i, i)
	}
	c := bulkCall(n)
	c.IDs = ids
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`[` + strings.Join(items, ",") + `]`)}, c)
	require.NoError(t, err)
	for i, v := range reply.Verdicts {
		assert.Equal(t, caperrors.Applied, v.Outcome)
		assert.Contains(t, string(v.Raw), `"`+ids[i]+`"`)
	}
}

// An item without an id has none, whatever those before it had.
func TestAnIDIsNotThatOfTheItemBefore(t *testing.T) {
	t.Parallel()
	const n = 40
	items := make([]string, n)
	ids := make([]string, n)
	for i := range n {
		ids[i] = fmt.Sprintf("B%d", i)
		items[i] = fmt.Sprintf(`{"entityId":%d,"result":{"billNumber":"B%d"},"errors":[]}`, 100+i, i)
		if i >= n/2 {
			items[i] = fmt.Sprintf(`{"entityId":%d,"errors":[]}`, 100+i)
		}
	}
	c := bulkCall(n)
	c.IDs = ids
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`[` + strings.Join(items, ",") + `]`)}, c)
	require.NoError(t, err)
	assert.Empty(t, reply.Diagnostics, "no other order")
	for i, v := range reply.Verdicts {
		assert.Equal(t, items[i], string(v.Raw))
	}
}

// What is queued counts among the failures of the API, each time.
func TestItemsThatAreAlikeCountAsTheFirst(t *testing.T) {
	t.Parallel()
	const n = 20
	c := bulkCall(n)
	body := `{"response":[` + strings.Repeat(`{"errors":[{"code":687}]},`, n-1) + `{"errors":[{"code":687}]}],"failureCount":20}`
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(body)}, c)
	require.NoError(t, err)
	assert.Empty(t, reply.Diagnostics)
}

// Nesting is bounded for each item where it stands.
func TestAnItemThatIsAlikeMayStandDeeper(t *testing.T) {
	t.Parallel()
	c := bulkCall(20)
	c.Items, c.EchoID = "a|c.d", ""
	item := `{"result":` + strings.Repeat("[", 197) + `1` + strings.Repeat("]", 197) + `}`
	list := `[` + strings.Repeat(item+",", 9) + item + `]`
	_, err := wire.Read(wire.HTTP{Status: 200, Body: []byte(`{"a":` + list + `,"c":{"d":` + list + `}}`)}, c)
	require.ErrorContains(t, err, "nested deeper")
}

// FuzzAlike reads an item behind many of one form, and behind as many of which
// each has a form of its own.
func FuzzAlike(f *testing.F) {
	v2 := `{"entityId":7,"result":{"billNumber":"A","points":5},"errors":[],"warnings":[]}`
	f.Add([]byte(v2), []byte(strings.ReplaceAll(v2, "7", `"x"`)), "A")
	f.Add([]byte(v2), []byte(strings.ReplaceAll(v2, `[]`, `[{"code":521}]`)), "")
	f.Add([]byte(v2), []byte(strings.ReplaceAll(v2, `"A"`, `"\u0041"`)), "A")
	f.Add([]byte(`{"number":"A","item_status":{"success":true,"code":600}}`), []byte(`{"number":"B","item_status":{"success":true,"code":604}}`), "B")
	f.Add([]byte(`{"result":[1,{"a":"b"}],"result":"A"}`), []byte(`{"result":[2,{"a":"b"}],"result":"c"}`), "c")
	coupon := bulkCall(0)
	coupon.Entity, coupon.EchoID = "coupon", "result"
	calls := []wire.Call{bulkCall(0), coupon, v1Call(0)}
	const others = 20
	f.Fuzz(func(t *testing.T, other, last []byte, id string) {
		if wire.CheckObject(other) != nil || wire.CheckObject(last) != nil {
			return // else the items would be others than meant
		}
		inner := string(bytes.TrimSpace(other)[1:])
		behind := ","
		if strings.TrimSpace(inner) == "}" {
			behind = ""
		}
		for _, call := range calls {
			var got [2]wire.Reply
			var failed [2]error
			for kind := range 2 {
				items := make([]string, others+1)
				for i := range others {
					items[i] = fmt.Sprintf(`{"of this one alone %d":null%s%s`, i*kind, behind, inner)
				}
				items[others] = string(last)
				c, body := answerOf(call, strings.Join(items[:others], ","), string(last), 1)
				c.Count, c.IDs = others+1, make([]string, others+1)
				c.IDs[others] = id
				got[kind], failed[kind] = wire.Read(wire.HTTP{Status: 200, Body: body}, c)
				for i := range got[kind].Verdicts {
					got[kind].Verdicts[i].Raw = nil
				}
			}
			require.Equal(t, failed[0] == nil, failed[1] == nil)
			require.Equal(t, got[0].Verdicts, got[1].Verdicts, call.Entity)
			require.Equal(t, got[0].Refusal, got[1].Refusal, call.Entity)
			require.Equal(t, got[0].Diagnostics, got[1].Diagnostics, call.Entity)
		}
	})
}
