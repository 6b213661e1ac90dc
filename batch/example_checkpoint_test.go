package batch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/capillary-go/capillary/batch"
)

// ExampleRun_Checkpoint stops a load early, stores how far it came, and goes on
// later.
func ExampleRun_Checkpoint() {
	eng, err := batch.New(memory{}, batch.Config[bill]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	input := batch.WithIdentity(map[string]string{"input": "bills of 1 March"})
	run := eng.Run(context.Background(), fiveBills(), input)
	for r := range run.Results() {
		fmt.Println(r.Item.ID, r.Outcome)
		if r.Index == 2 {
			break // this result may not have been dealt with: it comes again
		}
	}
	stored, err := json.Marshal(run.Checkpoint())
	if err != nil {
		fmt.Println(err)
		return
	}

	var cp batch.Checkpoint
	if err = json.Unmarshal(stored, &cp); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("later:")
	for r := range eng.Run(context.Background(), fiveBills(), input, batch.Resume(cp)).Results() {
		fmt.Println(r.Item.ID, r.Outcome)
	}
	other := eng.Run(context.Background(), fiveBills(), batch.WithIdentity(map[string]string{"input": "bills of 2 March"}), batch.Resume(cp))
	for range other.Results() {
	}
	fmt.Println(other.Err())
	// Output:
	// b0 applied
	// b1 applied
	// b2 applied
	// later:
	// b2 applied
	// b3 applied
	// b4 applied
	// checkpoint: belongs to another load: input was "bills of 1 March" and is "bills of 2 March" now; go on as that load was begun, or without the checkpoint
}

func fiveBills() iter.Seq2[bill, error] {
	return func(yield func(bill, error) bool) {
		for i := range 5 {
			if !yield(bill{ID: fmt.Sprintf("b%d", i), Customer: "ann"}, nil) {
				return
			}
		}
	}
}
