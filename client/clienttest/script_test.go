package clienttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestScriptedAnswers(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{
		Username: "store.server", Password: "server123", CallsPerMinute: 1, RetryAfter: time.Minute,
		Faults: clienttest.Faults{CutBefore: 1},
	})
	sim.Script(
		clienttest.Answer{Body: `{"response":[]}`},
		clienttest.Answer{Status: http.StatusServiceUnavailable, Body: "<html>"},
		clienttest.Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}, "x-other": {"y"}}, Body: "slow down"},
		clienttest.Answer{Status: http.StatusNoContent},
	)
	assert.Equal(t, 4, sim.Unused())
	post(t, sim, "/v3/oauth/token/generate", `{}`)
	assert.Equal(t, 4, sim.Unused(), "token calls take none")

	w := post(t, sim, bulkPath, bills(1, 1))
	wantAnswer(t, w, http.StatusOK, `{"response":[]}`)
	w = post(t, sim, bulkPath, bills(1, 1))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "text/html", w.Header().Get("Content-Type"))
	assert.Equal(t, "60", w.Header().Get("Retry-After"))
	w = post(t, sim, bulkPath, bills(1, 1))
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "7", w.Header().Get("Retry-After"))
	assert.Equal(t, "y", w.Header().Get("X-Other"))
	w = post(t, sim, bulkPath, bills(1, 1))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Zero(t, sim.Unused())
	assert.Empty(t, sim.Applied())
	assert.Equal(t, clienttest.Stats{
		Calls: 4, TokenCalls: 1, MaxInFlight: 1, ItemsReceived: 4, WastedCalls: 4, Faults: clienttest.FaultCounts{Scripted: 4},
	}, sim.Stats())
}

func TestAScriptedCallMayBeTheSimulatorsOwn(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{CutBefore: 1, ItemBusy: 1}})
	sim.Script(clienttest.Answer{})
	assert.Contains(t, post(t, sim, bulkPath, bills(1, 2)).Body.String(), `"failureCount":0`)
	assert.Equal(t, clienttest.Call{
		Number: 1, Method: "POST", Path: bulkPath, Items: 2, Applied: 2, Status: 200, Fault: "script",
	}, sim.Calls()[0])
}

func TestScriptedWorkIsCheckedLikeAnyOther(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Username: "store.server"})
	sim.Script(clienttest.Answer{}, clienttest.Answer{Status: http.StatusOK, After: true})
	assert.Equal(t, http.StatusUnauthorized, post(t, sim, bulkPath, bills(1, 1)).Code)
	assert.Equal(t, http.StatusOK, post(t, sim, bulkPath, bills(1, 1)).Code)
	assert.Empty(t, sim.Applied())
}

func TestScriptedAnswersOverAConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer  clienttest.Answer
		applied int
		took    time.Duration
		check   func(*testing.T, answer)
	}{
		"cut before the work": {clienttest.Answer{Cut: true}, 0, time.Second, func(t *testing.T, got answer) {
			t.Helper()
			assert.ErrorIs(t, got.err, io.EOF)
		}},
		"cut after the work": {clienttest.Answer{Cut: true, After: true}, 2, time.Second, func(t *testing.T, got answer) {
			t.Helper()
			assert.ErrorIs(t, got.err, io.EOF)
		}},
		"cut in the middle of the body": {
			clienttest.Answer{Cut: true, After: true, Body: `{"response":[`},
			2, time.Second,
			func(t *testing.T, got answer) {
				t.Helper()
				assert.Equal(t, http.StatusOK, got.status)
				assert.Len(t, got.body, len(`{"response":[`))
				assert.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
			},
		},
		"done, but answered otherwise": {
			clienttest.Answer{Status: http.StatusGatewayTimeout, After: true, Delay: time.Minute},
			2, time.Minute + time.Second,
			func(t *testing.T, got answer) {
				t.Helper()
				assert.Equal(t, http.StatusGatewayTimeout, got.status)
			},
		},
		"late": {clienttest.Answer{Delay: time.Minute}, 2, time.Minute + time.Second, func(t *testing.T, got answer) {
			t.Helper()
			assert.Contains(t, got.body, `"failureCount":0`)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := clienttest.New(clienttest.Options{Latency: time.Second})
				srv := serve(t, sim)
				sim.Script(tt.answer)
				start := time.Now()
				tt.check(t, over(t.Context(), srv, bulkPath, bills(1, 2)))
				assert.Equal(t, tt.took, time.Since(start))
				assert.Len(t, sim.Applied(), tt.applied)
			})
		})
	}
}

// After with Delay stands for a server that goes on working while its caller gives up.
func TestWorkDoneForACallerThatLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{})
		srv := serve(t, sim)
		sim.Script(clienttest.Answer{After: true, Delay: time.Hour})
		client := srv.HTTPClient()
		client.Timeout = time.Second
		_, err := client.Post(srv.URL+bulkPath, "application/json", strings.NewReader(bills(1, 1)))
		require.Error(t, err)
		synctest.Wait()
		assert.Len(t, sim.Applied(), 1)
		assert.Equal(t, 1, sim.Stats().Faults.Abandoned)
	})
}

func TestScriptFunction(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Script: func(r *http.Request) *clienttest.Answer {
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(body), "poison") {
			return nil
		}
		return &clienttest.Answer{Status: http.StatusBadRequest, Body: v2Refusal(400, "poison")}
	}})
	sim.Script(clienttest.Answer{Status: http.StatusBadGateway})
	assert.Equal(t, http.StatusBadGateway, post(t, sim, bulkPath, "["+bill("poison", "1")+"]").Code, "the queue comes first")
	wantAnswer(t, post(t, sim, bulkPath, "["+bill("poison", "1")+"]"), http.StatusBadRequest, v2Refusal(400, "poison"))
	assert.Contains(t, post(t, sim, bulkPath, bills(1, 1)).Body.String(), `"failureCount":0`)
}

func TestAnswersForCallsOfAPath(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	sim.Script(
		clienttest.Answer{For: "POST /v2/acme/stamps/*", Body: `{"stamps":1}`, Times: 2},
		clienttest.Answer{For: "GET /v2/acme/stamps/c-1", Body: `{"stamps":2}`},
		clienttest.Answer{For: "/v2/acme/any", Body: `{"any":true}`, Times: -1},
		clienttest.Answer{For: "GET /v2/[", Body: `{}`}, // no pattern: matches nothing
		clienttest.Answer{For: "nonsense", Body: `{}`},
	)
	assert.Equal(t, 5, sim.Unused())
	ask := func(method, path string) string { return send(t, sim, method, path, "").Body.String() }
	assert.JSONEq(t, `{"stamps":2}`, ask(http.MethodGet, "/v2/acme/stamps/c-1?x=1"), "passes those for other calls")
	assert.JSONEq(t, `{"stamps":1}`, ask(http.MethodPost, "/v2/acme/stamps/c-1"))
	assert.Equal(t, 3, sim.Unused())
	assert.Contains(t, ask(http.MethodPost, "/v2/acme/stamps/c-1/more"), `"code":404`, "* is one part of a path")
	assert.JSONEq(t, `{"stamps":1}`, ask(http.MethodPost, "/v2/acme/stamps/c-2"))
	assert.Contains(t, ask(http.MethodPost, "/v2/acme/stamps/c-3"), `"code":404`, "twice, and no more")
	for range 3 {
		assert.JSONEq(t, `{"any":true}`, ask(http.MethodPut, "/v2/acme/any"))
	}
	assert.Contains(t, ask(http.MethodGet, "/v2/["), `"code":404`)
	assert.Equal(t, 2, sim.Unused())
}

func TestAScriptedCodeComesInTheEnvelopeOfItsPath(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	sim.Script(
		clienttest.Answer{Code: 461, Times: 2},
		clienttest.Answer{Code: 461},
		clienttest.Answer{Code: 9001, Status: http.StatusConflict, Header: http.Header{"X-Other": {"y"}}},
		clienttest.Answer{Code: 503, After: true},
	)
	const busy = "Search is busy, please try again"
	wantAnswer(t, post(t, sim, bulkPath, bills(1, 1)), http.StatusOK, v2Refusal(461, busy))
	wantAnswer(t, post(t, sim, v1Path, `{}`), http.StatusOK,
		`{"response":{"status":{"success":"false","code":461,"message":"`+busy+`"}}}`)
	w := send(t, sim, http.MethodPost, v1Path, `{}`, "Accept", "application/xml")
	assert.Contains(t, w.Body.String(), "<code>461</code>")
	w = post(t, sim, "/v2/acme/stamps", `{}`)
	wantAnswer(t, w, http.StatusConflict, v2Refusal(9001, "Request failed"))
	assert.Equal(t, "y", w.Header().Get("X-Other"))
	assert.Empty(t, sim.Applied())
	assert.Equal(t, http.StatusServiceUnavailable, post(t, sim, bulkPath, bills(1, 1)).Code)
	assert.Len(t, sim.Applied(), 1, "After does the work first")
	assert.Equal(t, []int{461}, sim.Calls()[0].Codes)
	assert.Zero(t, sim.Unused())
}
