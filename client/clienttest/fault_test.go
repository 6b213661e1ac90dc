package clienttest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestFaultsThatDoNothing(t *testing.T) {
	t.Parallel()
	v1 := func(code, message string) string {
		return `{"response":{"status":{"success":"false","code":` + code + `,"message":"` + message + `"}}}`
	}
	v1Body := `{"root":{"transaction":[{"number":"B1","customer":{"mobile":"1"}}]}}`
	tests := map[string]struct {
		faults     clienttest.Faults
		path, body string
		status     int
		want       string
		counts     clienttest.FaultCounts
	}{
		"461 on v2": {
			clienttest.Faults{SearchBusy: 1},
			bulkPath, bills(1, 1),
			200, v2Refusal(461, "Search is busy, please try again"),
			clienttest.FaultCounts{SearchBusy: 1},
		},
		"461 on v1.1": {
			clienttest.Faults{SearchBusy: 1},
			v1Path, v1Body,
			200, v1("461", "Search is busy, please try again"),
			clienttest.FaultCounts{SearchBusy: 1},
		},
		"521 on v2": {
			clienttest.Faults{CustomerBusy: 1},
			bulkPath, bills(1, 1),
			200, v2Refusal(521, "Another action is in progress for the customer"),
			clienttest.FaultCounts{CustomerBusy: 1},
		},
		"521 on v1.1": {
			clienttest.Faults{CustomerBusy: 1},
			v1Path, v1Body,
			200, v1("521", "Another action is in progress for the customer"),
			clienttest.FaultCounts{CustomerBusy: 1},
		},
		"503 on v1.1": {
			clienttest.Faults{AuthzUnavailable: 1},
			v1Path, v1Body,
			503, v1("503", "Authorization status is not available"),
			clienttest.FaultCounts{AuthzUnavailable: 1},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{Faults: tt.faults})
			wantAnswer(t, post(t, sim, tt.path, tt.body), tt.status, tt.want)
			assert.Equal(t, clienttest.Stats{Calls: 1, MaxInFlight: 1, ItemsReceived: 1, WastedCalls: 1, Faults: tt.counts}, sim.Stats())
		})
	}
}

func TestAuthzUnavailableHasTwoCodesOnV2(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{AuthzUnavailable: 1}})
	seen := map[string]int{}
	for range 50 {
		w := post(t, sim, bulkPath, bills(1, 1))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		seen[w.Body.String()]++
	}
	assert.Len(t, seen, 2)
	assert.Contains(t, seen, v2Refusal(503, "Authorization status is not available"))
	assert.Contains(t, seen, v2Refusal(4001, "Authorization status is not available"))
}

func TestRateLimitedHasNoEnvelope(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{RateLimited: 1}})
	w := post(t, sim, bulkPath, bills(1, 1))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "Too Many Requests\n", w.Body.String())
	assert.Empty(t, w.Header().Get("Retry-After"))
	assert.Equal(t, 1, sim.Stats().Faults.RateLimited)
}

func TestCuts(t *testing.T) {
	t.Parallel()
	before := clienttest.New(clienttest.Options{Faults: clienttest.Faults{CutBefore: 1}})
	cuts(t, before, bills(1, 2))
	assert.Empty(t, before.Applied())
	assert.Equal(t, clienttest.Call{Number: 1, Method: "POST", Path: bulkPath, Items: 2, Fault: "cut-before"}, before.Calls()[0])

	after := clienttest.New(clienttest.Options{Faults: clienttest.Faults{CutAfter: 1}})
	cuts(t, after, bills(1, 2))
	assert.Len(t, after.Applied(), 2)
	assert.Zero(t, after.Stats().WastedCalls)
	cuts(t, after, bills(1, 2))
	assert.Equal(t, 2, after.Stats().Duplicates)
	assert.Equal(t, 1, after.Stats().WastedCalls, "nobody learned of the duplicates")
	assert.Equal(t, 2, after.Stats().Faults.CutAfter)
}

func TestEdgeHTMLHidesWhetherTheWorkWasDone(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{EdgeHTML: 1}})
	const calls = 200
	for i := range calls {
		w := post(t, sim, bulkPath, bills(i, 1))
		assert.Equal(t, http.StatusBadGateway, w.Code)
		assert.Equal(t, "text/html", w.Header().Get("Content-Type"))
		assert.True(t, strings.HasPrefix(w.Body.String(), "<!DOCTYPE html>"))
	}
	done := len(sim.Applied())
	assert.InDelta(t, calls/2, done, 40)
	assert.Equal(t, calls-done, sim.Stats().WastedCalls)
}

func TestGarbledBreaksOffInTheMiddle(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{Garbled: 1}})
	w := post(t, sim, bulkPath, bills(1, 3))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.True(t, strings.HasPrefix(w.Body.String(), `{"response":[{"entityId":`))
	assert.False(t, json.Valid(w.Body.Bytes()))
	assert.Len(t, sim.Applied(), 3)
}

func TestItemBusyStrikesItemsAlone(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{ItemBusy: 0.05}})
	const items = 4000
	for i := range items / 100 {
		post(t, sim, bulkPath, bills(i*100, 100))
	}
	stats := sim.Stats()
	// Five standard deviations of a binomial of 4,000 draws at 0.05: 69.
	assert.InDelta(t, items*0.05, stats.ItemsBusy, 69)
	assert.Equal(t, items, stats.ItemsBusy+stats.ItemsApplied)
	assert.Equal(t, stats.ItemsBusy, stats.Faults.ItemBusy)
	assert.Zero(t, stats.WastedCalls)
}

func TestItemBusyInEachEnvelope(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{ItemBusy: 1}})
	const message = "Another action is in progress for the customer"
	wantAnswer(t, post(t, sim, bulkPath, bills(1, 1)), http.StatusOK,
		`{"response":[{"errors":[{"status":false,"code":521,"message":"`+message+`"}],"warnings":[]}],"totalCount":1,"failureCount":1}`)
	wantAnswer(t, post(t, sim, singlePath, bill("A", "1")), http.StatusOK, v2Refusal(521, message))
	w := post(t, sim, v1Path, `{"root":{"transaction":{"number":"A","customer":{"mobile":"1"}}}}`)
	assert.Contains(t, w.Body.String(), `"item_status":{"success":"false","code":"521","message":"`+message+`"}`)
	assert.Equal(t, 3, sim.Stats().WastedCalls)
}

func TestFaultsDependOnSeedAndCallOnly(t *testing.T) {
	t.Parallel()
	run := func(faults clienttest.Faults, seed uint64) []clienttest.Call {
		sim := clienttest.New(clienttest.Options{Seed: seed, Faults: faults})
		for i := range 60 {
			post(t, sim, bulkPath, bills(i*10, 10))
		}
		return sim.Calls()
	}
	few := clienttest.Faults{SearchBusy: 0.3, ItemBusy: 0.1}
	first, again, other := run(few, 1), run(few, 1), run(few, 2)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)

	more := few
	more.ItemBusy = 0
	busy := func(calls []clienttest.Call) (numbers []int) {
		for _, c := range calls {
			if c.Fault == "search-busy" {
				numbers = append(numbers, c.Number)
			}
		}
		return numbers
	}
	assert.NotEmpty(t, busy(first))
	assert.Equal(t, busy(first), busy(run(more, 1)), "one mishap's probability does not move the others")
}
