package client_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

func ExampleDo() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	type created struct {
		CreatedID int64 `json:"createdId"`
	}
	got, resp, err := client.Do[created](context.Background(), c, client.TransactionAdd, client.Request{Body: map[string]any{
		"billNumber": "B-1", "billAmount": 200, "identifierType": "mobile", "identifierValue": "447700900001",
	}})
	fmt.Println(got.CreatedID > 0, resp.Outcome, err)
	// Output: true applied <nil>
}

func ExampleAll() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(
		clienttest.Answer{Status: 200, Body: `{"data":[{"userId":1},{"userId":2}],"pagination":{"limit":2,"offset":0,"total":3}}`},
		clienttest.Answer{Status: 200, Body: `{"data":[{"userId":3}],"pagination":{"limit":2,"offset":2,"total":3}}`},
	)
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	type customer struct {
		UserID int64 `json:"userId"`
	}
	search := client.Request{Query: url.Values{"name": {"Tom"}, "limit": {"2"}}}
	for found, err := range client.All[customer](context.Background(), c, client.CustomerSearch, search) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(found.UserID)
	}
	// Output:
	// 1
	// 2
	// 3
}
