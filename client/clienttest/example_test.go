package clienttest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/capillary-go/capillary/client/clienttest"
)

// addBill stands for the code under test. It tries once more where the API is busy.
func addBill(client *http.Client, baseURL, number string) error {
	body := `[{"identifierType":"mobile","identifierValue":"447700900001","billNumber":"` + number + `"}]`
	for {
		res, err := client.Post(baseURL+"/v2/transactions/bulk", "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		switch {
		case err != nil:
			return err
		case strings.Contains(string(answer), `"code":461`):
		case strings.Contains(string(answer), `"failureCount":0`):
			return nil
		default:
			return fmt.Errorf("bill %s: %s", number, answer)
		}
	}
}

// printer stands for the *testing.T that a test has.
type printer struct{}

func (printer) Helper() {}

func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A test of one's own code: what the API is to do, the code under test, what came of it.
func Example() {
	t := printer{} // in a test: its *testing.T

	sim := clienttest.New(clienttest.Options{BatchLimit: 100})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(clienttest.Answer{Code: 461}) // the first call finds the API busy

	err := addBill(srv.HTTPClient(), srv.URL, "bill-1") // the code under test

	fmt.Println(err)
	sim.AssertApplied(t, "bill-1")
	sim.AssertCalls(t, "POST /v2/transactions/bulk", "POST /v2/transactions/bulk")
	sim.AssertAllAnswersUsed(t)
	// Output:
	// <nil>
}

// A connection that breaks after the work was done: the caller sees an error, and a repetition would be refused as a duplicate.
func ExampleSimulator_Script() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()

	sim.Script(clienttest.Answer{After: true, Cut: true})
	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1") != nil, sim.Times("bill-1", "447700900001"), sim.Unused())
	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1"))
	// Output:
	// true 1 0
	// bill bill-1: {"response":[{"errors":[{"status":false,"code":604,"message":"Transaction number already exists"}],"warnings":[]}],"totalCount":1,"failureCount":1}
}

// Answers for an endpoint that the simulator does not know: the first read fails, all others find seven stamps.
func ExampleSimulator_Script_anyEndpoint() {
	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(
		clienttest.Answer{For: "GET /v2/acme/stamps/*", Status: http.StatusServiceUnavailable, Body: "no"},
		clienttest.Answer{For: "GET /v2/acme/stamps/*", Body: `{"stamps":7}`, Times: -1},
	)

	for _, card := range []string{"c-1", "c-1", "c-2"} {
		res, err := srv.HTTPClient().Get(srv.URL + "/v2/acme/stamps/" + card)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, string(body))
	}
	// Output:
	// 503 no
	// 200 {"stamps":7}
	// 200 {"stamps":7}
}

// What a failed assertion says: the second bill was to be added, too.
func ExampleSimulator_AssertApplied() {
	t := printer{} // in a test: its *testing.T

	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()

	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1"))
	sim.AssertApplied(t, "bill-1", "bill-2")
	// Output:
	// <nil>
	// applied items are not those wanted:
	//   bill-2: not applied, want once
	// calls:
	//   1  POST /v2/transactions/bulk: 1 item, 1 applied, HTTP 200
}

// The calls in the order of arrival. What was sent with them is kept on request.
func ExampleSimulator_AssertCalls() {
	t := printer{} // in a test: its *testing.T

	sim := clienttest.New(clienttest.Options{KeepRequests: true})
	srv := sim.InMemory()
	defer srv.Close()

	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-7"))
	if sim.AssertCalls(t, "POST /v2/transactions/bulk") {
		call := sim.Calls()[0]
		fmt.Println(call.Header.Get("Content-Type"), call.Body)
	}
	sim.AssertCalls(t, "GET /v2/customers/*", "POST /v2/transactions/bulk")
	// Output:
	// <nil>
	// application/json [{"identifierType":"mobile","identifierValue":"447700900001","billNumber":"bill-7"}]
	// calls are not those wanted:
	//   1  is POST /v2/transactions/bulk, want GET /v2/customers/*
	//   2  did not come, want POST /v2/transactions/bulk
	// calls:
	//   1  POST /v2/transactions/bulk: 1 item, 1 applied, HTTP 200
}

// An answer that no call asked for is told by what it is.
func ExampleSimulator_AssertAllAnswersUsed() {
	t := printer{} // in a test: its *testing.T

	sim := clienttest.New(clienttest.Options{})
	srv := sim.InMemory()
	defer srv.Close()
	sim.Script(clienttest.Answer{Cut: true, After: true}, clienttest.Answer{For: "GET /v2/customers/*", Status: http.StatusBadGateway})

	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1") != nil)
	sim.AssertAllAnswersUsed(t)
	// Output:
	// true
	// a scripted answer was not asked for:
	//   for GET /v2/customers/*: HTTP 502
	// calls:
	//   1  POST /v2/transactions/bulk: 1 item, 1 applied, cut (script)
}
