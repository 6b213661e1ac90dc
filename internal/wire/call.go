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
)

// Call is what was sent, as far as reading its answer needs it.
type Call struct {
	Version caperrors.Version
	Entity  string // as the code tables name it
	Dialect Dialect

	// Items is the path to the items of the answer, dots between: for v1.1
	// below response ("transactions.transaction"), for v2 bulk from the top
	// ("response"). Empty for V2Single.
	Items string

	// EchoID is the path, within an answered item, at which the answer repeats
	// the item's natural id ("number", "result.billNumber"). Empty: it doesn't.
	EchoID string

	// Count is the number of items sent; at least 1. A call for one thing has
	// the whole answer as its one item if the dialect is V2Single.
	Count int

	// IDs are the natural ids of the items sent, in their order, empty where
	// an item has none; nil if none has.
	IDs []string

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
}

// Reply is an answer read.
type Reply struct {
	// Verdicts has exactly one entry for each item sent, in their order. It is
	// nil if Refusal is set.
	Verdicts []caperrors.Verdict

	// Refusal is set if the API refused the request as a whole: no item was
	// applied.
	Refusal *caperrors.RequestError

	// Diagnostics tell where the answer contradicts itself as a whole, such as
	// a failure counter that is not the number of failed items.
	Diagnostics []string
}
