package batch

import (
	"context"
	"errors"
	"iter"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Do sends the items and returns when each has its result. The report is never
// nil and has one result for each item, in the order given. It does not change
// the slice.
//
// The error is nil if every item is applied or a duplicate. If some are not, it
// is a *caperrors.BatchError: the others are done, so don't send the batch
// again. If the job could not go to its end, the error also wraps the reason:
// the context's error and cause, or the refusal that every further call would
// have met.
func (e *Engine[T]) Do(ctx context.Context, items []T) (*Report[T], error) {
	run := e.Run(ctx, fromSlice(items))
	run.job.filling = true // the slice is there: its long backlogs are seen at no cost
	rep := &Report[T]{Results: make([]Result[T], len(items))}
	seen := make([]bool, len(items))
	for r := range run.Results() { //nolint:contextcheck // the run holds the context
		rep.Results[r.Index] = r
		seen[r.Index] = true
	}
	var failed []*caperrors.ItemError
	unseen := 0
	for i := range rep.Results {
		r := &rep.Results[i]
		if !seen[i] {
			// The job ended before the item was taken from the slice.
			unseen++
			*r = Result[T]{Index: i, Item: items[i], Outcome: caperrors.NotSent, Err: &caperrors.ItemError{
				Index: i, Outcome: caperrors.NotSent, Stop: run.job.stopReason(), Err: run.Err(),
			}}
		}
		var item *caperrors.ItemError
		if errors.As(r.Err, &item) {
			failed = append(failed, item)
		}
	}
	rep.Progress = run.Progress()
	rep.Progress.NotSent += unseen
	err := caperrors.NewBatchError(e.core.name, len(items), failed)
	if stopped := run.Err(); stopped != nil && err != nil {
		return rep, &stoppedError{reason: stopped, batch: err}
	}
	return rep, err
}

func fromSlice[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// stoppedError is a batch that ended early: why, and what became of the items.
type stoppedError struct{ reason, batch error }

// Error returns the reason and the counts on one line.
func (e *stoppedError) Error() string { return e.reason.Error() + ": " + e.batch.Error() }

// Unwrap returns both.
func (e *stoppedError) Unwrap() []error { return []error{e.reason, e.batch} }
