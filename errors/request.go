package errors

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// RequestError is an answer of the API that refuses the request as a whole. No
// item of it was applied.
type RequestError struct {
	HTTPStatus int    // HTTP status, which is no verdict: the body decides
	Scope      Scope  // where Code was read
	Code       Code   // from the body
	Kind       Kind   // what Code means in Scope
	Message    string // the service's text, unmasked; it may quote the input
	RequestID  string // the service's name for the request; support asks for it

	// RetryAfter is the wait that the server asked for; 0 if none.
	RetryAfter time.Duration

	// Limit is the largest number of items that the server named beside an
	// oversize; 0 if it named none.
	Limit int
}

// Error returns one line with the code, its meaning and the masked message.
func (e *RequestError) Error() string {
	var b strings.Builder
	b.WriteString(e.Code.Error())
	if m, ok := Lookup(e.Scope, e.Code); ok && m.Text != "" {
		b.WriteString(" (" + m.Text + ")")
	}
	if e.Message != "" {
		b.WriteString(": " + Mask(e.Message))
	}
	if e.RequestID != "" {
		b.WriteString(" [request id " + MaskRequestID(e.RequestID) + "]")
	}
	return b.String()
}

// Is matches the error's [Code], its [Kind], and a RequestError with the same
// fields.
func (e *RequestError) Is(target error) bool {
	if other, ok := target.(*RequestError); ok { // the target itself, not its chain
		return other != nil && *other == *e
	}
	return isCodeOrKind(target, e.Code, e.Kind)
}

// Retryable reports whether the same request can succeed later.
func (e *RequestError) Retryable() bool { return e.Kind == ErrTransient }

// Format prints the error's line whatever the verb.
func (e RequestError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e RequestError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e RequestError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *RequestError) attrs() []slog.Attr {
	attrs := append([]slog.Attr{slog.String("type", "request")}, scopeAttrs(e.Scope, e.Code, e.Kind, e.Message)...)
	attrs = appendInt(attrs, "http_status", e.HTTPStatus)
	attrs = appendString(attrs, "request_id", MaskRequestID(e.RequestID))
	attrs = appendDuration(attrs, "retry_after", e.RetryAfter)
	return appendInt(attrs, "limit", e.Limit)
}

// isCodeOrKind is the shallow comparison behind every Is method with a code.
func isCodeOrKind(target error, c Code, k Kind) bool {
	switch t := target.(type) { //nolint:errorlint // Is methods compare the target itself, not its chain
	case Code:
		return c != 0 && t == c
	case Kind:
		return k != 0 && t == k
	default:
		return false
	}
}

func scopeAttrs(s Scope, c Code, k Kind, message string) []slog.Attr {
	attrs := []slog.Attr{slog.Int("code", int(c)), slog.String("kind", k.String())}
	attrs = appendString(attrs, "version", string(s.Version))
	attrs = appendString(attrs, "entity", s.Entity)
	attrs = append(attrs, slog.String("level", s.Level.String()))
	return appendString(attrs, "message", Mask(message))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return strconv.Itoa(n) + " " + one
	}
	return strconv.Itoa(n) + " " + many
}
