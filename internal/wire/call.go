package wire

import (
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Dialect is a family of envelopes.
type Dialect uint8

// The dialects.
const (
	// V1JSON: response.status, and items with an item_status below a container.
	V1JSON Dialect = iota + 1
	// V2Bulk: response[] of {entityId, result, errors, warnings} with counters.
	V2Bulk
	// V2Single: one thing, bare or below entity, createdId or data, with
	// errors and warnings beside it.
	V2Single
	// V2Lists: what was done stands in one list and what failed in another, or
	// one error at the top stands for all that is missing.
	V2Lists
	// V1XML: V1JSON written in XML, with or without root around response.
	V1XML
)

// NoStatus as Call.Status says that the items of an answer have no status of
// their own: the request's decides.
const NoStatus = "-"

// Call is what was sent, as far as reading its answer needs it.
type Call struct {
	Version caperrors.Version
	Entity  string // as the code tables name it
	Dialect Dialect

	// Items is the path to the items of the answer, dots between: for v1.1
	// below response ("transactions.transaction"), else from the top
	// ("response"). Bars divide the paths of a call that has several
	// ("sms|email"); so they do in Status, Parts, PartStatus and Failed. Lists
	// on the way are entered. Empty for V2Single, and for v1.1 with NoStatus if
	// the whole answer is one thing; empty for V2Lists if the answer does not
	// list what was done.
	Items string

	// Status is the path, within an item, to its status: an object with a flag,
	// a code and a message, or a word such as SUCCESS. Empty: where the dialect
	// has it, item_status in v1.1, errors and warnings in v2. For V2Single it
	// is a path from the top.
	Status string

	// RequestStatus is the path from the top to the request's status, for v2;
	// empty: there is none but errors. In v1.1 it always stands in status.
	RequestStatus string

	// Parts is the path, within an item, to things with a status of their own
	// at PartStatus, or with errors: who was referred, programs, children. An
	// item that tells success is refused if all its parts failed and nothing
	// shows that it was made.
	Parts, PartStatus string

	// Failed is the path from the top to the failures of V2Lists, each with a
	// code and a message. FailedID is the member of a failure that names the
	// items, one or a list.
	Failed, FailedID string

	// EchoID is the path, within an answered item, at which the answer repeats
	// the item's natural id ("number", "result.billNumber"). Empty: it doesn't.
	EchoID string

	// Count is the number of items sent; at least 1. A call for one thing has
	// the whole answer as its one item if the dialect is V2Single.
	Count int

	// Open says that the answer tells how many items there are: a read. Count
	// and IDs then count for nothing.
	Open bool

	// IDs are the natural ids of the items sent, in their order, empty where
	// an item has none; nil if none has.
	IDs []string

	// Room is memory for reading; nil for none.
	Room *Room

	// Verdicts is memory for those of the reply, which stand in it if it has
	// capacity for them, whatever it holds. Nil for none.
	Verdicts []caperrors.Verdict

	// Oversize are codes that tell an oversize here, beside 1060.
	Oversize []caperrors.Code

	// Replay are codes that tell here that the server has the item already,
	// beside those of the code table.
	Replay []caperrors.Code
}

// HTTP is the part of an HTTP answer that reading needs.
type HTTP struct {
	Status      int
	ContentType string
	RequestID   string
	RetryAfter  time.Duration // already parsed and capped; 0 if none
	Body        []byte

	// Hide replaces what an excerpt of the body must not tell. It may be nil.
	Hide func(string) string
}

// Reply is an answer read.
type Reply struct {
	// Verdicts has exactly one entry for each item sent, in their order, or for
	// each item answered if the call is open, at most 10,000. It is nil if
	// Refusal is set.
	Verdicts []caperrors.Verdict

	// Refusal is set if the API refused the request as a whole: no item was
	// applied.
	Refusal *caperrors.RequestError

	// Code is the code of the request's status; 0 if the answer has none.
	Code caperrors.Code

	// Raw is the whole answer, without what surrounds the JSON text.
	Raw []byte

	// Diagnostics tell where the answer contradicts itself as a whole, such as
	// a failure counter that is not the number of failed items.
	Diagnostics []string
}
