package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/wire"
)

// T-01, T-17 (of the mistakes that package batch numbers): short, long, reordered answers.
func TestReadPairsItems(t *testing.T) {
	t.Parallel()
	const unknown = "unknown 0 success ?"
	tests := map[string]struct {
		echo  string // ids of the items answered; "-" for none
		sent  string // ids of the items sent; "-" for none
		want  string // number of the answered item for each item sent; "?" for unknown
		marks int
	}{
		"equal counts and ids":                               {echo: "a b c", sent: "a b c", want: "1 2 3"},
		"equal counts without ids sent":                      {echo: "a b c", sent: "- - -", want: "1 2 3"},
		"equal counts without ids answered":                  {echo: "- - -", sent: "a b c", want: "1 2 3"},
		"equal counts, one id left out":                      {echo: "a - c", sent: "a b c", want: "1 2 3"},
		"equal counts in another order":                      {echo: "c a b", sent: "a b c", want: "2 3 1", marks: 1},
		"another order, one id left out":                     {echo: "b a -", sent: "a b c", want: "2 1 ?", marks: 2},
		"another order, one id twice sent":                   {echo: "b a a", sent: "a a b", want: "? ? 1", marks: 2},
		"another order, one id twice answered":               {echo: "b b a", sent: "a b c", want: "3 ? ?", marks: 2},
		"equal ids twice, in their order":                    {echo: "a a b", sent: "a a b", want: "1 2 3"},
		"too few, with ids":                                  {echo: "a c", sent: "a b c", want: "1 ? 2"},
		"too few, without ids":                               {echo: "- -", sent: "a b c", want: "? ? ?", marks: 1},
		"too many, with ids":                                 {echo: "x a b", sent: "a b", want: "2 3", marks: 1},
		"too many, without ids":                              {echo: "- - -", sent: "- -", want: "? ?", marks: 1},
		"none":                                               {echo: "", sent: "a b", want: "? ?"},
		"other ids":                                          {echo: "x y", sent: "a b", want: "? ?", marks: 2},
		"ids in another case are other ids":                  {echo: "A b", sent: "a b", want: "? 2", marks: 2},
		"more items than are kept":                           {echo: "a " + strings.Repeat("x ", 100), sent: "a b", want: "? ?", marks: 1},
		"another order, one id twice sent and once answered": {echo: "b a -", sent: "a a b", want: "? ? 1", marks: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var items []string
			for i, id := range strings.Fields(tt.echo) {
				number := `"number":" ` + id + `\u0020",`
				if id == "-" {
					number = `"number":null,`
				}
				items = append(items, fmt.Sprintf(`{%s"item_status":{"success":"true","code":%d}}`, number, 100001+i))
			}
			sent := strings.Fields(tt.sent)
			c := v1Call(len(sent))
			for _, id := range sent {
				c.IDs = append(c.IDs, strings.TrimPrefix(id, "-"))
			}
			reply := read(t, c, 200, `{"response":{"status":{"code":200},"transactions":{"transaction":[`+strings.Join(items, ",")+`]}}}`)
			var want []string
			for n := range strings.FieldsSeq(tt.want) {
				if n == "?" {
					want = append(want, unknown)
				} else {
					want = append(want, "applied 10000"+n+" success")
				}
			}
			assert.Equal(t, want, summaries(reply.Verdicts))
			assert.Len(t, reply.Diagnostics, tt.marks, "%q", reply.Diagnostics)
		})
	}
}

func TestReadPairsByNestedNumbers(t *testing.T) {
	t.Parallel()
	c := bulkCall(2)
	c.IDs = []string{"9007199254740993", "7"}
	reply := read(t, c, 200, `{"response":[{"result":{"billNumber":7}},{"result":{"x":{"billNumber":1},"billNumber":9007199254740993},"errors":[{"code":604}]}]}`)
	require.Nil(t, reply.Refusal)
	assert.Equal(t, []string{"duplicate 604 duplicate ?", "applied 0 success"}, summaries(reply.Verdicts))

	c.EchoID, c.IDs = "entityId", []string{"12", "11"}
	reply = read(t, c, 200, `{"response":[{"entityId":11,"result":{}},{"entityId":"12","errors":[{"code":604}]}]}`)
	assert.Equal(t, []string{"duplicate 604 duplicate ?", "applied 0 success"}, summaries(reply.Verdicts))

	c.EchoID, c.Entity = "entity.id", "customer"
	reply = read(t, c, 200, `{"response":[{"entity":{"id":11}},{"entity":{"id":12,"errors":[{"code":8006}]}}]}`)
	assert.Equal(t, []string{"duplicate 8006 duplicate ?", "applied 0 success"}, summaries(reply.Verdicts))
}

func TestReadKeepsNoCopyOfTheBody(t *testing.T) {
	t.Parallel()
	body := []byte(`[{"entityId":1,"errors":[]}]`)
	reply, err := wire.Read(wire.HTTP{Status: 200, Body: body}, bulkCall(1))
	require.NoError(t, err)
	raw := reply.Verdicts[0].Raw
	assert.Same(t, &body[1], &raw[0])
	assert.Equal(t, len(raw), cap(raw), "appending must not write into the body")
}
