package client_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// Two clients of one program, such as for two organizations behind one
// gateway, share a limit. For several programs, Wait would ask a store that
// they share.
func ExampleWithLimiter() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	shared := rate.NewLimiter(rate.Every(10*time.Millisecond), 1)
	began := time.Now()
	for _, till := range []string{"store.one", "store.two"} {
		c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic(till, "server123"),
			client.WithLimiter(client.AllEndpoints, shared))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = c.Call(context.Background(), client.TransactionAdd, client.Request{Body: map[string]any{
			"billNumber": till, "billAmount": 200, "identifierType": "mobile", "identifierValue": "447700900001",
		}})
		fmt.Println(till, err)
	}
	fmt.Println("the second waited:", time.Since(began) >= 10*time.Millisecond)
	// Output:
	// store.one <nil>
	// store.two <nil>
	// the second waited: true
}
