package errors_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

func addTransactions() error {
	return &caperrors.CallError{
		Op: "v2/transactions/bulk", Attempts: 3, Elapsed: 1200 * time.Millisecond, RequestID: "r-17",
		Stop: caperrors.ErrRetryBudget, Outcome: caperrors.Refused,
		Err: &caperrors.RequestError{
			HTTPStatus: 200,
			Scope:      caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.RequestLevel},
			Code:       caperrors.CodeSearchBusy, Kind: caperrors.ErrTransient, RequestID: "r-17",
		},
	}
}

func addSomeTransactions() error {
	scope := caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel}
	return caperrors.NewBatchError("v2/transactions/bulk", 100, []*caperrors.ItemError{
		{
			Index: 4, ID: "B-1004", Outcome: caperrors.Refused, Attempts: 1, Scope: scope,
			Code: 602, Kind: caperrors.ErrInvalid, Message: "Bill number is empty",
		},
		{
			Index: 31, ID: "B-1031", Outcome: caperrors.Refused, Attempts: 5, Stop: caperrors.ErrAttemptsExhausted,
			Scope: scope, Code: caperrors.CodeCustomerBusy, Kind: caperrors.ErrTransient,
		},
	})
}

func ExampleCallError() {
	err := addTransactions()

	fmt.Println(err)
	fmt.Println("search busy:", errors.Is(err, caperrors.CodeSearchBusy))
	fmt.Println("worth a later try:", errors.Is(err, caperrors.ErrTransient))
	fmt.Println("budget spent:", errors.Is(err, caperrors.ErrRetryBudget))
	fmt.Println("for support:", caperrors.RequestIDOf(err))
	// Output:
	// v2/transactions/bulk failed after 3 attempts in 1.2s: retry budget empty: status 461 (search engine busy) [request id r-17]
	// search busy: true
	// worth a later try: true
	// budget spent: true
	// for support: r-17
}

func ExampleBatchError() {
	err := addSomeTransactions()

	fmt.Println(err)
	var batch *caperrors.BatchError
	if errors.As(err, &batch) {
		for item := range batch.Items() {
			fmt.Println(item.ID, item.Kind, item)
		}
		for item := range batch.Retryable() {
			fmt.Println("again later:", item.ID)
		}
	}
	// Output:
	// v2/transactions/bulk: 2 of 100 items failed (1×521, 1×602)
	// B-1004 invalid item 4 refused: status 602 (transaction number not valid): Bill number is empty
	// B-1031 transient item 31 refused after 5 attempts: attempts exhausted: status 521 (another action is running for the same customer, retry shortly)
	// again later: B-1031
}

func ExampleLookup() {
	for _, scope := range []caperrors.Scope{
		{Version: caperrors.V1, Entity: "transaction", Level: caperrors.ItemLevel},
		{Version: caperrors.V2, Entity: "otp", Level: caperrors.ItemLevel},
		{Version: caperrors.V2, Entity: "walkin", Level: caperrors.ItemLevel},
	} {
		meaning, ok := caperrors.Lookup(scope, 604)
		fmt.Println(scope, ok, meaning.Kind)
	}
	// Output:
	// v1.1 transaction item true duplicate
	// v2 otp item true invalid
	// v2 walkin item false unrecognised
}

func ExampleMask() {
	fmt.Println(caperrors.Mask("no customer 919812345678 <jane@example.com>\nfound"))
	// Output: no customer *** <***> found
}

func ExampleOutcomeOf() {
	err := &caperrors.CallError{
		Op: "v2/transactions", Attempts: 1, Elapsed: 30 * time.Second, Stop: caperrors.ErrNotRepeatable,
		Err: &caperrors.TransportError{Phase: caperrors.PhaseWait, TimedOut: true},
	}
	switch caperrors.OutcomeOf(err) {
	case caperrors.NotSent, caperrors.Refused:
		fmt.Println("nothing was done: send it again when the cause is gone")
	case caperrors.Unknown:
		fmt.Println("it may have been done: ask the API before sending it again")
	default:
	}
	// Output: it may have been done: ask the API before sending it again
}

func ExampleCodeOf() {
	if code, ok := caperrors.CodeOf(addTransactions()); ok {
		fmt.Println(int(code))
	}
	// Output: 461
}

func ExampleItemError() {
	var failed *caperrors.ItemError
	if errors.As(addSomeTransactions(), &failed) {
		line, err := json.Marshal(failed)
		fmt.Println(string(line), err)
	}
	// Output: {"type":"item","index":4,"outcome":"refused","attempts":1,"code":602,"kind":"invalid","version":"v2","entity":"transaction","level":"item","message":"Bill number is empty"} <nil>
}
