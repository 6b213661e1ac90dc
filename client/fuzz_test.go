package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// fuzzClient talks to reply only.
func fuzzClient(t *testing.T, reply func(*http.Request) *http.Response, opts ...client.Option) *client.Client {
	t.Helper()
	hc := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		resp := reply(r)
		resp.Request = r
		return resp, nil
	})}
	opts = append(opts, client.WithHTTPClient(hc), client.WithRetry(retry.Policy{MaxAttempts: 1}))
	c, err := client.New("https://eu.api.capillarytech.com/base", opts...)
	require.NoError(t, err)
	return c
}

// A path variable never changes which host, and how deep below the base URL, a
// call goes to, and reaches the server as it was given.
func FuzzPathVariable(f *testing.F) {
	for _, seed := range []string{"1", "a/b", "..", "%2e%2e", "a?b#c", "\r\nX: y", "ä", "", "//evil", ";x", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		sent := 0
		c := fuzzClient(t, func(r *http.Request) *http.Response {
			sent++
			assert.Equal(t, "eu.api.capillarytech.com", r.URL.Host)
			assert.Empty(t, r.URL.RawQuery)
			assert.Empty(t, r.URL.Fragment)
			rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/base/v2/customers/")
			assert.True(t, ok)
			assert.NotContains(t, rest, "/")
			assert.Equal(t, "/base/v2/customers/"+value, r.URL.Path)
			return answer(http.StatusOK, `{"id":1,"warnings":[]}`)
		}, client.WithBasic(till, password))
		_, err := c.Call(t.Context(), client.CustomerByID, client.Request{Path: map[string]string{"id": value}})
		if value == "" || value == "." || value == ".." {
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			assert.Zero(t, sent)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, 1, sent)
	})
}

// Whatever the token call answers: a call goes out with a token that a header
// can hold, or it does not go out and the error quotes nothing of the answer.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, `{"data":{"accessToken":"abc.def","ttlSeconds":300},"errors":null}`)
	f.Add(200, `{"data":null,"errors":[{"code":320001,"message":"no"}]}`)
	f.Add(200, `{"data":{"accessToken":"a\nb","ttlSeconds":"1e999"}}`)
	f.Add(503, `busy`)
	f.Add(401, `{"data":{"accessToken":"abc`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		calls := 0
		c := fuzzClient(t, func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, tokenPath) {
				return answer(status, body)
			}
			calls++
			token := r.Header.Get("X-CAP-API-OAUTH-TOKEN")
			assert.NotEmpty(t, token)
			assert.NotContains(t, token, "\n")
			return answer(http.StatusOK, `{"createdId":1}`)
		}, client.WithOAuth(key, secret))
		_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "c1")})
		if err == nil {
			assert.Equal(t, 1, calls)
			return
		}
		assert.Zero(t, calls)
		assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
		var decode *caperrors.DecodeError
		if errors.As(err, &decode) {
			assert.Empty(t, decode.Excerpt)
		}
	})
}

// A key or an id is what encoding/json finds at the path, or nothing.
func FuzzKey(f *testing.F) {
	f.Add(`{"profiles":[{"identifiers":[{"type":"mobile","value":"4477"}]}]}`)
	f.Add(`{"profiles":[{"identifiers":[{"value":4477}]}]}`)
	f.Add(`{"profiles":{"0":{"identifiers":[]}}}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, item string) {
		c := fuzzClient(t, func(*http.Request) *http.Response { return nil }, client.WithBasic(till, password))
		got, id, _ := c.Bulk(client.CustomersUpsertBulk).Inspect([]byte(item))
		assert.Equal(t, got, id, "both stand at one path")
		var want struct {
			Profiles []struct {
				Identifiers []struct {
					Value any `json:"value"`
				} `json:"identifiers"`
			} `json:"profiles"`
		}
		dec := json.NewDecoder(strings.NewReader(item))
		dec.UseNumber()
		if dec.Decode(&want) != nil || got == "" {
			return
		}
		if len(want.Profiles) == 0 || len(want.Profiles[0].Identifiers) == 0 {
			return // a name in other letters, which encoding/json takes too
		}
		switch v := want.Profiles[0].Identifiers[0].Value.(type) {
		case string:
			assert.Equal(t, v, got)
		case json.Number:
			assert.Equal(t, v.String(), got)
		}
	})
}
