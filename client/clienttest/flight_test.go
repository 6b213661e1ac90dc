package clienttest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestACustomerInFlightIsBusyForTheSecondCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{Latency: time.Second})
		srv := serve(t, sim)
		var wg sync.WaitGroup
		var first, second answer
		wg.Go(func() { first = over(t.Context(), srv, bulkPath, "["+bill("A1", "1")+","+bill("A2", "1")+"]") })
		<-time.After(time.Millisecond)
		wg.Go(func() { second = over(t.Context(), srv, bulkPath, "["+bill("A3", "1")+","+bill("A4", "2")+"]") })
		wg.Wait()
		assert.Contains(t, first.body, `"failureCount":0`)
		assert.JSONEq(t, `{"response":[
			{"errors":[{"status":false,"code":521,"message":"Another action is in progress for the customer"}],"warnings":[]},
			{"entityId":`+id3+`,"result":`+bill("A4", "2")+`,"errors":[],"warnings":[]}],"totalCount":2,"failureCount":1}`, second.body)
		assert.Equal(t, clienttest.Stats{
			Calls: 2, MaxInFlight: 2, ItemsReceived: 4, ItemsApplied: 3, ItemsBusy: 1, SameCustomerInFlight: 1, SameCustomerInCall: 1,
		}, sim.Stats())

		again := over(t.Context(), srv, bulkPath, "["+bill("A3", "1")+"]")
		assert.Contains(t, again.body, `"failureCount":0`, "free once both are answered")
	})
}

func TestASingleCallMeetsABusyCustomerToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{Latency: time.Second})
		srv := serve(t, sim)
		var wg sync.WaitGroup
		wg.Go(func() {
			over(t.Context(), srv, v1Path, `{"root":{"transaction":{"number":"A1","customer":{"mobile":"1"}}}}`)
		})
		synctest.Wait()
		got := over(t.Context(), srv, singlePath, bill("A2", "1"))
		wg.Wait()
		assert.Equal(t, http.StatusOK, got.status)
		assert.JSONEq(t, v2Refusal(521, "Another action is in progress for the customer"), got.body)
	})
}

func TestLatencyIsExactInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := serve(t, clienttest.New(clienttest.Options{Latency: 50 * time.Millisecond}))
		start := time.Now()
		for range 3 {
			assert.Equal(t, http.StatusOK, over(t.Context(), srv, bulkPath, bills(1, 1)).status)
		}
		over(t.Context(), srv, "/v3/oauth/token/generate", `{}`)
		assert.Equal(t, 200*time.Millisecond, time.Since(start))
		assert.Equal(t, 1, srv.Connections())
	})
}

func TestACallerThatLeavesDuringTheLatencyLeavesNothingDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{Latency: time.Minute})
		srv := serve(t, sim)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := over(ctx, srv, bulkPath, bills(1, 1))
		require.ErrorIs(t, got.err, context.DeadlineExceeded)
		synctest.Wait()
		assert.Equal(t, clienttest.Stats{
			Calls: 1, MaxInFlight: 1, ItemsReceived: 1, WastedCalls: 1, Faults: clienttest.FaultCounts{Abandoned: 1},
		}, sim.Stats())
		opts := sim.Options()
		opts.Latency = 0
		sim.SetOptions(opts)
		assert.Contains(t, over(t.Context(), srv, bulkPath, bills(1, 1)).body, `"failureCount":0`, "the customer is free again")
	})
}

func TestACutFreesItsCustomers(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	sim.Script(clienttest.Answer{Cut: true})
	cuts(t, sim, bills(1, 1))
	assert.Contains(t, post(t, sim, bulkPath, bills(1, 1)).Body.String(), `"failureCount":0`)
}

// A client that sends its next call as soon as it has read the answer must never find its own customer busy.
func TestASequentialClientIsNeverBusy(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{RepeatBills: true})
	srv := serve(t, sim)
	var wg sync.WaitGroup
	body := bills(1, 60) // larger than the server's buffers
	for range 300 {
		assert.Contains(t, over(t.Context(), srv, bulkPath, body).body, `"failureCount":0`)
	}
	wg.Wait()
	assert.Zero(t, sim.Stats().SameCustomerInFlight)
	assert.Equal(t, 1, sim.Stats().MaxInFlight)
}

func TestCallsPerMinute(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		perMinute, burst int
		interval         time.Duration
	}{
		"less than one a second":     {6, 1, 10 * time.Second},
		"one second's worth at once": {180, 3, time.Second / 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := clienttest.New(clienttest.Options{CallsPerMinute: tt.perMinute, RetryAfter: 1500 * time.Millisecond})
				call := func() int { return post(t, sim, bulkPath, `[]`).Code }
				for range tt.burst {
					assert.Equal(t, http.StatusOK, call())
				}
				w := post(t, sim, bulkPath, `[]`)
				assert.Equal(t, http.StatusTooManyRequests, w.Code)
				assert.Equal(t, "2", w.Header().Get("Retry-After"))
				<-time.After(tt.interval - time.Nanosecond)
				assert.Equal(t, http.StatusTooManyRequests, call())
				<-time.After(time.Nanosecond)
				assert.Equal(t, http.StatusOK, call())
				assert.Equal(t, http.StatusTooManyRequests, call())
				assert.Equal(t, 3, sim.Stats().OverRate)
				<-time.After(time.Hour)
				for range tt.burst {
					assert.Equal(t, http.StatusOK, call(), "an idle hour saves up no more than a burst")
				}
				assert.Equal(t, http.StatusTooManyRequests, call())
			})
		})
	}
}
