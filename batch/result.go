package batch

import (
	"encoding/json"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Result is the fate of one item. Each accepted item has exactly one.
type Result[T any] struct {
	Index   int               // position in the input, from 0
	Item    T                 // the item, as given
	ID      string            // its natural id; empty if it has none
	Key     string            // its key, the first if it has several; empty if it has none
	Outcome caperrors.Outcome // what became of it

	// AfterUnknown says that an earlier send of the item ended without an
	// answer. A Duplicate is then most likely that send's work, though not
	// provably.
	AfterUnknown bool

	Code      caperrors.Code      // of the last answer about it; 0 if it gave none
	Kind      caperrors.Kind      // what Code means
	Message   string              // the service's text; it may quote the input
	Warnings  []caperrors.Warning // what the service remarks though it did it
	Attempts  int                 // calls that carried it
	RequestID string              // the service's name for the last answered call that carried it

	// Unfinished says that it was the job that ended, not the item: a run that
	// resumes from a [Journal] or a [Checkpoint] takes the item up again and
	// gives it a result of its own.
	Unfinished bool

	// Diagnostic tells where the answer contradicted itself about the item;
	// empty if it did not.
	Diagnostic string

	// Raw is the item's part of the answer; nil if there was none. It shares
	// memory with the whole answer: copy it to keep it.
	Raw json.RawMessage

	// Err is nil if the item is applied or a duplicate, else a
	// *caperrors.ItemError.
	Err error
}

// Report is the result of a Do.
type Report[T any] struct {
	Results []Result[T] `json:"results"` // one for each item, in the order given

	// Progress is the job's at its end. Items that it did not come to take
	// count as not sent, though not as accepted.
	Progress Progress `json:"progress"`
}

func newResult[T any](s *settled, item T) Result[T] {
	v := &s.it.verdict
	return Result[T]{
		Index: s.index, Item: item, ID: s.it.id, Key: s.it.name,
		Outcome: s.outcome, AfterUnknown: s.afterUnknown, Unfinished: s.unfinished,
		Code: v.Code, Kind: v.Kind, Message: v.Message,
		Warnings: v.Warnings, Attempts: s.it.attempts, RequestID: v.RequestID,
		Diagnostic: v.Diagnostic, Raw: v.Raw, Err: s.err,
	}
}
