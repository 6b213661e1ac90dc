package client_test

import (
	"context"
	"fmt"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/retry"
)

func ExampleClient_With() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.one", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	bill := client.Request{Body: map[string]any{
		"billNumber": "B-1", "billAmount": 200, "identifierType": "mobile", "identifierValue": "447700900001",
	}}
	// For this one call: the customer stands at the till and does not wait long.
	_, err = c.With(client.WithTimeout(2*time.Second), client.WithRetry(retry.Policy{MaxAttempts: 2})).
		Call(ctx, client.TransactionAdd, bill)
	fmt.Println(err)
	// Another till, on the same connections and within the same pace.
	other := c.With(client.WithBasic("store.two", "server456"))
	_, err = other.Call(ctx, client.CustomerAdd, client.Request{Body: map[string]any{
		"profiles": []any{map[string]any{"identifiers": []any{map[string]any{"type": "mobile", "value": "447700900002"}}}},
	}})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}

func ExampleWithCredentials() {
	srv := clienttest.New(clienttest.Options{Username: "store.one", Password: "server123"}).InMemory()
	defer srv.Close()
	readVault := func(context.Context) (client.Credentials, error) { // your vault's client
		fmt.Println("the vault is asked")
		return client.Credentials{Username: "store.one", Password: "server123", Expires: time.Now().Add(time.Hour)}, nil
	}
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithCredentials(readVault))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, number := range []string{"B-1", "B-2"} {
		_, err = c.Call(context.Background(), client.TransactionAdd, client.Request{Body: map[string]any{
			"billNumber": number, "billAmount": 200, "identifierType": "mobile", "identifierValue": "447700900001",
		}})
		fmt.Println(number, err)
	}
	// Output:
	// the vault is asked
	// B-1 <nil>
	// B-2 <nil>
}
