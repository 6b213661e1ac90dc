package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Request is one call, to be sent once or several times. It is read only: the
// loop copies Header before each attempt and shares the rest.
type Request struct {
	Op     string // name of the endpoint, for errors and logs
	Method string
	URL    string
	Header http.Header
	Body   []byte // nil for none

	// Address is URL parsed, if that is known; URL is then not read, and Method
	// must be one that HTTP allows. It must not change.
	Address *url.URL

	// Whole is what Authorize makes of Header, if that is known and always the
	// same. It must be what HTTP allows, hold no idempotency key, and never
	// change: where nobody but net/http sees the attempt it is sent as it is,
	// and Authorize is not called.
	Whole http.Header

	// Answer is memory for the first answer; nil has none. The Result then
	// points to it.
	Answer *Answer

	// Repeatable says that doing the work twice does no harm: a read, or a
	// write that the caller declared so. Only such a call is repeated after an
	// attempt of unknown outcome.
	Repeatable bool

	// OnlyUnsent hands every answer back at once, transient or not: the caller
	// owns the repetition. The loop then repeats only what was not sent, and
	// once what was refused for its credentials.
	OnlyUnsent bool

	// Private keeps the call from the middleware: its body holds credentials.
	Private bool

	// Authorize puts the credentials into the header of an attempt. After the
	// server refused them it is called once more with renew set. It may be nil.
	Authorize func(ctx context.Context, header http.Header, renew bool) error

	// Pace waits until the next attempt may go out. It is called before each
	// attempt, or with OnlyUnsent before each but the first. It may be nil.
	Pace func(ctx context.Context) error

	// Judge reads an answer. It is called once for each answered attempt.
	Judge func(*Answer) Judgement

	// Hide replaces what must not be told in a text from outside, such as
	// credentials that a server quotes. It may be nil.
	Hide func(string) string

	// Observer is told of each attempt. Nil: nobody is.
	Observer Observer
}

// Answer is an HTTP answer with its whole body.
type Answer struct {
	Sent       time.Time // when its attempt began
	Status     int
	Header     http.Header
	Body       []byte // nil if it could not be read
	RequestID  string
	RetryAfter time.Duration // parsed, corrected by the server's date; not yet capped; 0 if none

	sent []byte // the request's body, which is only there while the call lasts
}

// Judgement is what an answer means for the loop.
type Judgement struct {
	// Err is nil if the call is answered for good. A *caperrors.RequestError or
	// *caperrors.DecodeError decides by its kind and outcome whether it is
	// repeated.
	Err error

	// Renew says that the credentials were refused or have expired.
	Renew bool
}

// Result is what Do did.
type Result struct {
	Answer   *Answer       // last answer; nil if none arrived
	Attempts int           // requests sent, or tried to send
	Elapsed  time.Duration // from the first attempt to the end; 0 if there was none

	// AfterUnknown says that an attempt before the last one ended unknown: what
	// the last answer calls a duplicate may be the work of that attempt.
	AfterUnknown bool

	// Released says that nobody reads the request or its Body any more. Their
	// memory may then be used for something else.
	Released bool
}
