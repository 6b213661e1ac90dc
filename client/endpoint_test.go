package client_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestEndpointValidate(t *testing.T) {
	t.Parallel()
	path := func(p string) func(*client.Endpoint) { return func(ep *client.Endpoint) { ep.Path = p } }
	tests := map[string]struct {
		change func(*client.Endpoint)
		field  string // empty: accepted
	}{
		"as in the catalogue":          {change: func(*client.Endpoint) {}},
		"a path variable":              {change: path("v2/customers/{id}")},
		"no name":                      {change: func(ep *client.Endpoint) { ep.Name = "" }, field: "Endpoint.Name"},
		"no method":                    {change: func(ep *client.Endpoint) { ep.Method = "" }, field: "Endpoint.Method"},
		"another method":               {change: func(ep *client.Endpoint) { ep.Method = "post" }, field: "Endpoint.Method"},
		"no path":                      {change: path(""), field: "Endpoint.Path"},
		"a path from the root":         {change: path("/v2/customers"), field: "Endpoint.Path"},
		"another host":                 {change: path("//evil.example.com/v2"), field: "Endpoint.Path"},
		"another host, with a scheme":  {change: path("https://evil.example.com/v2"), field: "Endpoint.Path"},
		"a way up":                     {change: path("v2/../v3/customers"), field: "Endpoint.Path"},
		"a query in the path":          {change: path("v2/customers?a=b"), field: "Endpoint.Path"},
		"a fragment in the path":       {change: path("v2/customers#a"), field: "Endpoint.Path"},
		"an escape in the path":        {change: path("v2/%2e%2e/customers"), field: "Endpoint.Path"},
		"a line break in the path":     {change: path("v2/customers\r\nX-A: b"), field: "Endpoint.Path"},
		"an empty segment":             {change: path("v2//customers"), field: "Endpoint.Path"},
		"a slash at the end":           {change: path("v2/customers/"), field: "Endpoint.Path"},
		"half a variable":              {change: path("v2/customers/{id"), field: "Endpoint.Path"},
		"a variable without a name":    {change: path("v2/customers/{}"), field: "Endpoint.Path"},
		"a variable in part of a name": {change: path("v2/customers/x{id}"), field: "Endpoint.Path"},
		"no version":                   {change: func(ep *client.Endpoint) { ep.Version = "" }, field: "Endpoint.Version"},
		"no envelope":                  {change: func(ep *client.Endpoint) { ep.Envelope = 0 }, field: "Endpoint.Envelope"},
		"an envelope that is none":     {change: func(ep *client.Endpoint) { ep.Envelope = 9 }, field: "Endpoint.Envelope"},
		"no place for the items":       {change: func(ep *client.Endpoint) { ep.Items = "" }, field: "Endpoint.Items"},
		"a negative limit":             {change: func(ep *client.Endpoint) { ep.MaxItems = -1 }, field: "Endpoint.MaxItems"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ep := client.V1TransactionAdd
			tt.change(&ep)
			err := ep.Validate()
			if tt.field == "" {
				require.NoError(t, err)
				return
			}
			var argument *caperrors.ArgumentError
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, tt.field, argument.Field)
			// Every way to call looks before it sends.
			w := newWorld(t, clienttest.Options{})
			c := w.client(t)
			_, err = c.Call(t.Context(), ep, client.Request{})
			require.ErrorAs(t, err, &argument)
			_, err = client.Send(t.Context(), c, ep, []txn{bill("1", "2")})
			require.ErrorAs(t, err, &argument)
			_, err = c.Bulk(ep).Send(t.Context(), [][]byte{[]byte(`{}`)})
			require.ErrorAs(t, err, &argument)
			assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
			assert.Empty(t, w.requests())
		})
	}
}

func TestZeroEndpointNamesAllItsFaults(t *testing.T) {
	t.Parallel()
	err := client.Endpoint{}.Validate()
	require.Error(t, err)
	for _, field := range []string{"Name", "Method", "Path", "Version", "Envelope"} {
		assert.Contains(t, err.Error(), "Endpoint."+field)
	}
}

func TestPathVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path   string
		values map[string]string
		sent   string // escaped path; empty: an ArgumentError
	}{
		"plain":                      {path: "v2/customers/{id}", values: map[string]string{"id": "42"}, sent: "/v2/customers/42"},
		"a slash stays in its place": {path: "v2/customers/{id}", values: map[string]string{"id": "a/../b"}, sent: "/v2/customers/a%2F..%2Fb"},
		"what looks like a query":    {path: "v2/customers/{id}", values: map[string]string{"id": "a?b#c"}, sent: "/v2/customers/a%3Fb%23c"},
		"an escape is no escape":     {path: "v2/customers/{id}", values: map[string]string{"id": "%2e%2e"}, sent: "/v2/customers/%252e%252e"},
		"a blank and a letter":       {path: "v2/customers/{id}", values: map[string]string{"id": "ä b"}, sent: "/v2/customers/%C3%A4%20b"},
		"a line break":               {path: "v2/customers/{id}", values: map[string]string{"id": "a\r\nb"}, sent: "/v2/customers/a%0D%0Ab"},
		"two":                        {path: "v2/{a}/x/{b}", values: map[string]string{"a": "1", "b": "2"}, sent: "/v2/1/x/2"},
		"three dots are a name":      {path: "v2/customers/{id}", values: map[string]string{"id": "..."}, sent: "/v2/customers/..."},
		"missing":                    {path: "v2/customers/{id}"},
		"another one":                {path: "v2/customers/{id}", values: map[string]string{"id": "1", "other": "2"}},
		"one too many":               {path: "v2/customers", values: map[string]string{"id": "1"}},
		"empty":                      {path: "v2/customers/{id}", values: map[string]string{"id": ""}},
		"one dot":                    {path: "v2/customers/{id}", values: map[string]string{"id": "."}},
		"two dots":                   {path: "v2/customers/{id}", values: map[string]string{"id": ".."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			ep := client.CustomerByID
			ep.Path = tt.path
			_, err := w.client(t).Call(t.Context(), ep, client.Request{Path: tt.values})
			sent := w.requests()
			if name == "missing" {
				require.ErrorContains(t, err, "variable id is missing")
			}
			if tt.sent == "" {
				var argument *caperrors.ArgumentError
				require.ErrorAs(t, err, &argument)
				assert.Equal(t, "Request.Path", argument.Field)
				assert.Empty(t, sent)
				return
			}
			require.Len(t, sent, 1)
			assert.Equal(t, tt.sent, sent[0].URL.EscapedPath())
			assert.Empty(t, sent[0].URL.RawQuery)
			assert.Equal(t, "localhost", sent[0].URL.Host)
		})
	}
}

func TestQueryOfTheCallReplacesThatOfTheEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	ep := client.TransactionAdd
	ep.Query = url.Values{"source": {"INSTORE"}, "accountId": {"1"}}
	_, err := w.client(t).Call(t.Context(), ep, client.Request{
		Query: url.Values{"source": {"WEB & MORE"}, "identifierValue": {"447700900001"}},
		Body:  txn{BillNumber: "1"},
	})
	require.NoError(t, err)
	assert.Equal(t, "accountId=1&identifierValue=447700900001&source=WEB+%26+MORE", w.requests()[0].URL.RawQuery)
	assert.Equal(t, url.Values{"source": {"INSTORE"}, "accountId": {"1"}}, ep.Query)
}

func TestBaseURLWithAPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	c, err := client.New(w.srv.URL+"/a%2Fb/", client.WithBasic(till, password), client.WithHTTPClient(w.hc))
	require.NoError(t, err)
	_, err = c.Call(t.Context(), client.CustomerByID, client.Request{Path: map[string]string{"id": "1"}})
	require.Error(t, err) // the simulator has nothing there
	assert.Equal(t, "/a%2Fb/v2/customers/1", w.requests()[0].URL.EscapedPath())
}
