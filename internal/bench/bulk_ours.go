package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// A front is one way into the engine. It hands all items in and counts the
// outcome of each.
type front struct {
	name  string
	drive func(context.Context, *batch.Engine[json.RawMessage], iter.Seq[json.RawMessage]) (tally, error)
}

// fronts are measured one by one; another front is one more entry.
var fronts = []front{
	{"Run", driveRun},
}

// ours returns a contender for each front. The client lives on from round to
// round, as do the clients of the others; the engine is made anew for each, as
// the others have to be.
func ours(c *client.Client, ep client.Endpoint, dialect string, items []json.RawMessage, size int) []contender {
	contenders := make([]contender, len(fronts))
	for i, f := range fronts {
		contenders[i] = contender{"capillary Engine." + f.name + ", " + dialect, func(n int) (tally, error) {
			eng, err := batch.New(c.Bulk(ep), batch.Config[json.RawMessage]{
				MaxItems:       size,
				MaxConcurrency: inFlight,
				Advanced:       batch.Advanced{StartItems: size},
			})
			if err != nil {
				return tally{}, err
			}
			return f.drive(context.Background(), eng, cycle(items, n))
		}}
	}
	return contenders
}

// cycle yields n items, beginning again when they are used up.
func cycle(items []json.RawMessage, n int) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for i := range n {
			if !yield(items[i%len(items)]) {
				return
			}
		}
	}
}

func driveRun(ctx context.Context, eng *batch.Engine[json.RawMessage], items iter.Seq[json.RawMessage]) (tally, error) {
	run := eng.Run(ctx, func(yield func(json.RawMessage, error) bool) {
		for item := range items {
			if !yield(item, nil) {
				return
			}
		}
	})
	var got tally
	for result := range run.Results() {
		if err := got.add(&result); err != nil {
			return got, errors.Join(err, run.Err())
		}
	}
	return got, run.Err()
}

func (t *tally) add(result *batch.Result[json.RawMessage]) error {
	switch result.Outcome {
	case caperrors.Applied:
		t.accepted++
	case caperrors.Refused:
		t.refused++
	default:
		return fmt.Errorf("item %d is %v: %w", result.Index, result.Outcome, result.Err)
	}
	return nil
}
