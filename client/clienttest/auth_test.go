package clienttest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

// The documents' worked example: till store.server with the password server123.
const basicExample = "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3"

func TestBasic(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header string
		ok     bool
	}{
		"the documents' example":   {basicExample, true},
		"no header":                {"", false},
		"the password without md5": {"Basic c3RvcmUuc2VydmVyOnNlcnZlcjEyMw==", false},
		"no base64":                {"Basic !", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{Username: "store.server", Password: "server123"})
			v2 := send(t, sim, http.MethodPost, bulkPath, bills(1, 1), "Authorization", tt.header)
			v1 := send(t, sim, http.MethodPost, v1Path, `{"root":{"transaction":[]}}`, "Authorization", tt.header)
			if tt.ok {
				assert.Equal(t, http.StatusOK, v2.Code)
				assert.Equal(t, http.StatusOK, v1.Code)
				return
			}
			wantAnswer(t, v2, http.StatusUnauthorized, v2Refusal(401, "Invalid credentials"))
			wantAnswer(t, v1, http.StatusUnauthorized, `{"response":{"status":{"success":"false","code":401,"message":"Invalid credentials"}}}`)
			assert.Empty(t, sim.Applied())
			assert.Equal(t, 2, sim.Stats().Unauthorized)
		})
	}
}

// token asks for a token and returns it with its announced life.
func token(t *testing.T, h http.Handler, key, secret string) (string, int) {
	t.Helper()
	w := post(t, h, "/v3/oauth/token/generate", `{"key":"`+key+`","secret":"`+secret+`"}`)
	require.Equal(t, http.StatusOK, w.Code)
	var got struct {
		Data struct {
			AccessToken string `json:"accessToken"`
			TTLSeconds  int    `json:"ttlSeconds"`
		} `json:"data"`
		Errors json.RawMessage `json:"errors"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	assert.JSONEq(t, `null`, string(got.Errors))
	return got.Data.AccessToken, got.Data.TTLSeconds
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := clienttest.New(clienttest.Options{Key: "k", Secret: "s"})
		status := func(path, token string) (int, string) {
			w := send(t, sim, http.MethodPost, path, `[]`, "X-CAP-API-OAUTH-TOKEN", token)
			return w.Code, w.Body.String()
		}
		first, ttl := token(t, sim, "k", "s")
		second, _ := token(t, sim, "k", "s")
		assert.Equal(t, 300, ttl)
		assert.NotEqual(t, first, second)
		<-time.After(300*time.Second - time.Nanosecond)
		code, _ := status(bulkPath, first)
		assert.Equal(t, http.StatusOK, code)
		<-time.After(time.Nanosecond)
		code, body := status(bulkPath, first)
		assert.Equal(t, http.StatusUnauthorized, code)
		assert.JSONEq(t, v2Refusal(401, "Token expired"), body)
		code, body = status(v1Path, first)
		assert.Equal(t, http.StatusOK, code)
		assert.JSONEq(t, `{"response":{"status":{"success":"true","code":498,"message":"Token expired at 2000-01-01T00:05:00Z"}}}`, body)
		assert.Equal(t, 2, sim.Stats().TokenCalls)
		assert.Equal(t, 3, sim.Stats().Calls)
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Key: "k", Secret: "s", TokenTTL: 1500 * time.Millisecond, Username: "store.server", Password: "server123"})
	status := func(header ...string) int { return send(t, sim, http.MethodPost, bulkPath, `[]`, header...).Code }
	good, ttl := token(t, sim, "k", "s")
	assert.Equal(t, 2, ttl)
	assert.Equal(t, http.StatusOK, status("X-CAP-API-OAUTH-TOKEN", good))
	assert.Equal(t, http.StatusOK, status("Authorization", basicExample), "either will do")
	assert.Equal(t, http.StatusUnauthorized, status())
	assert.Equal(t, http.StatusUnauthorized, status("X-CAP-API-OAUTH-TOKEN", good+"x"))
	assert.Equal(t, http.StatusUnauthorized, status("X-CAP-API-OAUTH-TOKEN", "Bearer "+good))
	assert.Equal(t, http.StatusUnauthorized, status("X-CAP-API-OAUTH-TOKEN", "no.token"))
	sim.ExpireTokens()
	assert.Equal(t, http.StatusUnauthorized, status("X-CAP-API-OAUTH-TOKEN", good))
	again, _ := token(t, sim, "k", "s")
	assert.Equal(t, http.StatusOK, status("X-CAP-API-OAUTH-TOKEN", again))
}

func TestTokenCallsThatFail(t *testing.T) {
	t.Parallel()
	const path = "/v3/oauth/token/generate"
	sim := clienttest.New(clienttest.Options{Key: "k", Secret: "s"})
	wantAnswer(t, post(t, sim, path, `{"key":"k","secret":"x"}`), http.StatusOK,
		`{"data":null,"errors":[{"code":320001,"message":"Invalid client key and secret"}]}`)
	wantAnswer(t, post(t, sim, path, `key=k`), http.StatusBadRequest, v2Refusal(400, "Invalid input"))
	wantAnswer(t, send(t, sim, http.MethodPost, path, `{"key":"k","secret":"s"}`, "Content-Type", "text/plain"),
		http.StatusUnsupportedMediaType, v2Refusal(415, "Unsupported media type"))
	wantAnswer(t, send(t, sim, http.MethodGet, path, ""), http.StatusMethodNotAllowed, v2Refusal(405, "Method not allowed"))
	got, _ := token(t, clienttest.New(clienttest.Options{}), "any", "pair")
	assert.NotEmpty(t, got)
}
