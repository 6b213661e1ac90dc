package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// Stamps is what a company's own package may look like: few methods in its own
// words, the client behind them.
type Stamps struct{ c *client.Client }

// ErrNoCard is an error of the company's own.
var ErrNoCard = errors.New("no such stamp card")

// stampAdd is an endpoint that the catalogue does not have. A stamp has a number
// of its own, which the service knows again: doing it twice does no harm.
var stampAdd = client.Endpoint{
	Name: "v2/acme/stamps", Method: http.MethodPost, Path: "v2/acme/stamps/{card}",
	Version: caperrors.V2, Entity: "stamp", Envelope: client.EnvelopeV2Single, Repeatable: true,
}

// NewStamps takes further options so that tests can bring their server.
func NewStamps(baseURL, till, password string, opts ...client.Option) (*Stamps, error) {
	c, err := client.New(baseURL, append([]client.Option{
		client.WithBasic(till, password),
		client.WithUserAgent("acme-stamps/1.0"),
		client.WithHeader("X-Acme-Team", "loyalty"),
	}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("stamps: %w", err)
	}
	return &Stamps{c}, nil
}

// Add returns how many stamps the card then has.
func (s *Stamps) Add(ctx context.Context, card, number string) (int, error) {
	got, _, err := client.Do[struct {
		Stamps int `json:"stamps"`
	}](ctx, s.c, stampAdd, client.Request{
		Path: map[string]string{"card": card},
		Body: map[string]any{"number": number},
	})
	switch {
	case errors.Is(err, caperrors.Code(9001)):
		return 0, fmt.Errorf("%w: %w", ErrNoCard, err)
	case err != nil:
		return 0, fmt.Errorf("add stamp: %w", err)
	default:
		return got.Stamps, nil
	}
}

// testPrinter stands for the *testing.T that a test has.
type testPrinter struct{}

func (testPrinter) Helper() {}

func (testPrinter) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A company's own package around the client, and how its users test against it:
// with the simulator, whose answers a script gives where the endpoint is none of
// the catalogue.
func Example_ownPackage() {
	t := testPrinter{} // in a test: its *testing.T
	sim := clienttest.New(clienttest.Options{KeepRequests: true})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(
		clienttest.Answer{For: "POST /v2/acme/stamps/c-1", Body: `{"stamps":7}`},
		clienttest.Answer{For: "POST /v2/acme/stamps/c-2", Code: 9001},
		clienttest.Answer{For: "POST /v2/acme/stamps/c-1", Code: 400},
	)
	stamps, err := NewStamps(srv.URL, "store.server", "server123", client.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := stamps.Add(context.Background(), "c-1", "s-1")
	fmt.Println(n, err)
	_, err = stamps.Add(context.Background(), "c-2", "s-2")
	fmt.Println(errors.Is(err, ErrNoCard), caperrors.OutcomeOf(err))
	_, err = stamps.Add(context.Background(), "c-1", "")
	var call *caperrors.CallError
	fmt.Println(errors.Is(err, caperrors.ErrInvalid), errors.As(err, &call) && call.Op == "v2/acme/stamps")

	sim.AssertCalls(t, "POST /v2/acme/stamps/c-1", "POST /v2/acme/stamps/c-2", "POST /v2/acme/stamps/c-1")
	sim.AssertAllAnswersUsed(t)
	fmt.Println(sim.Calls()[0].Header.Get("X-Acme-Team"), sim.Calls()[0].Body)
	// Output:
	// 7 <nil>
	// true refused
	// true true
	// loyalty {"number":"s-1"}
}
