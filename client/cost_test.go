package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/internal/wire"
)

// What the attempts cost without an observer is in the bound that
// internal/transport holds against net/http.
func TestACallWithoutAnObserverPaysNothingForEvents(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole program
	c, err := client.New("https://api.test", client.WithBasic(till, password))
	require.NoError(t, err)
	ctx, request, failure := t.Context(), &transport.Request{Op: "test", Method: http.MethodPost}, errors.New("broken")
	assert.Zero(t, testing.AllocsPerRun(200, func() { c.ObserveCall(ctx, request, failure) }))
}

func TestAnObserverCostsLittle(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole program
	hc := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, `{"id":1,"errors":[],"warnings":[]}`), nil
	})}
	allocs := func(opts ...client.Option) float64 {
		c, err := client.New("https://api.test", append(opts, client.WithBasic(till, password), client.WithHTTPClient(hc))...)
		require.NoError(t, err)
		return testing.AllocsPerRun(200, func() {
			_, err := c.Call(t.Context(), client.CustomerByID, client.Request{Path: map[string]string{"id": "1"}})
			require.NoError(t, err)
		})
	}
	without := allocs()
	with := allocs(client.WithObserve(func(ctx context.Context, _ client.Event) context.Context { return ctx }))
	t.Logf("without %v, with an observer that does nothing %v allocations a call", without, with)
	assert.LessOrEqual(t, with-without, 6.0)
}

// A call costs no more memory than net/http with the same header, the same
// answer and the same decoding: what it needs beyond that, and some of what
// net/http needs, is used again. The server's share is in both figures. A
// collection in between costs it a few allocations, when pools forget.
func TestACallCostsLittleMoreThanNetHTTP(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole program
	if underRace {
		t.Skip("the race detector makes pools forget at random")
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"createdId":880613909,"warnings":[],"errors":[]}`)
	}))
	defer srv.Close()
	body := json.RawMessage(`{"type":"REGULAR","billNumber":"1","billAmount":480}`)
	header := http.Header{"Accept": {"application/json"}, "Authorization": {"Basic x"}, "Content-Type": {"application/json"}}
	plain, plainBytes := memoryPerRun(500, func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v2/transactions", bytes.NewReader(body))
		require.NoError(t, err)
		r.Header = header.Clone()
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		read, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		_, err = wire.Read(wire.HTTP{Status: resp.StatusCode, Body: read}, wire.Call{
			Version: caperrors.V2, Entity: "transaction", Dialect: wire.V2Single, Count: 1,
		})
		require.NoError(t, err)
	})
	c, err := client.New(srv.URL, client.WithBasic(till, password), client.WithHTTPClient(srv.Client()))
	require.NoError(t, err)
	ours, ourBytes := memoryPerRun(500, func() {
		_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: body})
		require.NoError(t, err)
	})
	t.Logf("net/http %v, ours %v allocations; %v and %v bytes", plain, ours, plainBytes, ourBytes)
	assert.LessOrEqual(t, ours-plain, 4.0)
	assert.LessOrEqual(t, ourBytes-plainBytes, 0.0)
}

// memoryPerRun returns the allocations of a run and their bytes.
func memoryPerRun(runs int, run func()) (allocs, size float64) {
	run() // fills pools
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	n := float64(runs)
	return float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n
}
