package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

func ExampleNew() {
	c, err := client.New("https://eu.api.capillarytech.com",
		client.WithBasic("store.server", "server123"),
		client.WithTimeout(20*time.Second),
		client.WithRate("v2/transactions/bulk", 300),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c)
	// Output: client(https://eu.api.capillarytech.com)
}

func ExampleNew_faults() {
	_, err := client.New("eu.api.capillarytech.com", client.WithTimeout(0))
	fmt.Println(err)
	// Output:
	// client: WithTimeout: must be positive
	// baseURL: must begin with https://
	// credentials: are missing: use WithBasic, WithOAuth or WithCredentials
}

func ExampleClient_Call() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	add := func(number string) {
		resp, err := c.Call(context.Background(), client.TransactionAdd, client.Request{
			Query: url.Values{"identifierName": {"mobile"}, "identifierValue": {"447700900001"}, "source": {"INSTORE"}},
			Body:  map[string]any{"type": "REGULAR", "billNumber": number, "billAmount": 200},
		})
		switch {
		case errors.Is(err, caperrors.ErrDuplicate):
			fmt.Println(number, "is there already:", resp.Code)
		case err != nil:
			fmt.Println(number, "outcome", caperrors.OutcomeOf(err), "because", err)
		default:
			created, err := client.Decode[struct {
				CreatedID int64 `json:"createdId"`
			}](resp.Raw)
			fmt.Println(number, resp.Outcome, created.CreatedID > 0, err)
		}
	}
	add("num-1234")
	add("num-1234")
	// Output:
	// num-1234 applied true <nil>
	// num-1234 is there already: status 604
}

// Metrics of one's own: a counter for each endpoint and outcome, and how long
// attempts take.
func ExampleWithObserve() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	attempts := 0
	observe := func(ctx context.Context, e client.Event) context.Context {
		switch e.Kind {
		case client.AttemptEnded:
			attempts++ // calls in several goroutines need an atomic counter
		case client.CallEnded:
			fmt.Println(e.Endpoint, e.Outcome, e.Code, "attempts:", e.Attempt, "applied:", e.Items.Applied, "refused:", e.Items.Refused)
		default:
		}
		return ctx
	}
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"), client.WithObserve(observe))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Send(context.Background(), c, client.TransactionsBulk, []Txn{
		{"mobile", "447700900001", "INSTORE", "REGULAR", "num-1", 200},
		{"mobile", "", "INSTORE", "REGULAR", "num-2", 300},
	})
	fmt.Println(err != nil, attempts)
	// Output:
	// v2/transactions/bulk applied status 8015 attempts: 1 applied: 1 refused: 1
	// true 1
}

// Txn is an item of the example's own making: any type that encodes to a JSON
// object will do.
type Txn struct {
	IdentifierType  string  `json:"identifierType"`
	IdentifierValue string  `json:"identifierValue"`
	Source          string  `json:"source"`
	Type            string  `json:"type"`
	BillNumber      string  `json:"billNumber"`
	BillAmount      float64 `json:"billAmount"`
}

func ExampleSend() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := client.Send(context.Background(), c, client.TransactionsBulk, []Txn{
		{"mobile", "447700900001", "INSTORE", "REGULAR", "num-1", 200},
		{"mobile", "", "INSTORE", "REGULAR", "num-2", 300},
	})
	if b == nil { // nothing was sent
		fmt.Println(err)
		return
	}
	for i, v := range b.Verdicts {
		fmt.Println(i, v.Outcome, v.Code)
	}
	var failed *caperrors.BatchError
	if errors.As(err, &failed) {
		fmt.Println(failed.Failed(), "of", failed.Total, "not done")
	}
	// Output:
	// 0 applied status 0
	// 1 refused status 8015
	// 1 of 2 not done
}

func ExampleClient_Bulk() {
	srv := clienttest.New(clienttest.Options{}).InMemory()
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	bulk := c.Bulk(client.TransactionsBulk) // batch.New takes it
	item := []byte(`{"identifierType":"mobile","identifierValue":"447700900001","billNumber":"num-1","billAmount":200}`)
	key, id, err := bulk.Inspect(item)
	fmt.Println(bulk.Name(), key, id, err)
	verdicts, err := bulk.Send(context.Background(), [][]byte{item})
	fmt.Println(len(verdicts), verdicts[0].Outcome, err)
	// Output:
	// v2/transactions/bulk 447700900001 num-1 <nil>
	// 1 applied <nil>
}

// One call that carries several things in an object of its own.
func ExampleClient_Call_several() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(clienttest.Answer{Body: `{"entity":{"totalCount":2,"failedCount":1,"revokedCoupons":[{"couponCode":"A"}],
		"failedToRevoke":[{"errorCode":682,"errorMessage":"Coupon not found","couponCodes":["B"]}]},"errors":[],"success":true}`})
	c, err := client.New(srv.URL, client.WithHTTPClient(srv.HTTPClient()), client.WithBasic("store.server", "server123"))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := c.Call(context.Background(), client.CouponRevoke, client.Request{Body: map[string]any{
		"couponSeriesId": 415446, "couponCodes": []string{"A", "B"},
	}})
	for _, v := range resp.Items {
		fmt.Println(v.Outcome, v.Code)
	}
	var failed *caperrors.BatchError
	if errors.As(err, &failed) {
		for item := range failed.Items() {
			fmt.Println("not revoked:", item.ID)
		}
	}
	// Output:
	// applied status 0
	// refused status 682
	// not revoked: B
}

func ExampleLookup() {
	ep, ok := client.Lookup("v1.1/transaction/add")
	fmt.Println(ok, ep.Method, ep.Path, ep.IDField)
	// An endpoint that the catalogue does not have is a literal.
	own := client.Endpoint{
		Name: "v2/organization/tills", Method: "GET", Path: "v2/organization/till",
		Version: caperrors.V2, Entity: "organization", Envelope: client.EnvelopeV2Single,
	}
	fmt.Println(own.Validate())
	// Output:
	// true POST v1.1/transaction/add number
	// <nil>
}

func ExampleDecode() {
	v, err := client.Decode[map[string]any]([]byte(`{"createdId":9007199254740993}`))
	fmt.Println(v["createdId"], err)
	// Output: 9007199254740993 <nil>
}
