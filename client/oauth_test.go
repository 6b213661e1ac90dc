package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
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

const tokenPath = "/v3/oauth/token/generate"

func oauthOptions() clienttest.Options { return clienttest.Options{Key: key, Secret: secret} }

func TestTokenCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oauthOptions())
	require.NoError(t, w.add(t.Context(), w.oauthClient(t)))
	sent := w.requests()
	require.Len(t, sent, 2)
	assert.Equal(t, http.MethodPost, sent[0].Method)
	assert.Equal(t, tokenPath, sent[0].URL.Path)
	assert.Empty(t, sent[0].URL.RawQuery)
	assert.Empty(t, sent[0].Header.Get("Authorization"))
	assert.Equal(t, "application/json", sent[0].Header.Get("Content-Type"))
	token := sent[1].Header.Get("X-CAP-API-OAUTH-TOKEN")
	assert.Equal(t, 2, strings.Count(token, "."), "the bare token, without a scheme before it")
	assert.Empty(t, sent[1].Header.Get("Authorization"))
}

func TestTokenCallsDoNotPassTheMiddleware(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oauthOptions())
	var seen []string
	c := w.oauthClient(t, client.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.URL.Path)
			assert.Empty(t, r.Header.Get("X-CAP-API-OAUTH-TOKEN"))
			return next.RoundTrip(r)
		})
	}))
	require.NoError(t, w.add(t.Context(), c))
	assert.Equal(t, []string{"/v2/transactions"}, seen)
	assert.Equal(t, 1, w.sim.Stats().TokenCalls)
}

func TestTokenIsKeptForFourFifthsOfItsLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.TokenTTL = 100 * time.Second
		w := newWorld(t, opts)
		c := w.oauthClient(t)
		for _, step := range []struct {
			wait   time.Duration
			tokens int
		}{{0, 1}, {79 * time.Second, 1}, {time.Second, 2}, {79 * time.Second, 2}, {time.Hour, 3}} {
			<-time.After(step.wait)
			require.NoError(t, w.add(t.Context(), c))
			assert.Equal(t, step.tokens, w.sim.Stats().TokenCalls)
		}
		assert.Zero(t, w.sim.Stats().Unauthorized)
	})
}

// Tokens are renewed before their life is over. That the renewal fails is no
// reason for calls to fail before it is.
func TestATokenServesWhileItsRenewalFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.TokenTTL = 100 * time.Second
		w := newWorld(t, opts)
		c := w.oauthClient(t, client.WithRetry(retry.Policy{MaxAttempts: 1}))
		start := time.Now()
		down, asked := false, 0
		w.intercept = func(r *http.Request) *http.Response {
			if !down || r.URL.Path != tokenPath {
				return nil
			}
			asked++
			return answer(http.StatusServiceUnavailable, "busy")
		}
		at := func(second int) error {
			<-time.After(time.Until(start.Add(time.Duration(second) * time.Second)))
			return w.add(t.Context(), c)
		}
		require.NoError(t, at(0))
		down = true
		require.NoError(t, at(80), "asked, and refused for now")
		assert.Equal(t, 1, asked)
		require.NoError(t, at(89))
		assert.Equal(t, 1, asked, "not before the middle of the 20 s that are left")
		require.NoError(t, at(91))
		assert.Equal(t, 2, asked)
		require.ErrorIs(t, at(101), caperrors.ErrTransient, "its life is over")
		down = false
		require.NoError(t, at(102))
		assert.Equal(t, 2, w.sim.Stats().TokenCalls)
		assert.Zero(t, w.sim.Stats().Unauthorized)

		down = true
		w.sim.ExpireTokens()
		require.ErrorIs(t, at(190), caperrors.ErrUnauthenticated, "no refused token is sent again")
		assert.Equal(t, 1, w.sim.Stats().Unauthorized)
	})
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		life string // as it stands in the answer
		kept time.Duration
	}{
		"a number":                    {`,"ttlSeconds":100`, 80 * time.Second},
		"a number in a string":        {`,"ttlSeconds":"100"`, 80 * time.Second},
		"a fraction":                  {`,"ttlSeconds":100.0`, 80 * time.Second},
		"not told":                    {``, 240 * time.Second},
		"null":                        {`,"ttlSeconds":null`, 240 * time.Second},
		"zero":                        {`,"ttlSeconds":0`, 240 * time.Second},
		"negative":                    {`,"ttlSeconds":-5`, 240 * time.Second},
		"a word":                      {`,"ttlSeconds":"soon"`, 240 * time.Second},
		"no number":                   {`,"ttlSeconds":"NaN"`, 240 * time.Second},
		"an object":                   {`,"ttlSeconds":{}`, 240 * time.Second},
		"longer than anybody gives":   {`,"ttlSeconds":1e300`, 24 * 24 * time.Hour},
		"infinite":                    {`,"ttlSeconds":"Inf"`, 24 * 24 * time.Hour},
		"the longest, by ticket only": {`,"ttlSeconds":2592000`, 24 * 24 * time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				tokens := w.tokens(func(int) *http.Response {
					return answer(http.StatusOK, `{"data":{"accessToken":"abc"`+tt.life+`},"errors":null}`)
				})
				c := w.oauthClient(t)
				require.NoError(t, w.add(t.Context(), c))
				<-time.After(tt.kept - time.Second)
				require.NoError(t, w.add(t.Context(), c))
				assert.Equal(t, 1, tokens())
				<-time.After(time.Second)
				require.NoError(t, w.add(t.Context(), c))
				assert.Equal(t, 2, tokens())
			})
		})
	}
}

// tokens answers the token calls, numbered from 1, in place of the simulator.
// It returns their number.
func (w *world) tokens(reply func(int) *http.Response) func() int {
	var mu sync.Mutex
	n := 0
	w.intercept = func(r *http.Request) *http.Response {
		if r.URL.Path != tokenPath {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		n++
		return reply(n)
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func TestOneTokenCallForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.Latency = time.Second
		w := newWorld(t, opts)
		c := w.oauthClient(t)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				<-time.After(time.Duration(i) * 10 * time.Millisecond)
				assert.NoError(t, w.add(t.Context(), c))
			})
		}
		wg.Wait()
		assert.Equal(t, 1, w.sim.Stats().TokenCalls)
	})
}

func TestOneWhoLeavesDoesNotEndTheFetchOfTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.Latency = time.Second
		w := newWorld(t, opts)
		c := w.oauthClient(t)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { // begins the fetch, and leaves first
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			err := w.add(ctx, c)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
			assert.Equal(t, 100*time.Millisecond, time.Since(start))
		})
		wg.Go(func() {
			<-time.After(50 * time.Millisecond)
			if err := w.add(t.Context(), c); err != nil {
				t.Error(err)
			}
			assert.Equal(t, 2*time.Second, time.Since(start)) // the token's second and the call's
		})
		wg.Wait()
		assert.Equal(t, 1, w.sim.Stats().TokenCalls)
	})
}

func TestTheLastToLeaveEndsTheFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.Latency = time.Hour
		w := newWorld(t, opts)
		c := w.oauthClient(t, client.WithTimeout(3*time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { assert.ErrorIs(t, w.add(ctx, c), context.DeadlineExceeded) })
		}
		wg.Wait()
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Equal(t, 1, w.sim.Stats().TokenCalls)
		assert.Zero(t, w.sim.Stats().Calls)
		// Who comes now is not told of an end that was not theirs.
		opts.Latency = 0
		w.sim.SetOptions(opts)
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, 2, w.sim.Stats().TokenCalls)
	})
}

func TestWhoComesWhileAnAbandonedFetchEndsBeginsAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, oauthOptions())
		w.hang = func(r *http.Request, attempt int) {
			if attempt == 1 { // ends late when it is told to
				<-r.Context().Done()
				<-time.After(time.Second)
			}
		}
		c := w.oauthClient(t)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := w.add(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			assert.Equal(t, 2*time.Second, time.Since(start), "the fetch has an owner, who waits for its end")
		})
		wg.Go(func() {
			<-time.After(1500 * time.Millisecond)
			if err := w.add(t.Context(), c); err != nil {
				t.Error(err)
			}
			assert.Equal(t, 1500*time.Millisecond, time.Since(start))
		})
		wg.Wait()
	})
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]clienttest.Answer{
		"498 in the body, as the documents have it": {Status: 200, Body: `{"response":{"status":{"success":"true","code":498,"message":"Token expired"}}}`},
		"401 in the body": {Status: 401, Body: v2Error("401")},
		"401 of the edge": {Status: 401, Body: "<html>Unauthorized</html>"},
	}
	for name, refusal := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, oauthOptions())
			c := w.oauthClient(t)
			w.sim.Script(refusal)
			resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
			require.NoError(t, err)
			assert.Equal(t, 2, resp.Attempts)
			assert.Equal(t, 2, w.sim.Stats().TokenCalls)
			assert.Equal(t, 2, w.sim.Stats().Calls)
			sent := w.requests()
			require.Len(t, sent, 4) // token, call, token, call
			assert.NotEqual(t, sent[1].Header.Get("X-CAP-API-OAUTH-TOKEN"), sent[3].Header.Get("X-CAP-API-OAUTH-TOKEN"))
		})
	}
}

func TestExpiredTokenIsRenewedForEveryWayToCall(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*testing.T, *client.Client, string) error{
		"Call": func(t *testing.T, c *client.Client, number string) error {
			t.Helper()
			_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill(number, "447700900001")})
			return err
		},
		"Send": func(t *testing.T, c *client.Client, number string) error {
			t.Helper()
			_, err := client.Send(t.Context(), c, client.TransactionsBulk, []txn{bill(number, "447700900001")})
			return err
		},
		"Bulk.Send": func(t *testing.T, c *client.Client, number string) error {
			t.Helper()
			_, err := c.Bulk(client.TransactionsBulk).Send(t.Context(), [][]byte{encoded(t, bill(number, "447700900001"))})
			return err
		},
	}
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, oauthOptions())
			c := w.oauthClient(t)
			require.NoError(t, call(t, c, "1"))
			w.sim.ExpireTokens()
			require.NoError(t, call(t, c, "2"))
			assert.Equal(t, 2, w.sim.Stats().TokenCalls)
			assert.Equal(t, 3, w.sim.Stats().Calls)
			assert.Equal(t, 1, w.sim.Times("2", "447700900001"))
		})
	}
}

func TestManyCallsWithOneRefusedTokenRenewItOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.Latency = time.Second
		w := newWorld(t, opts)
		c := w.oauthClient(t)
		require.NoError(t, w.add(t.Context(), c))
		w.sim.ExpireTokens()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				// All are sent with the refused token; the answers come from
				// before the new token is there until long after.
				<-time.After(time.Duration(i) * 90 * time.Millisecond)
				assert.NoError(t, w.add(t.Context(), c))
			})
		}
		wg.Wait()
		assert.Equal(t, 2, w.sim.Stats().TokenCalls)
		assert.Equal(t, 1+10+10, w.sim.Stats().Calls)
	})
}

func TestTokenRefusedAgainIsNotRenewedAgain(t *testing.T) {
	t.Parallel()
	opts := oauthOptions()
	opts.Script = func(*http.Request) *clienttest.Answer {
		return &clienttest.Answer{Status: 401, Body: v2Error("401")}
	}
	w := newWorld(t, opts)
	err := w.add(t.Context(), w.oauthClient(t))
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
	require.ErrorIs(t, err, caperrors.ErrRefreshFailed)
	assert.Equal(t, 2, w.sim.Stats().Calls)
	assert.Equal(t, 2, w.sim.Stats().TokenCalls)
}

func TestWrongSecret(t *testing.T) {
	t.Parallel()
	opts := oauthOptions()
	opts.Secret = "another"
	w := newWorld(t, opts)
	err := w.add(t.Context(), w.oauthClient(t))
	require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
	require.ErrorIs(t, err, caperrors.Code(320001))
	var request *caperrors.RequestError
	require.ErrorAs(t, err, &request)
	assert.Equal(t, caperrors.V3, request.Scope.Version)
	assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
	var call *caperrors.CallError
	require.ErrorAs(t, err, &call)
	assert.Equal(t, client.TransactionAdd.Name, call.Op)
	var nested *caperrors.CallError
	assert.NotErrorAs(t, call.Err, &nested, "one CallError in the chain")
	assert.Equal(t, 1, w.sim.Stats().TokenCalls)
	assert.Zero(t, w.sim.Stats().Calls)
}

func TestTokenCallThatFails(t *testing.T) {
	t.Parallel()
	const leak = "eyJhbGciOiJSUzI1NiJ9.leak"
	tests := map[string]struct {
		status int
		body   string
		tokens int // calls made for it
		is     error
	}{
		"a refusal that quotes what was sent": {
			status: 401, body: `{"data":null,"errors":[{"code":320001,"message":"no client ` + key + ` with ` + secret + `"}]}`,
			tokens: 1, is: caperrors.ErrUnauthenticated,
		},
		"a refusal with a number that no table has": {
			status: 400, body: `{"data":null,"errors":[{"code":320999,"message":"no"}]}`, tokens: 1, is: caperrors.ErrUnauthenticated,
		},
		"a busy edge":          {status: 503, body: "busy", tokens: 4, is: caperrors.ErrTransient},
		"a cut answer":         {status: 200, body: `{"data":{"accessToken":"` + leak + `"`, tokens: 4},
		"no token":             {status: 200, body: `{"data":{"accessToken":"","ttlSeconds":300},"errors":null}`, tokens: 4},
		"a token that injects": {status: 200, body: `{"data":{"accessToken":"` + leak + `\r\nX-A: b"},"errors":null}`, tokens: 4},
		"a token that is none": {status: 200, body: `{"data":{"accessToken":17},"errors":null}`, tokens: 4},
		"no data":              {status: 200, body: `{"data":null,"errors":null}`, tokens: 4},
		"another body":         {status: 404, body: "<html>not here</html>", tokens: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				tokens := w.tokens(func(int) *http.Response { return answer(tt.status, tt.body) })
				err := w.add(t.Context(), w.oauthClient(t))
				require.Error(t, err)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
				assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
				assert.Equal(t, tt.tokens, tokens())
				assert.Zero(t, w.sim.Stats().Calls)
				for _, text := range everyForm(err) {
					assert.NotContains(t, text, secret)
					assert.NotContains(t, text, key)
					assert.NotContains(t, text, "eyJ")
				}
			})
		})
	}
}

func TestTokenCallIsRepeatedWhenCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		tokens := w.tokens(func(n int) *http.Response {
			if n == 1 {
				return answer(http.StatusServiceUnavailable, "busy")
			}
			return answer(http.StatusOK, `{"data":{"accessToken":"abc","ttlSeconds":300}}`)
		})
		require.NoError(t, w.add(t.Context(), w.oauthClient(t)))
		assert.Equal(t, 2, tokens())
	})
}

func TestFetchIsBoundedByTheClientsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := oauthOptions()
		opts.Latency = time.Hour
		w := newWorld(t, opts)
		start := time.Now()
		err := w.add(t.Context(), w.oauthClient(t, client.WithTimeout(10*time.Second)))
		require.Error(t, err)
		assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
		assert.GreaterOrEqual(t, time.Since(start), 40*time.Second) // four attempts
		assert.Less(t, time.Since(start), 2*time.Minute)
	})
}
