package batch

import (
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Settlement is what a program that takes its items from a queue does with the
// message of an item once the item's result is there. The zero value is the
// careful one: [Undecided].
//
// A load that outgrows one machine runs on a queue that people have already,
// partitioned by customer, with a [Writer] in each process. What makes the writer
// fit any of them, beside the settlements:
//
//   - With [HoldKey] the later items of a customer come back after one that goes
//     again. [Writer.Release] opens the customer when the failed item is the next
//     to be added. Only the process that has the customer's partition adds its
//     items.
//   - A process that dies between a call and the settlement leaves messages that
//     are delivered again although they may have been applied. Note before a call
//     which items it carries, and treat those that come back as unknown.
type Settlement uint8

// The settlements.
const (
	// Undecided: the item may have been applied. What follows is the program's
	// own policy. Best note it for somebody to ask the API, and acknowledge the
	// message: a message left in its queue is sent again.
	Undecided Settlement = iota
	// Done: the server has the item. Acknowledge the message.
	Done
	// DeadLetter: the item was refused for good, or can never be sent. Put the
	// message aside, with Result.Err as the reason.
	DeadLetter
	// Again: the item was not applied, for a reason that passes: the customer or
	// the server was busy, an earlier item of the key failed ([HoldKey]), or the
	// writer stopped. Have the message delivered again, later and in order; see
	// [Writer.Release].
	Again
)

var settlementNames = [...]string{Undecided: "undecided", Done: "done", DeadLetter: "dead letter", Again: "again"}

// String returns the settlement in words.
func (s Settlement) String() string {
	if int(s) < len(settlementNames) {
		return settlementNames[s]
	}
	return settlementNames[Undecided]
}

// Settlement returns what becomes of the item's message. A refusal that speaks
// of the call and not of the item, such as one of the credentials, is no fault
// of the item: its message is delivered again.
func (r *Result[T]) Settlement() Settlement {
	var item *caperrors.ItemError
	switch {
	case r.Outcome.Done():
		return Done
	case r.Outcome == caperrors.Unknown:
		return Undecided
	case !errors.As(r.Err, &item):
		return Again
	case item.Outcome == caperrors.NotSent && item.Stop == 0:
		return DeadLetter // it cannot be encoded, or would damage its call
	case item.Outcome == caperrors.NotSent, item.Kind == caperrors.ErrTransient, item.Stop == caperrors.ErrAttemptsExhausted,
		item.Stop == caperrors.ErrJobStopped, item.Stop == caperrors.ErrContextEnded:
		return Again
	case item.Scope.Level == caperrors.RequestLevel && refusesEveryCall(item.Kind):
		return Again
	default:
		return DeadLetter
	}
}

// Release lets the items of a key go again that [HoldKey] holds since one of
// them ended undecided or again. It does nothing for a key that is not held.
//
// A writer keeps a key held until it is released: only the caller knows when
// the failed item is the next to be added. So that order holds, add a key's
// items one after another, wait until each one added has its result, release
// the key, and add those that are left, the failed one first. A key that is
// never added again, since its queue moved to another process, is to be
// released as well: a held key costs memory.
func (w *Writer[T]) Release(key string) {
	w.job.core.mu.Lock()
	defer w.job.core.mu.Unlock()
	delete(w.job.held, key)
}
