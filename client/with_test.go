package client_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

func TestWithOverridesForOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Faults: clienttest.Faults{SearchBusy: 1}})
		c := w.client(t)
		require.ErrorIs(t, w.add(t.Context(), c.With(client.WithRetry(retry.Policy{MaxAttempts: 2}))), caperrors.ErrAttemptsExhausted)
		assert.Equal(t, 2, w.sim.Stats().Calls)
		require.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrAttemptsExhausted)
		assert.Equal(t, 2+retry.DefaultMaxAttempts, w.sim.Stats().Calls, "c is as it was")
		assert.Equal(t, 2, c.With(client.WithRetry(retry.Policy{MaxAttempts: 2})).Bulk(client.TransactionsBulk).Policy().MaxAttempts)
	})
}

func TestWithTimeoutForOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Latency: time.Hour})
		c := w.client(t, client.WithRetry(retry.Policy{MaxAttempts: 1}))
		for _, step := range []struct {
			c    *client.Client
			want time.Duration
		}{{c.With(client.WithTimeout(3 * time.Second)), 3 * time.Second}, {c, 30 * time.Second}} {
			start := time.Now()
			err := w.add(t.Context(), step.c)
			var sending *caperrors.TransportError
			require.ErrorAs(t, err, &sending)
			assert.True(t, sending.TimedOut)
			assert.Equal(t, caperrors.Unknown, caperrors.OutcomeOf(err))
			assert.Equal(t, step.want, time.Since(start))
		}
	})
}

func TestWithHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t, client.WithHeader("X-Team", "tills"), client.WithUserAgent("sync/1"))
	require.NoError(t, w.add(t.Context(), c.With(client.WithHeader("X-Run", "7"), client.WithUserAgent("sync/2"))))
	require.NoError(t, w.add(t.Context(), c))
	sent := w.requests()
	assert.Equal(t, "tills", sent[0].Header.Get("X-Team"))
	assert.Equal(t, "7", sent[0].Header.Get("X-Run"))
	assert.Contains(t, sent[0].Header.Get("User-Agent"), "sync/2 capillary-go/")
	assert.Empty(t, sent[1].Header.Get("X-Run"))
	assert.Contains(t, sent[1].Header.Get("User-Agent"), "sync/1 capillary-go/")
	assert.Equal(t, "application/json", sent[0].Header.Get("Accept"))
}

func TestWithRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	tests := map[string]struct {
		option client.Option
		field  string
	}{
		"another HTTP client":         {client.WithHTTPClient(http.DefaultClient), "WithHTTPClient"},
		"another pace":                {client.WithRate(client.AllEndpoints, 1), "WithRate"},
		"another limiter":             {client.WithLimiter(client.AllEndpoints, &counting{}), "WithLimiter"},
		"another observer":            {client.WithObserve(func(ctx context.Context, _ client.Event) context.Context { return ctx }), "WithObserve"},
		"another bound of bodies":     {client.WithMaxBody(1), "WithMaxBody"},
		"middleware":                  {client.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return next }), "WithMiddleware"},
		"plain HTTP":                  {client.WithPlainHTTP(), "WithPlainHTTP"},
		"no time":                     {client.WithTimeout(0), "WithTimeout"},
		"no function":                 {client.WithCredentials(nil), "WithCredentials"},
		"a policy below zero":         {client.WithRetry(retry.Policy{MaxAttempts: -1}), "WithRetry"},
		"a till that breaks":          {client.WithBasic("a:b", "hunter2"), "WithBasic"},
		"an entity with Basic":        {client.WithAttribution(client.Attribution{EntityCode: "x"}), "Attribution.EntityCode"},
		"a header of the client":      {client.WithHeader("Authorization", "hunter2"), "WithHeader"},
		"an option of another faulty": {client.WithUserAgent("\n"), "WithUserAgent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := w.client(t).With(tt.option)
			calls := map[string]func() error{
				"Call": func() error {
					_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "2")})
					return err
				},
				"Send": func() error {
					_, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill("1", "2")})
					return err
				},
				"Bulk": func() error {
					_, err := c.Bulk(client.TransactionsBulk).Send(t.Context(), [][]byte{[]byte(`{}`)})
					return err
				},
				"With": func() error { return w.add(t.Context(), c.With(client.WithTimeout(time.Second))) },
			}
			for way, call := range calls {
				err := call()
				var argument *caperrors.ArgumentError
				require.ErrorAs(t, err, &argument, way)
				assert.Equal(t, tt.field, argument.Field, way)
				assert.NotContains(t, err.Error(), "hunter2", way)
			}
			assert.NotPanics(t, func() { _ = c.String(); _ = c.Bulk(client.TransactionsBulk).Wait(context.Background()) })
		})
	}
	assert.Empty(t, w.requests())
	var none *client.Client
	require.ErrorIs(t, w.add(t.Context(), none.With()), caperrors.ErrInvalid)
}
