package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// What the program's logger gets when a write may or may not have been done.
// Level and attributes are the same for every call, and no customer is in them.
func ExampleWithLogger() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(clienttest.Answer{Status: 502, Body: "<html>the service of 447700900001 is away</html>", Header: http.Header{"X-Cap-Requestid": {"5670FF17B7D58"}}})

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelInfo, // attempts and calls that work are at debug level
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "elapsed" {
				return slog.Attr{} // not the same in each run of this example
			}
			return a
		},
	}))
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"), client.WithLogger(logger))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Call(context.Background(), client.TransactionAdd, client.Request{
		Body: Txn{"mobile", "447700900001", "INSTORE", "REGULAR", "num-1", 200},
	})
	fmt.Println(caperrors.OutcomeOf(err))
	// Output:
	// level=WARN msg="call given up" op=v2/transactions attempts=1 outcome=unknown stop="outcome unknown and not repeatable" http_status=502 request_id=5670FF17B7D58 error="answer not understood: an HTML page (HTTP 502, text/html) [request id 5670FF17B7D58]"
	// unknown
}

// A till at a counter cannot wait: two attempts, and none that begins after
// three seconds.
func ExampleWithRetry() {
	sim := clienttest.New(clienttest.Options{Faults: clienttest.Faults{SearchBusy: 1}})
	srv := sim.InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"),
		client.WithRetry(retry.Policy{MaxAttempts: 2, MaxElapsed: 3 * time.Second, OverloadDelay: time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Call(context.Background(), client.CustomerByID, client.Request{Path: map[string]string{"id": "1"}})
	fmt.Println(errors.Is(err, caperrors.ErrTransient), errors.Is(err, caperrors.ErrAttemptsExhausted))
	fmt.Println("calls:", sim.Stats().Calls)
	// Output:
	// true true
	// calls: 2
}

// One API client acts for several stores: for the first by default, for another
// in a single call.
func ExampleWithAttribution() {
	sim := clienttest.New(clienttest.Options{Script: func(r *http.Request) *clienttest.Answer {
		fmt.Println(r.Header.Get("X-CAP-API-ATTRIBUTION-ENTITY-TYPE"), r.Header.Get("X-CAP-API-ATTRIBUTION-ENTITY-CODE"))
		return nil
	}})
	srv := sim.InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithOAuth("key", "secret"),
		client.WithAttribution(client.Attribution{EntityType: "STORE_CODE", EntityCode: "london-1"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	bill := Txn{"mobile", "447700900001", "INSTORE", "REGULAR", "num-1", 200}
	_, err = c.Call(context.Background(), client.TransactionAdd, client.Request{Body: bill})
	fmt.Println(err)
	bill.BillNumber = "num-2"
	_, err = c.Call(context.Background(), client.TransactionAdd, client.Request{
		Body: bill, Attribution: &client.Attribution{EntityType: "STORE_CODE", EntityCode: "leeds-2"},
	})
	fmt.Println(err)
	// Output:
	// STORE_CODE london-1
	// <nil>
	// STORE_CODE leeds-2
	// <nil>
}

// Which calls of v2 take many transactions at once?
func ExampleCatalogue() {
	for _, ep := range client.Catalogue() {
		if ep.Version == caperrors.V2 && ep.Entity == "transaction" && ep.TakesMany() {
			fmt.Println(ep.Method, ep.Path)
		}
	}
	// Output:
	// PUT v2/transactions/bulk
	// POST v2/transactions/bulk
}
