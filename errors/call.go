package errors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// CallError is the outer layer of every failed call: what was done about it.
// There is exactly one in a chain. Err says what came back last.
type CallError struct {
	Op        string        // the endpoint's name, such as "v2/transactions/bulk"
	Attempts  int           // requests sent, or tried to send, over HTTP
	Elapsed   time.Duration // from the first attempt to the end
	RequestID string        // the service's name for the last answered attempt
	Stop      Stop          // why no further attempt was made; 0 if the answer was final
	Err       error         // the last answer: one inner error; nil if the context ended before any

	// Outcome is what is known of the effect at the server: NotSent, Refused,
	// Unknown, or Duplicate if the server had the one thing already. It is
	// Applied if the call was carried out and some of its items failed: Err is
	// then a [BatchError], and each item has its own outcome.
	Outcome Outcome

	// Context is why the caller's context ended; nil if it had not. It wraps
	// the context's error and, if different, its cause.
	Context error
}

// Error returns one line: operation, attempts, reason for stopping, last answer.
func (e *CallError) Error() string {
	var b strings.Builder
	b.WriteString(oneLine(e.Op))
	b.WriteString(" failed after " + plural(e.Attempts, "attempt", "attempts"))
	b.WriteString(" in " + e.Elapsed.Round(time.Millisecond).String())
	if e.Outcome == Unknown || e.Outcome == NotSent {
		b.WriteString(" (" + e.Outcome.String() + ")")
	}
	switch {
	case e.Context != nil:
		b.WriteString(": " + Mask(e.Context.Error()))
	case e.Stop != 0:
		b.WriteString(": " + e.Stop.Error())
	}
	if e.Err != nil {
		b.WriteString(": " + errorText(e.Err))
	}
	if e.Kind() == ErrTransient && (errors.Is(e.Err, CodeAccessUnknown) || errors.Is(e.Err, CodeAccessCheckDown)) {
		// The status page says of 503, with 4001 in its errors, that the
		// authorisation status is not available: when it stays, a missing
		// permission is a likely cause.
		b.WriteString(" (may be a missing access-control permission)")
	}
	return b.String()
}

// Unwrap returns the last answer, the reason for stopping, and the context's error.
func (e *CallError) Unwrap() []error {
	errs := make([]error, 0, 3)
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.Stop != 0 {
		errs = append(errs, e.Stop)
	}
	if e.Context != nil {
		errs = append(errs, e.Context)
	}
	return errs
}

// Kind returns the kind of the last answer as a whole. It is 0 if there was
// none, and if the items were answered one by one, in a [BatchError].
func (e *CallError) Kind() Kind {
	var (
		batch   *BatchError
		request *RequestError
		decode  *DecodeError
		sending *TransportError
	)
	switch {
	case errors.As(e.Err, &batch):
		return 0 // what is said of an item says nothing of the call
	case errors.As(e.Err, &request):
		return request.Kind
	case errors.As(e.Err, &decode):
		return decode.Kind
	case errors.As(e.Err, &sending) && sending.NotSent:
		return ErrTransient
	default:
		return 0
	}
}

// Retryable reports whether the same call can succeed later without a risk of
// doing its work twice.
func (e *CallError) Retryable() bool { return e.Kind() == ErrTransient }

// RetryAfter returns the wait that the server asked for last; 0 if none.
func (e *CallError) RetryAfter() time.Duration { return RetryAfterOf(e.Err) }

// Timeout reports whether time ran out: for the last attempt, or by the
// context's deadline.
func (e *CallError) Timeout() bool {
	if e.Stop == ErrDeadlineTooNear || errors.Is(e.Context, context.DeadlineExceeded) {
		return true
	}
	var sending *TransportError
	return errors.As(e.Err, &sending) && sending.TimedOut
}

// Format prints the error's line whatever the verb.
func (e CallError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e CallError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e CallError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *CallError) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("type", "call"),
		slog.String("op", e.Op),
		slog.Int("attempts", e.Attempts),
		slog.Float64("elapsed", e.Elapsed.Seconds()),
		slog.String("outcome", e.Outcome.String()),
	}
	attrs = appendString(attrs, "request_id", MaskRequestID(e.RequestID))
	attrs = appendString(attrs, "stop", e.Stop.Error())
	if e.Context != nil {
		attrs = append(attrs, slog.String("context", Mask(e.Context.Error())))
	}
	if answer, then := parts(e.Err); answer != nil {
		return appendError(appendError(attrs, "error", answer), "then", then)
	}
	return appendError(attrs, "error", e.Err)
}
