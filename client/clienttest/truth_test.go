package clienttest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestBodiesAreKeptOnRequest(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{KeepBodies: true})
	post(t, sim, bulkPath, "["+bill("A1", "1")+"]")
	got := sim.Applied()
	assert.JSONEq(t, bill("A1", "1"), string(got[0].Body))
	got[0].Body[0] = 'x'
	assert.JSONEq(t, bill("A1", "1"), string(sim.Applied()[0].Body), "what is returned is a copy")
}

func TestForgetCountsOnly(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Forget: true})
	for range 2 {
		assert.Contains(t, post(t, sim, bulkPath, bills(1, 3)).Body.String(), `"failureCount":0`)
	}
	assert.Equal(t, clienttest.Stats{Calls: 2, MaxInFlight: 1, ItemsReceived: 6, ItemsApplied: 6}, sim.Stats())
	assert.Empty(t, sim.Applied())
	assert.Zero(t, sim.Times("B1", "C1"))
}

func TestCallsTellWhatHappened(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{BatchLimit: 2})
	post(t, sim, bulkPath+"?x=1", bills(1, 3))
	post(t, sim, bulkPath, "["+bill("A1", "1")+","+bill("A1", "1")+"]")
	send(t, sim, "GET", "/v2/customers/1", "")
	send(t, sim, "GET", "/"+strings.Repeat("x", 300), "")
	got := sim.Calls()
	assert.Equal(t, []clienttest.Call{
		{Number: 1, Method: "POST", Path: bulkPath, Items: 3, Status: 400, Codes: []int{1060}},
		{Number: 2, Method: "POST", Path: bulkPath, Items: 2, Applied: 1, Status: 200, Codes: []int{604}},
		{Number: 3, Method: "GET", Path: "/v2/customers/1", Status: 400, Codes: []int{8015}},
		{Number: 4, Method: "GET", Path: "/" + strings.Repeat("x", 199), Status: 404, Codes: []int{404}},
	}, got)
	got[0].Codes[0] = 0
	assert.Equal(t, []int{1060}, sim.Calls()[0].Codes, "what is returned is a copy")
	assert.Equal(t, 1, sim.Stats().Lookups)
	assert.Equal(t, 2, sim.Stats().WastedCalls)
}

func TestOnlyTheLastCallsAreKept(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := newDiscard()
	r := getRequest(t)
	for range 100_003 {
		sim.ServeHTTP(w, r)
	}
	got := sim.Calls()
	assert.Len(t, got, 100_000)
	assert.Equal(t, 4, got[0].Number)
	assert.Equal(t, 100_003, got[len(got)-1].Number)
}

func TestManyCallersAtOnce(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{ItemBusy: 0.1, SearchBusy: 0.1}, Latency: 1})
	srv := serve(t, sim)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				// Half of the numbers are shared by all callers.
				over(t.Context(), srv, bulkPath, "["+bill(fmt.Sprintf("G%d-%d", g, i), strconv.Itoa(g))+","+bill(fmt.Sprintf("S%d", i), "s")+"]")
				_, _, _ = sim.Stats(), sim.Unused(), sim.Options()
			}
		})
	}
	wg.Wait()
	stats := sim.Stats()
	assert.Equal(t, 200, stats.Calls)
	assert.Equal(t, 400, stats.ItemsReceived)
	assert.Len(t, sim.Applied(), stats.ItemsApplied)
	assert.Len(t, sim.Calls(), 200)
	assert.Zero(t, stats.DuplicateApplied)
	for i, a := range sim.Applied() {
		assert.Equal(t, i+1, a.Seq)
		assert.Equal(t, 1, sim.Times(a.Number, a.Customer))
	}
}

func TestCallsKeepWhatWasSent(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{KeepRequests: true})
	long := strings.Repeat("x", 64<<10)
	send(t, sim, http.MethodPost, "/v2/acme/stamps?source=ALL&id=1&id=2", `{"number":"s-1"}`,
		"X-Acme-Team", "loyalty", "Authorization", "Basic c2VjcmV0", "X-Cap-Api-Oauth-Token", "t0ken", "Cookie", "a=b", "Proxy-Authorization", "p")
	post(t, sim, bulkPath, long+"yz")
	calls := sim.Calls()
	assert.JSONEq(t, `{"number":"s-1"}`, calls[0].Body)
	assert.Equal(t, 16, calls[0].Bytes)
	assert.Equal(t, url.Values{"source": {"ALL"}, "id": {"1", "2"}}, calls[0].Query)
	assert.Equal(t, http.Header{
		"Content-Type": {"application/json"}, "X-Acme-Team": {"loyalty"}, "Authorization": {"[redacted]"},
		"X-Cap-Api-Oauth-Token": {"[redacted]"}, "Cookie": {"[redacted]"}, "Proxy-Authorization": {"[redacted]"},
	}, calls[0].Header)
	assert.Equal(t, long, calls[1].Body, "the first 64 KiB")
	assert.Equal(t, 64<<10+2, calls[1].Bytes)

	calls[0].Header.Set("X-Acme-Team", "mine")
	calls[0].Query.Set("source", "mine")
	again := sim.Calls()[0]
	assert.Equal(t, "loyalty", again.Header.Get("X-Acme-Team"), "a copy each time")
	assert.Equal(t, "ALL", again.Query.Get("source"))
}

func TestCallsKeepNothingUnlessAsked(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	send(t, sim, http.MethodPost, "/v2/acme/stamps?source=ALL", `{}`)
	assert.Equal(t, clienttest.Call{
		Number: 1, Method: "POST", Path: "/v2/acme/stamps", Status: 404, Codes: []int{404},
	}, sim.Calls()[0])
}

func TestWhatWasSentIsKeptOfTheLastThousandCalls(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{KeepRequests: true})
	for range 1001 {
		send(t, sim, http.MethodPost, "/v2/acme/stamps?source=ALL", `{}`)
	}
	calls := sim.Calls()
	require.Len(t, calls, 1001)
	assert.Equal(t, clienttest.Call{
		Number: 1, Method: "POST", Path: "/v2/acme/stamps", Bytes: 2, Status: 404, Codes: []int{404},
	}, calls[0])
	assert.Equal(t, "{}", calls[1].Body)
	assert.Equal(t, "{}", calls[1000].Body)
}
