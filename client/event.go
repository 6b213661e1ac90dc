package client

import (
	"context"
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// EventKind is what an [Event] tells.
type EventKind uint8

// The events of a call, in their order. An attempt is one HTTP request, its
// redirects included; a call has one, and more if it is tried again.
const (
	// CallStarted: a call begins. Faults in its arguments were found before, and
	// are no call.
	CallStarted EventKind = iota + 1
	// AttemptStarted: a request goes out. Wait tells how long it waited since
	// the call began or the attempt before ended, and Err why that one was not
	// the last.
	AttemptStarted
	// AttemptEnded: it came back, or failed, after Took. Again tells whether
	// another one follows, after Wait.
	AttemptEnded
	// CallEnded: the call returns. Attempt is how many there were.
	CallEnded
)

// String returns call-started, attempt-started, attempt-ended or call-ended.
func (k EventKind) String() string {
	switch k {
	case CallStarted:
		return "call-started"
	case AttemptStarted:
		return "attempt-started"
	case AttemptEnded:
		return "attempt-ended"
	case CallEnded:
		return "call-ended"
	default:
		return "none"
	}
}

// Event is something that happened in a call, for metrics and traces. It holds
// no body, no header, no path variable and no query, and none of the items' ids
// or keys. Endpoint, Method, Server, Outcome and Code have few values each and
// may be labels of a metric; RequestID and Err have many.
type Event struct {
	Kind     EventKind // what happened; it decides which fields are set
	Endpoint string    // its name, such as "v2/transactions/bulk"; that of the token call is "v3/oauth/token/generate"
	Method   string    // of HTTP
	Server   string    // host and port of the base URL

	Attempt int           // number of the attempt, from 1; at CallEnded how many there were, 0 if nothing went out
	Wait    time.Duration // before the attempt that started, or planned after the one that ended; 0 elsewhere
	Again   bool          // at AttemptEnded: another one follows, unless the context ends the wait
	Took    time.Duration // of the attempt or call that ended; of a call with all its waits

	// Outcome is what is known of the effect at the server when an attempt or
	// call has ended, as in [caperrors.CallError]: Applied also if a call was
	// carried out and some of its items failed.
	Outcome    caperrors.Outcome
	HTTPStatus int            // of the attempt's answer, or of the call's last one; 0 if there is none
	Code       caperrors.Code // of the refusal; 0 if there is none
	RequestID  string         // the service's name for it, for support; masked if it has another form than such names
	Sent       int            // bytes of the attempt's body
	Received   int            // bytes of the answer's body, after decompression

	Items  ItemCounts // at CallEnded: what became of the items
	Tokens int        // what the client's budget for retries holds now

	// Err is nil if all went well. Its text is masked, as that of every error
	// of this module. Of a call it is what the caller gets.
	Err error
}

// ItemCounts are items by their outcome. A call for one thing has one item, and
// a read one for each thing found.
type ItemCounts struct {
	Applied, Duplicate, Refused, Unknown, NotSent int // as in caperrors.Outcome
}

func (n *ItemCounts) add(outcome caperrors.Outcome, items int) {
	switch outcome {
	case caperrors.Applied:
		n.Applied += items
	case caperrors.Duplicate:
		n.Duplicate += items
	case caperrors.Refused:
		n.Refused += items
	case caperrors.NotSent:
		n.NotSent += items
	default:
		n.Unknown += items
	}
}

// WithObserve adds an observer, which is called for each [Event] of each call:
// those of [Client.Call], [Send] and [Bulk.Send], and the token calls of OAuth,
// which stand within the call that needed the token. Several are called in the
// order of the options. Without one, events cost nothing.
//
// The context is that of the call. What the observer returns for CallStarted
// and AttemptStarted is the context of what follows, up to the matching end, so
// that spans nest: credentials and pace see the call's, and the HTTP transport
// the attempt's. Only its values are taken; time and cancellation stay those of
// the caller's context. Nil leaves the context as it is, and what is returned
// for the other events is ignored.
//
// An observer runs in the goroutine of the call, which waits for it, and for
// calls in several goroutines at once. It must not use the client. If it panics,
// the event is lost to it, the panic is logged as an error ([WithLogger]), and
// the call goes on.
func WithObserve(observe func(ctx context.Context, e Event) context.Context) Option {
	return func(cfg *config) {
		cfg.observers = append(cfg.observers, observe)
		if observe == nil {
			cfg.fault("WithObserve", "must not be nil")
		}
	}
}
