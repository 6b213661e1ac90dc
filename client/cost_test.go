package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/internal/transport"
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
