package client_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// signing puts a signature over the body into a header, as a gateway of one's
// own may ask for it.
type signing struct {
	next http.RoundTripper
	key  []byte
}

func (s signing) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	mac := hmac.New(sha256.New, s.key)
	mac.Write(body)
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
	return s.next.RoundTrip(r)
}

func ExampleWithMiddleware() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	show := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			fmt.Println(r.Method, r.URL.Path, len(r.Header.Get("X-Signature")), r.Header.Get("Authorization") == "")
			return next.RoundTrip(r)
		})
	}
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"),
		client.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return signing{next, []byte("key")} }),
		client.WithMiddleware(show),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := c.Call(context.Background(), client.TransactionAdd, client.Request{Body: map[string]any{
		"billNumber": "B-1", "billAmount": 200, "identifierType": "mobile", "identifierValue": "447700900001",
	}})
	fmt.Println(resp.Outcome, err)
	// Output:
	// POST /v2/transactions 64 true
	// applied <nil>
}
