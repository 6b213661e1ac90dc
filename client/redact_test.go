package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// everyForm prints a value in every way that a program can be expected to.
func everyForm(v any) []string {
	type holder struct {
		Exported any
		private  any
	}
	return append(ownForms(v), ownForms(holder{v, v}, &holder{v, v})...)
}

// ownForms prints values in every way in which they are asked how. A field that
// is not exported isn't.
func ownForms(values ...any) []string {
	var out []string
	v := values[0]
	for _, value := range append(values, []any{v}, map[string]any{"a": v}) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			out = append(out, fmt.Sprintf(verb, value))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", value)
		if encoded, err := json.Marshal(value); err == nil {
			log.Write(encoded)
		}
		out = append(out, log.String())
	}
	return out
}

// secrets are what must not be seen anywhere: as given, and as sent.
var secrets = []string{
	password, secret,
	"8a16a6b70505eb1f1ff7cdc0cd5559a7",                             // md5sum of the password
	"c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3", // what Basic sends
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oauthOptions())
	basic, oauth := w.client(t), w.oauthClient(t)
	require.NoError(t, w.add(t.Context(), oauth))
	token := w.requests()[1].Header.Get("X-CAP-API-OAUTH-TOKEN")
	require.NotEmpty(t, token)
	values := map[string]any{
		"a client with Basic":   basic,
		"a client with OAuth":   oauth,
		"a client as a value":   *oauth,
		"the option for Basic":  client.WithBasic(till, password),
		"the option for OAuth":  client.WithOAuth(key, secret),
		"a sender with Basic":   basic.Bulk(client.TransactionsBulk),
		"a sender with OAuth":   oauth.Bulk(client.TransactionsBulk),
		"a sender as a value":   *basic.Bulk(client.TransactionsBulk),
		"all options in a list": []client.Option{client.WithBasic(till, password), client.WithOAuth(key, secret)},
	}
	for name, v := range values {
		for _, text := range everyForm(v) {
			for _, hidden := range append(secrets, token) {
				assert.NotContains(t, text, hidden, name)
			}
		}
	}
}

func TestClientPrintsItsHost(t *testing.T) {
	t.Parallel()
	c, err := client.New("https://eu.api.capillarytech.com/proxy", client.WithBasic(till, password))
	require.NoError(t, err)
	const want = "client(https://eu.api.capillarytech.com)"
	assert.Equal(t, want, c.String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		assert.Equal(t, want, fmt.Sprintf(verb, c), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, *c), verb)
	}
	assert.Equal(t, `"`+want+`"`, fmt.Sprintf("%q", c))
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "c", c)
	assert.Contains(t, log.String(), want)
	assert.Equal(t, "client()", client.Client{}.String())
}

func TestNoErrorOrLogHoldsASecret(t *testing.T) {
	t.Parallel()
	refuse := func(body string) func(*http.Request) *clienttest.Answer {
		return func(*http.Request) *clienttest.Answer { return &clienttest.Answer{Status: 401, Body: body} }
	}
	opts := map[string]clienttest.Options{
		"refused credentials":         {Username: till, Password: "x", Key: key, Secret: "x"},
		"a refusal, not ours":         {Script: refuse("<html>go away</html>")},
		"a refusal in the API's form": {Script: refuse(v2Error("401"))},
		"a cut connection":            {Faults: clienttest.Faults{CutBefore: 1}},
	}
	for name, o := range opts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, oauth := range []bool{false, true} {
				w := newWorld(t, o)
				var log bytes.Buffer
				logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				options := []client.Option{client.WithLogger(logger), client.WithRetry(retry.Policy{MaxAttempts: 1})}
				c := w.client
				if oauth {
					c = w.oauthClient
				}
				_, err := c(t, options...).Call(t.Context(), client.CustomerByID, client.Request{Path: map[string]string{"id": "1"}})
				require.Error(t, err)
				var call *caperrors.CallError
				require.ErrorAs(t, err, &call)
				assert.Contains(t, log.String(), `"msg":"attempt"`)
				for _, text := range append(everyForm(err), log.String()) {
					for _, hidden := range secrets {
						assert.NotContains(t, text, hidden)
					}
					assert.NotContains(t, text, "eyJ", "a token")
				}
			}
		})
	}
}
