package clienttest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/capillary-go/capillary/client/clienttest"
)

// addBill stands for the code under test.
func addBill(client *http.Client, baseURL, number string) error {
	body := `[{"identifierType":"mobile","identifierValue":"447700900001","billNumber":"` + number + `"}]`
	res, err := client.Post(baseURL+"/v2/transactions/bulk", "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if !strings.Contains(string(answer), `"failureCount":0`) {
		return fmt.Errorf("bill %s: %s", number, answer)
	}
	return nil
}

func Example() {
	sim := clienttest.New(clienttest.Options{BatchLimit: 100})
	srv := sim.InMemory()
	defer srv.Close()

	fmt.Println(addBill(srv.HTTPClient(), srv.URL, "bill-1"))
	fmt.Println("applied:", sim.Times("bill-1", "447700900001"))
	// Output:
	// <nil>
	// applied: 1
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
