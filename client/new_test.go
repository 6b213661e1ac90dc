package client_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

func TestNewChecksTheBaseURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url    string
		opts   []client.Option
		reason string // empty: accepted
	}{
		"https is taken":                       {url: "https://eu.api.capillarytech.com"},
		"a trailing slash does no harm":        {url: "https://eu.api.capillarytech.com/"},
		"a path before the API is taken":       {url: "https://proxy.example.com/capillary"},
		"a port is taken":                      {url: "https://eu.api.capillarytech.com:8443"},
		"plain http to localhost":              {url: "http://localhost:8080"},
		"plain http to an IPv4 loopback":       {url: "http://127.0.0.2:8080"},
		"plain http to the IPv6 loopback":      {url: "http://[::1]:8080"},
		"plain http to a host when asked for":  {url: "http://gateway.internal", opts: []client.Option{client.WithPlainHTTP()}},
		"plain http to a host":                 {url: "http://eu.api.capillarytech.com", reason: "must begin with https://"},
		"a host that begins like localhost":    {url: "http://localhost.example.com", reason: "must begin with https://"},
		"a host that begins like a loopback":   {url: "http://127.0.0.1.example.com", reason: "must begin with https://"},
		"nothing":                              {url: "", reason: "must not be empty"},
		"no scheme":                            {url: "eu.api.capillarytech.com", reason: "must begin with https://"},
		"another scheme":                       {url: "ftp://eu.api.capillarytech.com", reason: "must begin with https://"},
		"no host":                              {url: "https:///v2", reason: "has no host"},
		"no host but a port":                   {url: "https://:443", reason: "has no host"},
		"an opaque URL":                        {url: "https:eu.api.capillarytech.com", reason: "is not a valid URL"},
		"a user and a password":                {url: "https://till:hunter2@eu.api.capillarytech.com", reason: "no user name or password"},
		"a password in a URL that is no URL":   {url: "https://till:hunter2@eu.api:port", reason: "is not a valid URL"},
		"a query":                              {url: "https://eu.api.capillarytech.com?token=hunter2", reason: "no query"},
		"an empty query":                       {url: "https://eu.api.capillarytech.com?", reason: "no query"},
		"a fragment":                           {url: "https://eu.api.capillarytech.com#hunter2", reason: "no fragment"},
		"an empty fragment":                    {url: "https://eu.api.capillarytech.com/#", reason: "no fragment"},
		"a way out of the path":                {url: "https://eu.api.capillarytech.com/a/../b", reason: "segment . or .."},
		"a way out of the path, escaped":       {url: "https://eu.api.capillarytech.com/a/%2e%2e/b", reason: "segment . or .."},
		"plain http stays a fault with a port": {url: "http://10.0.0.1:80", reason: "must begin with https://"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := client.New(tt.url, append(tt.opts, client.WithBasic(till, password))...)
			if tt.reason == "" {
				require.NoError(t, err)
				require.NotNil(t, c)
				return
			}
			require.Nil(t, c)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, "baseURL", argument.Field)
			assert.Contains(t, argument.Reason, tt.reason)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestNewNamesTheFaultyOption(t *testing.T) {
	t.Parallel()
	basic := client.WithBasic(till, password)
	tests := map[string]struct {
		opts  []client.Option
		field string
	}{
		"no credentials":                   {field: "credentials"},
		"two kinds of credentials":         {opts: []client.Option{basic, client.WithOAuth(key, secret)}, field: "credentials"},
		"no user":                          {opts: []client.Option{client.WithBasic("", password)}, field: "WithBasic"},
		"no password":                      {opts: []client.Option{client.WithBasic(till, "")}, field: "WithBasic"},
		"a colon in the user":              {opts: []client.Option{client.WithBasic("a:b", password)}, field: "WithBasic"},
		"a line break in the user":         {opts: []client.Option{client.WithBasic("a\r\nb", password)}, field: "WithBasic"},
		"no key":                           {opts: []client.Option{client.WithOAuth("", secret)}, field: "WithOAuth"},
		"no secret":                        {opts: []client.Option{client.WithOAuth(key, "")}, field: "WithOAuth"},
		"no time":                          {opts: []client.Option{basic, client.WithTimeout(0)}, field: "WithTimeout"},
		"negative time":                    {opts: []client.Option{basic, client.WithTimeout(-time.Second)}, field: "WithTimeout"},
		"negative attempts":                {opts: []client.Option{basic, client.WithRetry(retry.Policy{MaxAttempts: -1})}, field: "WithRetry"},
		"no HTTP client":                   {opts: []client.Option{basic, client.WithHTTPClient(nil)}, field: "WithHTTPClient"},
		"no logger":                        {opts: []client.Option{basic, client.WithLogger(nil)}, field: "WithLogger"},
		"an empty user agent":              {opts: []client.Option{basic, client.WithUserAgent("")}, field: "WithUserAgent"},
		"a line break in the user agent":   {opts: []client.Option{basic, client.WithUserAgent("a\nb: c")}, field: "WithUserAgent"},
		"an empty header name":             {opts: []client.Option{basic, client.WithHeader("", "x")}, field: "WithHeader"},
		"a colon in a header name":         {opts: []client.Option{basic, client.WithHeader("X-A:", "x")}, field: "WithHeader"},
		"a line break in a header":         {opts: []client.Option{basic, client.WithHeader("X-A", "a\r\nX-B: b")}, field: "WithHeader"},
		"a header beyond ASCII":            {opts: []client.Option{basic, client.WithHeader("X-A", "Käse")}, field: "WithHeader"},
		"a header that is the client's":    {opts: []client.Option{basic, client.WithHeader("authorization", "x")}, field: "WithHeader"},
		"a header that carries a token":    {opts: []client.Option{basic, client.WithHeader("X-CAP-API-OAUTH-TOKEN", "x")}, field: "WithHeader"},
		"a header that makes POSTs repeat": {opts: []client.Option{basic, client.WithHeader("Idempotency-Key", "x")}, field: "WithHeader"},
		"a lookup without its type":        {opts: []client.Option{basic, client.WithAttribution(client.Attribution{Lookup: "x"})}, field: "Attribution.LookupType"},
		"no middleware":                    {opts: []client.Option{basic, client.WithMiddleware(nil)}, field: "WithMiddleware"},
		"no function":                      {opts: []client.Option{client.WithCredentials(nil), basic}, field: "WithCredentials"},
		"a function beside a till": {opts: []client.Option{basic, client.WithCredentials(func(context.Context) (client.Credentials, error) {
			return client.Credentials{}, nil
		})}, field: "credentials"},
		"no endpoint to limit": {opts: []client.Option{basic, client.WithLimiter("", &counting{})}, field: "WithLimiter"},
		"no limiter":           {opts: []client.Option{basic, client.WithLimiter(client.AllEndpoints, nil)}, field: "WithLimiter"},
		"no endpoint to pace":  {opts: []client.Option{basic, client.WithRate("", 60)}, field: "WithRate"},
		"no pace":              {opts: []client.Option{basic, client.WithRate("v2/customers", 0)}, field: "WithRate"},
		"no room for a body":   {opts: []client.Option{basic, client.WithMaxBody(0)}, field: "WithMaxBody"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := client.New("https://eu.api.capillarytech.com", tt.opts...)
			require.Nil(t, c)
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, tt.field, argument.Field)
			assert.Equal(t, -1, argument.Index)
			assert.NotEmpty(t, argument.Reason)
			assert.NotContains(t, err.Error(), password)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestNewReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := client.New("eu.api.capillarytech.com", client.WithTimeout(0), client.WithMaxBody(-1), nil, client.WithUserAgent("\x00"))
	require.Error(t, err)
	for _, name := range []string{"baseURL", "WithTimeout", "WithMaxBody", "WithUserAgent", "credentials"} {
		assert.Contains(t, err.Error(), name)
	}
}

func TestClientLeavesTheCallersHTTPClientAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	before := *w.hc
	c := w.client(t)
	w.hc.Transport = roundTrip(func(*http.Request) (*http.Response, error) { panic("the copy is used") })
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	assert.Nil(t, w.hc.CheckRedirect)
	assert.Equal(t, before.Timeout, w.hc.Timeout)
}

func TestZeroClientIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*client.Client{"nil": nil, "the zero value": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Call(t.Context(), client.CustomerLookup, client.Request{})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			_, err = client.Send(t.Context(), c, client.TransactionsBulk, []txn{{}})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
			_, err = c.Bulk(client.TransactionsBulk).Send(t.Context(), [][]byte{[]byte(`{}`)})
			require.ErrorIs(t, err, caperrors.ErrInvalid)
		})
	}
}
