package batch_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// fifty is a server in memory that takes 50 items a call.
type fifty struct {
	memory

	named bool // a refusal names the limit
}

func (f fifty) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	if len(items) <= 50 {
		return f.memory.Send(ctx, items)
	}
	tooMany := &caperrors.RequestError{Code: caperrors.CodeBatchTooLarge, Kind: caperrors.ErrOversize}
	if f.named {
		tooMany.Limit = 50
	}
	return nil, &caperrors.CallError{Outcome: caperrors.Refused, Err: tooMany}
}

// What one run of a program learned of the limit, the next one begins with.
func ExampleEngine_SetLimits() {
	stored := []byte("{}") // in a file, say
	for run := range 2 {
		eng, err := batch.New(fifty{}, batch.Config[bill]{MaxConcurrency: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		var known batch.Limits
		if err = json.Unmarshal(stored, &known); err == nil {
			err = eng.SetLimits(known)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		rep, err := eng.Do(context.Background(), numbered(2000))
		if err != nil {
			fmt.Println(err)
			return
		}
		learned := eng.Limits()
		fmt.Printf("run %d: a call takes %d; calls refused: %v\n", run+1, learned.Accepted, rep.Progress.Wasted > 0)
		stored, _ = json.Marshal(learned)
	}
	// Output:
	// run 1: a call takes 50; calls refused: true
	// run 2: a call takes 50; calls refused: false
}

// What happens in an engine, as it happens.
func ExampleConfig_observe() {
	eng, err := batch.New(fifty{named: true}, batch.Config[bill]{MaxConcurrency: 1, Observe: func(e batch.Event) {
		switch e.Kind {
		case batch.LimitRejected:
			fmt.Println("too many:", e.Items)
		case batch.LimitLearned:
			fmt.Println("a call takes", e.Items)
		default: // of no interest here
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = eng.Do(context.Background(), numbered(500))
	fmt.Println(err)
	// Output:
	// too many: 100
	// a call takes 50
	// <nil>
}
