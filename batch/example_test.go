package batch_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// memory is a server in memory, in place of client.Client's Bulk.
type memory struct{}

func (memory) Send(_ context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	verdicts := make([]caperrors.Verdict, len(items))
	for i, item := range items {
		verdicts[i] = caperrors.Verdict{Outcome: caperrors.Applied}
		if strings.Contains(string(item), `"customer":""`) {
			verdicts[i] = caperrors.Verdict{
				Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid, Message: "customer not found",
			}
		}
	}
	return verdicts, nil
}

func ExampleEngine_Do() {
	eng, err := batch.New(memory{}, batch.Config[bill]{
		Key: func(b bill) string { return b.Customer },
		ID:  func(b bill) string { return b.ID },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rep, err := eng.Do(context.Background(), []bill{{ID: "b1", Customer: "ann"}, {ID: "b2"}, {ID: "b3", Customer: "bob"}})
	for _, r := range rep.Results {
		fmt.Println(r.ID, r.Outcome)
	}
	var failed *caperrors.BatchError
	if errors.As(err, &failed) {
		for item := range failed.Items() {
			fmt.Println(item.ID, item.Code, item.Message)
		}
	}
	// Output:
	// b1 applied
	// b2 refused
	// b3 applied
	// b2 status 8015 customer not found
}

func ExampleEngine_Run() {
	eng, err := batch.New(memory{}, batch.Config[bill]{Key: func(b bill) string { return b.Customer }, MaxItems: 200})
	if err != nil {
		fmt.Println(err)
		return
	}
	var rows iter.Seq2[bill, error] = func(yield func(bill, error) bool) {
		for i := range 1000 { // read from a file or a table
			if !yield(bill{ID: fmt.Sprintf("b%d", i), Customer: fmt.Sprintf("c%d", i)}, nil) {
				return
			}
		}
	}
	run := eng.Run(context.Background(), rows)
	for r := range run.Results() {
		if r.Err != nil {
			fmt.Println(r.Err) // put it aside
		}
	}
	if err := run.Err(); err != nil {
		fmt.Println("stopped:", err)
	}
	p := run.Progress()
	fmt.Printf("%d of %d applied, at most %d calls: %v\n", p.Applied, p.Accepted, 8, p.Calls <= 8)
	// Output:
	// 1000 of 1000 applied, at most 8 calls: true
}

func ExampleEngine_Writer() {
	eng, err := batch.New(memory{}, batch.Config[bill]{Key: func(b bill) string { return b.Customer }})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := eng.Writer(func(_ context.Context, r batch.Result[bill]) {
		fmt.Println(r.Item.ID, r.Outcome)
	})
	ctx := context.Background()
	if err = w.Add(ctx, bill{ID: "b1", Customer: "ann"}); err != nil {
		fmt.Println("not taken:", err)
	}
	if err = w.Flush(ctx); err != nil { // b1 has its result now
		fmt.Println(err)
	}
	if err = w.Add(ctx, bill{ID: "b2", Customer: "ann"}); err != nil {
		fmt.Println("not taken:", err)
	}
	if err = w.Close(ctx); err != nil { // give it a context with a deadline in a program
		fmt.Println(err)
	}
	// Output:
	// b1 applied
	// b2 applied
}
