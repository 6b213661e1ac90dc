package clienttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

// note is a test that only takes notes.
type note struct{ text string }

func (n *note) Helper() {}

func (n *note) Errorf(format string, args ...any) { n.text += fmt.Sprintf(format, args...) + "\n" }

func TestAssertApplied(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts clienttest.Options
		sent []string
		want []string
		text string // empty: holds
	}{
		"all, whatever the order": {sent: []string{bills(1, 2), bills(3, 1)}, want: []string{"B3", "B1", "B2"}},
		"nothing":                 {},
		"one twice, and meant so": {
			opts: clienttest.Options{RepeatBills: true}, sent: []string{bills(1, 1), bills(1, 1)}, want: []string{"B1", "B1"},
		},
		"one missing, one twice, one too many": {
			opts: clienttest.Options{RepeatBills: true},
			sent: []string{bills(1, 1), bills(1, 2)},
			want: []string{"B1", "B7"},
			text: `applied items are not those wanted:
  B7: not applied, want once
  B1: applied 2 times, want once (calls 1, 2)
  B2: applied once, not wanted (call 2)
calls:
  1  POST /v2/transactions/bulk: 1 item, 1 applied, HTTP 200
  2  POST /v2/transactions/bulk: 2 items, 2 applied, HTTP 200
`,
		},
		"applied, and nothing wanted": {
			sent: []string{bills(1, 1)},
			text: `applied items are not those wanted:
  B1: applied once, not wanted (call 1)
calls:
  1  POST /v2/transactions/bulk: 1 item, 1 applied, HTTP 200
`,
		},
		"no calls": {want: []string{"B1"}, text: "applied items are not those wanted:\n  B1: not applied, want once\nno calls came\n"},
		"a simulator that forgets": {
			opts: clienttest.Options{Forget: true}, sent: []string{bills(1, 1)}, want: []string{"B1"},
			text: "applied items are not kept: Options.Forget is set\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(tt.opts)
			for _, body := range tt.sent {
				post(t, sim, bulkPath, body)
			}
			n := &note{}
			assert.Equal(t, tt.text == "", sim.AssertApplied(n, tt.want...))
			assert.Equal(t, tt.text, n.text)
		})
	}
}

// A load that went wrong as a whole still gives a message that can be read.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	want := make([]string, 1000)
	for i := range want {
		want[i] = fmt.Sprintf("W%d", i)
		post(t, sim, bulkPath, bills(i, 1))
	}
	n := &note{}
	assert.False(t, sim.AssertApplied(n, want...))
	assert.Less(t, strings.Count(n.text, "\n"), 30)
	assert.Contains(t, n.text, "  and 1,990 more\n")
	assert.Contains(t, n.text, "  and 990 more\n")
}

func TestAssertCalls(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	sim.Script(clienttest.Answer{Cut: true})
	cuts(t, sim, bills(1, 3))
	post(t, sim, bulkPath, bills(1, 3))
	send(t, sim, http.MethodGet, "/v2/customers/7?source=ALL", "")

	n := &note{}
	assert.True(t, sim.AssertCalls(n, "POST /v2/transactions/bulk", "POST /v2/transactions/bulk", "GET /v2/customers/*"))
	assert.Empty(t, n.text)
	assert.False(t, sim.AssertCalls(n, "POST /v2/transactions/bulk", "GET /v2/customers/8"))
	assert.Equal(t, `calls are not those wanted:
  2  is POST /v2/transactions/bulk, want GET /v2/customers/8
  3  is GET /v2/customers/7, want none
calls:
  1  POST /v2/transactions/bulk: 3 items, cut (script)
  2  POST /v2/transactions/bulk: 3 items, 3 applied, HTTP 200
  3  GET /v2/customers/7: HTTP 400, code 8015
`, n.text)

	n = &note{}
	assert.False(t, clienttest.New(clienttest.Options{}).AssertCalls(n, "GET /v2/customers/8"))
	assert.Equal(t, "calls are not those wanted:\n  1  did not come, want GET /v2/customers/8\nno calls came\n", n.text)
}

func TestAssertAllAnswersUsed(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	n := &note{}
	assert.True(t, sim.AssertAllAnswersUsed(n))
	sim.Script(
		clienttest.Answer{Body: `{"stamps":7}`},
		clienttest.Answer{For: "GET /v2/acme/stamps/*", Status: http.StatusServiceUnavailable, Times: 2},
		clienttest.Answer{For: "GET /v2/acme/cards/*", Body: `{}`, Times: -1},
		clienttest.Answer{Code: 461},
		clienttest.Answer{Cut: true, After: true},
		clienttest.Answer{},
	)
	post(t, sim, "/v2/acme/stamps", `{}`)
	assert.False(t, sim.AssertAllAnswersUsed(n))
	assert.Equal(t, `5 scripted answers were not asked for:
  for GET /v2/acme/stamps/*, 2 times: HTTP 503
  for any call: code 461
  for any call: the work, then a cut
  for any call: the simulator's own
calls:
  1  POST /v2/acme/stamps: HTTP 200 (script)
`, n.text)
}

func TestCallsAreToldInTheOrderOfTheirArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{})
		srv := serve(t, sim)
		sim.Script(clienttest.Answer{Delay: time.Minute})
		var wg sync.WaitGroup
		wg.Go(func() { over(t.Context(), srv, bulkPath, bills(1, 1)) })
		synctest.Wait()
		over(t.Context(), srv, singlePath, bill("B2", "C2"))
		wg.Wait()
		assert.Equal(t, 2, sim.Calls()[0].Number, "the second ended first")
		sim.AssertCalls(t, "POST "+bulkPath, "POST "+singlePath)
	})
}
