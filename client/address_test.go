package client_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
)

// What is not parsed anew for each call is what url.Parse would have made of it.
func FuzzAddress(f *testing.F) {
	bases := []string{
		"https://eu.api.capillarytech.com", "https://eu.api.capillarytech.com:8443/base/", "https://[::1]:80/a/b",
		"https://eu.api.capillarytech.com:", "https://host/with%2Fescape", "https://host/with%20blank", "https://host/a~b",
	}
	for _, path := range []string{"v2/transactions", "v1.1/customer/get", "v2/customers/a%2Fb", "v2/x~y_z-1", "v2/a b", "v2/ä", "v2/a:b", "", "a?b"} {
		for base := range bases {
			f.Add(uint(base), path, "")
		}
		f.Add(uint(0), path, "a=b")
	}
	clients := make([]*client.Client, len(bases))
	for i, base := range bases {
		c, err := client.New(base, client.WithBasic(till, password))
		require.NoError(f, err, base)
		clients[i] = c
	}
	f.Fuzz(func(t *testing.T, base uint, path, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		parsed, text := clients[base%uint(len(clients))].Locate(path, values)
		if parsed == nil {
			return
		}
		want, err := url.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, want, parsed)
	})
}

// A path of the catalogue is never parsed anew, unless it has variables.
func TestAddressesOfTheCatalogue(t *testing.T) {
	t.Parallel()
	c, err := client.New("https://eu.api.capillarytech.com/base", client.WithBasic(till, password))
	require.NoError(t, err)
	parsed, _ := c.Locate(client.TransactionAdd.Path, client.TransactionAdd.Query)
	require.NotNil(t, parsed)
	assert.Equal(t, "https://eu.api.capillarytech.com/base/v2/transactions", parsed.String())
	again, _ := c.Locate(client.CouponRedeem.Path, nil)
	require.NotNil(t, again)
	assert.Equal(t, "https://eu.api.capillarytech.com/base/v2/transactions", parsed.String(), "each call has its own")
}

func FuzzPlainPath(f *testing.F) {
	for _, path := range []string{"a/b", "", "/a", "a/", "a//b", ".", "..", "a/..", "a/./b", "a/.b", "v1.1/x", "a/{b}", "a:b", "a b", "\x00", "ä"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if client.IsPlainPath(path) {
			assert.Empty(t, client.PathFault(path))
		}
	})
}
