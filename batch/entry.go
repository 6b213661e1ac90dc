package batch

import (
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Entry is what a [Journal] or a [Checkpoint] keeps of one item: its final
// result, or how far it came. It can be stored as JSON.
type Entry struct {
	Index int    `json:"i"`            // position in the input, from 0
	ID    string `json:"id,omitempty"` // its natural id; empty if it has none

	// Open says that the item is not final: it goes out again, in this run or
	// in one that resumes. Outcome is then what is known so far.
	Open bool `json:"open,omitempty"`

	Outcome      caperrors.Outcome `json:"outcome"`                 // what is known of the effect at the server
	AfterUnknown bool              `json:"after_unknown,omitempty"` // see [Result.AfterUnknown]
	Attempts     int               `json:"attempts,omitempty"`      // calls that carried it
	Strikes      int               `json:"strikes,omitempty"`       // answers that count against [Config.MaxAttempts]

	Scope      caperrors.Scope     `json:"scope,omitzero"`       // where Code was read; left out of what is done
	Code       caperrors.Code      `json:"code,omitempty"`       // of the last answer about it; 0 if it gave none
	Kind       caperrors.Kind      `json:"kind,omitempty"`       // what Code means
	Message    string              `json:"message,omitempty"`    // the service's text; it may quote the input
	Warnings   []caperrors.Warning `json:"warnings,omitempty"`   // what the service remarks though it did it
	RequestID  string              `json:"request_id,omitempty"` // the service's name for the last answered call that carried it
	Diagnostic string              `json:"diagnostic,omitempty"` // where the answer contradicted itself about it; empty: nowhere

	Stop  caperrors.Stop `json:"stop,omitempty"`  // why it was not tried again; 0 if its status was final
	Cause string         `json:"cause,omitempty"` // the failed call in words, if no status tells more
}

// Failed reports whether the item ended unknown, or was given up: what
// [HoldKey] minds.
func (e *Entry) Failed() bool { return !e.Open && failed(e.Outcome, e.Kind, e.Stop) }

// possible reports whether a run can have noted the entry. One that is open and
// done would be sent twice.
func (e *Entry) possible() bool {
	return e.Index >= 0 && e.Attempts >= 0 && e.Strikes >= 0 && (!e.Open || !e.Outcome.Done())
}

func failed(outcome caperrors.Outcome, kind caperrors.Kind, stop caperrors.Stop) bool {
	switch outcome {
	case caperrors.Unknown:
		return true
	case caperrors.Refused:
		return kind == caperrors.ErrTransient || stop == caperrors.ErrAttemptsExhausted
	case caperrors.NotSent:
		return stop != 0
	default:
		return false
	}
}

// entry returns what is known of an item that is not final.
func (it *item) entry() Entry {
	e := entryOf(it.index, it.id, it.known, &it.verdict, it.err)
	e.Open, e.Attempts, e.Strikes = true, it.attempts, it.strikes
	e.AfterUnknown = it.lost && it.known != caperrors.Unknown
	return e
}

// entry returns a final result as it is kept.
func (s *settled) entry() Entry {
	var item *caperrors.ItemError
	var cause error
	var stop caperrors.Stop
	if errors.As(s.err, &item) {
		cause, stop = item.Err, item.Stop
	}
	e := entryOf(s.index, s.it.id, s.outcome, &s.it.verdict, cause)
	e.Attempts, e.AfterUnknown, e.Stop = s.it.attempts, s.afterUnknown, stop
	return e
}

func entryOf(index int, id string, outcome caperrors.Outcome, v *caperrors.Verdict, cause error) Entry {
	e := Entry{
		Index: index, ID: id, Outcome: outcome,
		Code: v.Code, Kind: v.Kind, Message: v.Message, Warnings: v.Warnings, RequestID: v.RequestID, Diagnostic: v.Diagnostic,
	}
	if !outcome.Done() {
		e.Scope = v.Scope
		if cause != nil {
			e.Cause = cause.Error()
		}
	}
	return e
}

// earlierError is a failed call of an earlier run, in words.
type earlierError string

// Error returns the words.
func (e earlierError) Error() string { return string(e) }

// errInFlight is what is known of an item that was in flight when the process
// ended.
const errInFlight = earlierError("it was in flight when an earlier run ended")

// recall gives an item what an earlier run knew of it.
func (it *item) recall(e *Entry) {
	it.attempts, it.strikes, it.known = e.Attempts, e.Strikes, e.Outcome
	it.lost = e.AfterUnknown || e.Outcome == caperrors.Unknown
	it.verdict = caperrors.Verdict{
		Outcome: e.Outcome, Scope: e.Scope, Code: e.Code, Kind: e.Kind, Message: e.Message,
		Warnings: e.Warnings, RequestID: e.RequestID, Diagnostic: e.Diagnostic,
	}
	switch {
	case e.Cause != "":
		it.err = earlierError(e.Cause)
	case e.Open && e.Outcome == caperrors.Unknown:
		it.err = errInFlight
	}
}
