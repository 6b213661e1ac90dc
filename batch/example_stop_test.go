package batch_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capillary-go/capillary/batch"
)

// A load that ends early, for a reason of the program's own. What was sent has
// its result, and the rest of the input was never taken.
func ExampleRun_Stop() {
	errTooManyRefused := errors.New("too many refused")
	eng, err := batch.New(memory{}, batch.Config[bill]{MaxItems: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	run := eng.Run(context.Background(), func(yield func(bill, error) bool) {
		for yield(bill{}, nil) { // bills without a customer, without an end
		}
	})
	refused, results := 0, 0
	for r := range run.Results() {
		results++
		if r.Code == 8015 {
			refused++
		}
		if refused == 5 {
			run.Stop(errTooManyRefused)
		}
	}
	fmt.Println(run.Err())
	fmt.Println("each accepted item has its result:", results == run.Progress().Accepted)
	// Output:
	// too many refused
	// each accepted item has its result: true
}

// A program whose items come from a queue ends at once: what is not in flight is
// not sent, and its message is delivered again.
func ExampleWriter_Stop() {
	eng, err := batch.New(memory{}, batch.Config[bill]{
		ID:       func(b bill) string { return b.ID },
		Advanced: batch.Advanced{Linger: time.Minute},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := eng.Writer(func(_ context.Context, r batch.Result[bill]) {
		fmt.Println(r.ID, r.Outcome, "-", r.Settlement())
	})
	// Two items do not fill a call: they wait for others to join them.
	for _, b := range []bill{{ID: "b1", Customer: "ann"}, {ID: "b2", Customer: "bob"}} {
		if err = w.Add(context.Background(), b); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(w.Stop(context.Background()))
	fmt.Println(w.Add(context.Background(), bill{ID: "b3"}))
	// Output:
	// b1 not-sent - again
	// b2 not-sent - again
	// <nil>
	// the writer is closed
}
