package batch

import (
	"context"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// Sender makes one call that carries many items. The Bulk method of the client
// package's Client gives one; a test or another transport can bring its own.
type Sender interface {
	// Send makes one call with the items, each one encoded body, and returns
	// one verdict for each, in their order. It repeats only what was not sent:
	// the engine owns every other repetition.
	//
	// If the request as a whole came to nothing, it returns an error, best a
	// *caperrors.CallError: its outcome says whether the items may have been
	// applied, its kind whether a later call can succeed. Any other error is
	// taken as an unknown outcome.
	//
	// Send is called from several goroutines. It must return soon after ctx
	// ends, and must not keep or change the items.
	Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error)
}

// Appender is what a [Sender] may also be to spare memory and work: the engine
// lends it memory and tells it what it knows. Its Send is then not called.
type Appender interface {
	// SendAppend does what Send does and appends the verdicts to dst, which is
	// empty and may have room for them. Ids are the items' natural ids, as its
	// Inspect returned them; nil if the engine does not know them. All three
	// are used again for other calls once it has returned, what it returned
	// included.
	SendAppend(ctx context.Context, dst []caperrors.Verdict, items [][]byte, ids []string) ([]caperrors.Verdict, error)

	// Same reports whether sender is this very value. It is false for a type
	// that embeds an Appender and has a Send of its own: its SendAppend would
	// pass that by, so the engine calls Send.
	Same(sender any) bool
}

// Endpoint is what a [Sender] may also know of the endpoint it sends to. What
// it tells are defaults: [Config] outranks it, but of the two MaxItems the
// smaller holds.
type Endpoint interface {
	// Name is used in errors and events, such as "v2/transactions/bulk".
	Name() string
	// MaxItems is the documented number of items a call may carry; 0 if none is.
	MaxItems() int
	// AllOrNothing says that one failed item fails its whole call. Such a call
	// is never split.
	AllOrNothing() bool
	// Inspect checks an encoded item and returns its key, which is what must not
	// be in flight twice, such as its customer, and its natural id, such as its
	// bill number; each is empty if the item has none. It is called once for
	// each item, before any of it is sent, from several goroutines. An item that
	// is not one JSON object would damage its whole call: the error says where,
	// and ends the item as not sent.
	Inspect(item []byte) (key, id string, err error)
}

// Resources are what a [Sender] may share between all engines and calls of one
// client.
type Resources interface {
	// Policy gives the delays before an item or a call is tried again.
	Policy() retry.Policy
	// Budget pays for calls that are made again as a whole; nil for none.
	Budget() *retry.Budget
	// Wait blocks until the pace allows the next call.
	Wait(ctx context.Context) error
	// Rate is the pace in calls a second; 0 if there is none.
	Rate() float64
	// Shared returns the value that create made for this endpoint when it was
	// first asked for. Engines keep the learned limit there.
	Shared(create func() any) any
}
