package errors

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// ItemError is what became of one item that is not done: neither applied nor a
// duplicate.
type ItemError struct {
	Index     int     // position in the caller's input
	ID        string  // natural id of the item, such as its bill number; empty if unknown
	Outcome   Outcome // Refused, Unknown or NotSent
	Scope     Scope   // where Code was read
	Code      Code    // 0 if no answer gave the item one
	Kind      Kind    // what Code means in Scope
	Message   string  // the service's text, unmasked; it may quote the input
	RequestID string  // the service's name for the last call that carried the item
	Attempts  int     // calls that carried the item
	Stop      Stop    // why it was not tried again; 0 if its status was final
	Err       error   // the failed call, if the item has no status of its own; may be nil
}

// Error returns one line with the position, the outcome and the reason.
func (e *ItemError) Error() string {
	var b strings.Builder
	b.WriteString("item " + strconv.Itoa(e.Index) + " " + e.Outcome.String())
	if e.Attempts > 1 {
		b.WriteString(" after " + plural(e.Attempts, "attempt", "attempts"))
	}
	if e.Stop != 0 {
		b.WriteString(": " + e.Stop.Error())
	}
	if e.Code != 0 {
		b.WriteString(": " + e.Code.Error())
		if m, ok := Lookup(e.Scope, e.Code); ok && m.Text != "" {
			b.WriteString(" (" + m.Text + ")")
		}
	}
	if e.Message != "" {
		b.WriteString(": " + Mask(e.Message))
	}
	if e.Err != nil {
		b.WriteString(": " + errorText(e.Err))
	}
	return b.String()
}

// Unwrap returns the reason for stopping and the failed call.
func (e *ItemError) Unwrap() []error {
	errs := make([]error, 0, 2)
	if e.Stop != 0 {
		errs = append(errs, e.Stop)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Is matches the item's [Code] and its [Kind].
func (e *ItemError) Is(target error) bool { return isCodeOrKind(target, e.Code, e.Kind) }

// Retryable reports whether the item was refused for now and can succeed later.
func (e *ItemError) Retryable() bool { return e.Kind == ErrTransient && e.Outcome == Refused }

// Format prints the error's line whatever the verb.
func (e ItemError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e ItemError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e ItemError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *ItemError) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("type", "item"),
		slog.Int("index", e.Index),
		slog.String("outcome", e.Outcome.String()),
		slog.Int("attempts", e.Attempts),
	}
	if e.Code != 0 {
		attrs = append(attrs, scopeAttrs(e.Scope, e.Code, e.Kind, e.Message)...)
	} else {
		attrs = appendString(attrs, "message", Mask(e.Message))
	}
	attrs = appendString(attrs, "request_id", MaskRequestID(e.RequestID))
	attrs = appendString(attrs, "stop", e.Stop.Error())
	return appendError(attrs, "error", e.Err)
}
