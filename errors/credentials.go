package errors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// CredentialsError says that the caller's own function gave no credentials.
// Nothing was sent with them; a call that was refused before keeps that answer
// beside this error.
//
// The text of the cause is not shown, since it may hold what it speaks of;
// [errors.Unwrap] gives it.
type CredentialsError struct {
	TimedOut bool  // true if the function took too long
	Err      error // cause: what the function returned, or an [ArgumentError] if its credentials are not usable
}

// Error returns one line; of the cause only what this module says.
func (e *CredentialsError) Error() string {
	text := "no credentials"
	if e.TimedOut {
		text += " in time"
	}
	if e.Err != nil && isOwn(e.Err) {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause; nil if that is the end of a context: it was the
// function's own, and must not pass for the caller's.
func (e *CredentialsError) Unwrap() error {
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) {
		return nil
	}
	return e.Err
}

// Timeout reports whether the function took too long.
func (e *CredentialsError) Timeout() bool { return e.TimedOut }

// Format prints the error's line whatever the verb.
func (e CredentialsError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e CredentialsError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names.
func (e CredentialsError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *CredentialsError) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("type", "credentials"), slog.Bool("timeout", e.TimedOut)}
	if e.Err != nil && isOwn(e.Err) {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	return attrs
}
