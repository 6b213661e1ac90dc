package client_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestBasicHeaderOfTheDocumentedTill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{Username: till, Password: password})
	_, err := w.client(t).Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	sent := w.requests()
	require.Len(t, sent, 1)
	// printf server123 | md5sum; then base64 of store.server:8a16a6b70505eb1f1ff7cdc0cd5559a7
	assert.Equal(t, "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3", sent[0].Header.Get("Authorization"))
	assert.Empty(t, sent[0].Header.Get("X-CAP-API-OAUTH-TOKEN"))
}

func TestHeadersOfEveryCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t, client.WithHeader("X-CAP-DIRECT-REPLAY", "true"))
	_, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	_, err = c.Call(t.Context(), client.TransactionByNumber, client.Request{Path: map[string]string{"number": "1"}})
	require.NoError(t, err)
	sent := w.requests()
	require.Len(t, sent, 2)
	for _, r := range sent {
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "true", r.Header.Get("X-CAP-DIRECT-REPLAY"))
		assert.Regexp(t, `^capillary-go/\d+\.\d+\.\d+ \(unofficial\)$`, r.Header.Get("User-Agent"))
		assert.Empty(t, r.URL.User)
	}
}

func TestUserAgentNamesTheProgramFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	_, err := w.client(t, client.WithUserAgent("till-sync/2.1")).
		Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("1", "447700900001")})
	require.NoError(t, err)
	assert.Regexp(t, `^till-sync/2\.1 capillary-go/\S+ \(unofficial\)$`, w.requests()[0].Header.Get("User-Agent"))
}

func TestAttributionHeaders(t *testing.T) {
	t.Parallel()
	names := []string{
		"X-CAP-API-ATTRIBUTION-ENTITY-TYPE", "X-CAP-API-ATTRIBUTION-ENTITY-CODE",
		"X-CAP-API-ATTRIBUTION-LOOKUP-TYPE", "X-CAP-API-ATTRIBUTION-LOOKUP",
	}
	entity := client.Attribution{EntityType: "STORE_CODE", EntityCode: "S1"}
	lookup := client.Attribution{LookupType: "WECHAT", Lookup: "Till-B"}
	tests := map[string]struct {
		oauth  bool
		opts   []client.Option
		own    *client.Attribution
		values [4]string // of names
		field  string    // of the ArgumentError; empty: none
	}{
		"none":                                  {},
		"the client's entity":                   {oauth: true, opts: []client.Option{client.WithAttribution(entity)}, values: [4]string{"STORE_CODE", "S1", "", ""}},
		"the client's lookup":                   {opts: []client.Option{client.WithAttribution(lookup)}, values: [4]string{"", "", "WECHAT", "Till-B"}},
		"a code alone, of a till":               {oauth: true, own: &client.Attribution{EntityCode: "T1"}, values: [4]string{"", "T1", "", ""}},
		"the call's own replaces the client's":  {oauth: true, opts: []client.Option{client.WithAttribution(entity)}, own: &lookup, values: [4]string{"", "", "WECHAT", "Till-B"}},
		"the call's own can be nothing":         {oauth: true, opts: []client.Option{client.WithAttribution(entity)}, own: &client.Attribution{}},
		"a lookup without its type":             {own: &client.Attribution{Lookup: "Till-B"}, field: "Attribution.LookupType"},
		"a lookup type without a lookup":        {own: &client.Attribution{LookupType: "WECHAT"}, field: "Attribution.Lookup"},
		"an entity type without a code":         {oauth: true, own: &client.Attribution{EntityType: "TILL"}, field: "Attribution.EntityCode"},
		"an entity with Basic":                  {own: &entity, field: "Attribution.EntityCode"},
		"a line break":                          {own: &client.Attribution{LookupType: "WECHAT", Lookup: "a\r\nX-B: b"}, field: "Attribution.Lookup"},
		"a name beyond ASCII":                   {oauth: true, own: &client.Attribution{EntityType: "STORE_NAME", EntityCode: "Köln"}, field: "Attribution.EntityCode"},
		"a blank at the end, which HTTP strips": {own: &client.Attribution{LookupType: "WECHAT ", Lookup: "Till-B"}, field: "Attribution.LookupType"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			c := w.client
			if tt.oauth {
				c = w.oauthClient
			}
			_, err := c(t, tt.opts...).Call(t.Context(), client.TransactionAdd,
				client.Request{Body: bill("1", "447700900001"), Attribution: tt.own})
			if tt.field != "" {
				var argument *caperrors.ArgumentError
				require.ErrorAs(t, err, &argument)
				assert.Equal(t, tt.field, argument.Field)
				assert.Empty(t, w.requests())
				return
			}
			require.NoError(t, err)
			sent := w.requests()
			for i, name := range names {
				assert.Equal(t, tt.values[i], sent[len(sent)-1].Header.Get(name), name)
			}
		})
	}
}

func TestAttributionOfACallIsOfThatCallOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c := w.client(t, client.WithAttribution(client.Attribution{LookupType: "WECHAT", Lookup: "Till-A"}))
	for i, own := range []*client.Attribution{{LookupType: "WECHAT", Lookup: "Till-B"}, nil, {}, nil} {
		_, err := c.Call(t.Context(), client.TransactionAdd,
			client.Request{Body: bill(strconv.Itoa(i), "447700900001"), Attribution: own})
		require.NoError(t, err)
	}
	var lookups []string
	for _, r := range w.requests() {
		lookups = append(lookups, r.Header.Get("X-CAP-API-ATTRIBUTION-LOOKUP"))
	}
	assert.Equal(t, []string{"Till-B", "Till-A", "", "Till-A"}, lookups)
}

func TestLookupWithoutItsTypeNamesTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	_, err := w.client(t).Call(t.Context(), client.TransactionAdd,
		client.Request{Body: bill("1", "447700900001"), Attribution: &client.Attribution{Lookup: "x"}})
	require.ErrorContains(t, err, "1061")
	assert.Zero(t, w.sim.Stats().Calls)
}
