package client_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// userOf returns the till that a request was sent as.
func userOf(r *http.Request) string {
	pair, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
	user, _, _ := strings.Cut(string(pair), ":")
	return user
}

// onlyTill refuses every till but the one that current holds.
func (w *world) onlyTill(current *atomic.Value) {
	w.intercept = func(r *http.Request) *http.Response {
		if r.URL.Path != tokenPath && userOf(r) != current.Load() {
			return answer(http.StatusUnauthorized, v2Error("401"))
		}
		return nil
	}
}

func TestCredentialsOfAFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		var asked, lent atomic.Int64
		var current atomic.Value
		current.Store("till.1")
		w.onlyTill(&current)
		c := w.client(t, client.WithBasic(till, password)).With(client.WithCredentials(func(context.Context) (client.Credentials, error) {
			asked.Add(1)
			<-time.After(time.Second)
			life := time.Duration(lent.Load())
			granted := client.Credentials{Username: current.Load().(string), Password: password} //nolint:forcetypeassert // a test's own value
			if life > 0 {
				granted.Expires = time.Now().Add(life)
			}
			return granted, nil
		}))
		assert.Zero(t, asked.Load(), "not before they are needed")
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { assert.NoError(t, w.add(t.Context(), c)) })
		}
		wg.Wait()
		assert.Equal(t, int64(1), asked.Load(), "one question for all who wait")
		<-time.After(1000 * time.Hour)
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, int64(1), asked.Load(), "kept until they are refused")

		current.Store("till.2")
		before := len(w.requests())
		for range 20 {
			wg.Go(func() { assert.NoError(t, w.add(t.Context(), c)) })
		}
		wg.Wait()
		assert.Equal(t, int64(2), asked.Load(), "asked once more for all who were refused")
		assert.Len(t, w.requests(), before+40)

		lent.Store(int64(time.Minute))
		current.Store("till.3")
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, int64(3), asked.Load())
		<-time.After(59 * time.Second)
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, int64(3), asked.Load())
		<-time.After(time.Second)
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, int64(4), asked.Load(), "they have expired")
	})
}

func TestTheTillThatWasRefusedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{Username: till, Password: "another"})
	var asked atomic.Int64
	c := w.client(t).With(client.WithCredentials(func(context.Context) (client.Credentials, error) {
		asked.Add(1)
		return client.Credentials{Username: till, Password: password}, nil
	}))
	err := w.add(t.Context(), c)
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated, "what the server said")
	require.ErrorIs(t, err, caperrors.ErrRefreshFailed)
	var asking *caperrors.CredentialsError
	require.ErrorAs(t, err, &asking)
	assert.Equal(t, caperrors.Refused, caperrors.OutcomeOf(err))
	assert.Equal(t, int64(2), asked.Load())
	assert.Len(t, w.requests(), 1)
}

func TestAFunctionThatGivesKeysIsAskedBeforeEachToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.TokenTTL = 100 * time.Second
		w := newWorld(t, opts)
		var asked atomic.Int64
		ask := func(context.Context) (client.Credentials, error) {
			if asked.Add(1) == 1 {
				return client.Credentials{Key: key, Secret: secret}, nil
			}
			return client.Credentials{Key: key, Secret: secret, Expires: time.Now().Add(10 * time.Second)}, nil
		}
		c := w.client(t).With(client.WithCredentials(ask))
		add := func(tokens int) {
			t.Helper()
			require.NoError(t, w.add(t.Context(), c))
			assert.Equal(t, tokens, w.sim.Stats().TokenCalls)
			assert.Equal(t, int64(tokens), asked.Load())
		}
		add(1)
		<-time.After(79 * time.Second)
		add(1)
		<-time.After(time.Second)
		add(2)
		<-time.After(10 * time.Second)
		add(3) // the keys expired before the token
		w.sim.ExpireTokens()
		add(4)
	})
}

func TestAFunctionThatGivesNothing(t *testing.T) {
	t.Parallel()
	cause := errors.New("vault: token hunter2 has no access to https://vault/hunter2")
	tests := map[string]struct {
		ask      func(context.Context) (client.Credentials, error)
		is       error
		timedOut bool
		after    time.Duration
	}{
		"an error": {ask: func(context.Context) (client.Credentials, error) { return client.Credentials{}, cause }, is: cause},
		"nothing":  {ask: func(context.Context) (client.Credentials, error) { return client.Credentials{}, nil }, is: caperrors.ErrInvalid},
		"both kinds": {ask: func(context.Context) (client.Credentials, error) {
			return client.Credentials{Username: "hunter2", Password: "hunter2", Key: "hunter2", Secret: "hunter2"}, nil
		}, is: caperrors.ErrInvalid},
		"a key alone": {ask: func(context.Context) (client.Credentials, error) { return client.Credentials{Key: "hunter2"}, nil }, is: caperrors.ErrInvalid},
		"a name that breaks": {ask: func(context.Context) (client.Credentials, error) {
			return client.Credentials{Username: "hunter2\r\n", Password: "hunter2"}, nil
		}, is: caperrors.ErrInvalid},
		"a panic": {ask: func(context.Context) (client.Credentials, error) { panic("hunter2") }},
		"an answer too late": {ask: func(ctx context.Context) (client.Credentials, error) {
			<-ctx.Done()
			return client.Credentials{}, ctx.Err()
		}, timedOut: true, after: 30 * time.Second},
		"no answer": {ask: func(context.Context) (client.Credentials, error) {
			<-time.After(time.Hour)
			return client.Credentials{Username: "hunter2", Password: "hunter2"}, nil
		}, timedOut: true, after: 30 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				c := w.client(t).With(client.WithCredentials(tt.ask))
				start := time.Now()
				err := w.add(t.Context(), c)
				assert.Equal(t, tt.after, time.Since(start))
				var asking *caperrors.CredentialsError
				require.ErrorAs(t, err, &asking)
				assert.Equal(t, tt.timedOut, asking.Timeout())
				require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's own has not struck")
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
				assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
				assert.Empty(t, w.requests())
				for _, text := range everyForm(err) {
					assert.NotContains(t, text, "hunter2")
				}
				<-time.After(2 * time.Hour) // for the function that takes its time
			})
		})
	}
}

func TestAFunctionThatDoesNotReturnHoldsUpNoCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		var running, most atomic.Int64
		c := w.client(t).With(client.WithCredentials(func(context.Context) (client.Credentials, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			<-time.After(10 * time.Minute)
			return client.Credentials{Username: till, Password: password}, nil
		}))
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			require.ErrorIs(t, w.add(ctx, c), context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
			cancel()
		}
		assert.Equal(t, int64(1), most.Load())
		<-time.After(time.Hour)
	})
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	given := client.Credentials{Username: "hunter2", Password: "hunter2", Key: "hunter2", Secret: "hunter2"}
	var shown bytes.Buffer
	for _, v := range []any{given, &given, []any{given}, map[string]any{"a": given}, struct{ Given client.Credentials }{given}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb, v)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("m", "v", v)
		require.NoError(t, json.NewEncoder(&shown).Encode(v))
	}
	assert.NotContains(t, shown.String(), "hunter2")
	assert.Contains(t, shown.String(), "credentials(hidden)")
}

func TestATokenThatAnAnswerQuotesIsBlanked(t *testing.T) {
	t.Parallel()
	ways := map[string]client.Option{
		"of given keys": client.WithOAuth(key, secret),
		"of a function": client.WithCredentials(func(context.Context) (client.Credentials, error) {
			return client.Credentials{Key: key, Secret: secret}, nil
		}),
	}
	for name, option := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, oauthOptions())
			var token string
			w.intercept = func(r *http.Request) *http.Response {
				if token = r.Header.Get("X-CAP-API-OAUTH-TOKEN"); token == "" {
					return nil
				}
				return answer(http.StatusBadRequest, `{"errors":[{"status":false,"code":400,"message":"no `+token+` of `+key+` and `+secret+`"}]}`)
			}
			resp, err := w.client(t).With(option).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			require.Len(t, strings.Split(token, "."), 3)
			assert.Equal(t, "no *** of *** and ***", resp.Message)
			for _, text := range everyForm(err) {
				for _, hidden := range []string{token, key, secret} {
					assert.NotContains(t, text, hidden)
				}
			}
		})
	}
}

func TestATillForEachOfSeveralClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		c := w.client(t, client.WithRate(client.AllEndpoints, 60))
		other := c.With(client.WithBasic("store.2", password))
		start := time.Now()
		require.NoError(t, w.add(t.Context(), c))
		require.NoError(t, w.add(t.Context(), other))
		assert.Equal(t, time.Second, time.Since(start), "they share the pace")
		sent := w.requests()
		require.Len(t, sent, 2)
		assert.Equal(t, till, userOf(sent[0]))
		assert.Equal(t, "store.2", userOf(sent[1]))
		assert.Same(t, c.Bulk(client.TransactionsBulk).Budget(), other.Bulk(client.TransactionsBulk).Budget())
		create := func() any { return new(int) }
		assert.Same(t, c.Bulk(client.TransactionsBulk).Shared(create), other.Bulk(client.TransactionsBulk).Shared(create))
	})
}

func TestTillsOfOneAPIClientShareItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oauthOptions())
	c := w.oauthClient(t)
	for _, code := range []string{"till.1", "till.2"} {
		require.NoError(t, w.add(t.Context(), c.With(client.WithAttribution(client.Attribution{EntityCode: code}))))
	}
	assert.Equal(t, 1, w.sim.Stats().TokenCalls)
	sent := w.requests()
	assert.Equal(t, "till.1", sent[1].Header.Get("X-CAP-API-ATTRIBUTION-ENTITY-CODE"))
	assert.Equal(t, "till.2", sent[2].Header.Get("X-CAP-API-ATTRIBUTION-ENTITY-CODE"))
	batch, err := client.Send(t.Context(), c.With(client.WithAttribution(client.Attribution{EntityCode: "till.3"})), client.TransactionsBulk, []txn{bill("b", "c")})
	require.NoError(t, err)
	require.Len(t, batch.Verdicts, 1)
	assert.Equal(t, "till.3", w.requests()[3].Header.Get("X-CAP-API-ATTRIBUTION-ENTITY-CODE"))
}
