package errors

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// DecodeError says that an answer arrived which is not the API's: a page of a
// gateway, an empty or cut body, another format. What it means for the request
// follows from the HTTP status alone, and stands in Kind and Outcome.
type DecodeError struct {
	HTTPStatus  int     // of the answer
	ContentType string  // its header; empty if it has none
	Offset      int64   // byte of the body at which reading failed; -1 if it does not apply
	Reason      string  // what was wrong with the body
	Excerpt     string  // the first bytes of the body, masked; at most 200 characters; empty if it may be data of the API, or quotes the request
	Kind        Kind    // ErrTransient for 429, 503 and 521 of the edge; 0 if the status decides nothing
	Outcome     Outcome // Refused if the status proves that nothing was done, else Unknown
	RequestID   string  // the service's name for the request, if it sent one

	// RetryAfter is the wait that the server asked for; 0 if none.
	RetryAfter time.Duration
}

// Error returns one line with the status, the reason and the masked excerpt.
func (e *DecodeError) Error() string {
	text := "answer not understood: " + Mask(e.Reason) + " (HTTP " + strconv.Itoa(e.HTTPStatus)
	if e.ContentType != "" {
		text += ", " + Mask(e.ContentType)
	}
	text += ")"
	if e.Excerpt != "" {
		text += ": " + strconv.Quote(Mask(e.Excerpt))
	}
	if e.RequestID != "" {
		text += " [request id " + MaskRequestID(e.RequestID) + "]"
	}
	return text
}

// Is matches the error's [Kind], and a DecodeError with the same fields.
func (e *DecodeError) Is(target error) bool {
	if other, ok := target.(*DecodeError); ok { // the target itself, not its chain
		return other != nil && *other == *e
	}
	return isCodeOrKind(target, 0, e.Kind)
}

// Retryable reports whether the status proves that nothing was done and that
// the same request can succeed later.
func (e *DecodeError) Retryable() bool { return e.Kind == ErrTransient }

// Format prints the error's line whatever the verb.
func (e DecodeError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e DecodeError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e DecodeError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *DecodeError) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("type", "decode"), slog.Int("http_status", e.HTTPStatus)}
	attrs = appendString(attrs, "content_type", Mask(e.ContentType))
	attrs = append(attrs, slog.String("reason", Mask(e.Reason)), slog.String("outcome", e.Outcome.String()))
	if e.Kind != 0 {
		attrs = append(attrs, slog.String("kind", e.Kind.String()))
	}
	if e.Offset > 0 {
		attrs = append(attrs, slog.Int64("offset", e.Offset))
	}
	attrs = appendString(attrs, "excerpt", Mask(e.Excerpt))
	attrs = appendString(attrs, "request_id", MaskRequestID(e.RequestID))
	return appendDuration(attrs, "retry_after", e.RetryAfter)
}
