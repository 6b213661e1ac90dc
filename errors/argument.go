package errors

import (
	"fmt"
	"log/slog"
	"strconv"
)

// ArgumentError says that an argument is wrong. It is found before anything is
// sent.
type ArgumentError struct {
	Field  string // option, parameter, header or field that is wrong
	Index  int    // position in the caller's slice; -1 if it does not apply
	Reason string // what is wrong and what to do
	Err    error  // cause, such as an encoding error; may be nil
}

// Error returns one line with the field, the position and the reason.
func (e *ArgumentError) Error() string {
	text := oneLine(e.Field)
	if e.Index >= 0 {
		text += "[" + strconv.Itoa(e.Index) + "]"
	}
	text += ": " + oneLine(e.Reason)
	if e.Err != nil {
		text += ": " + errorText(e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *ArgumentError) Unwrap() error { return e.Err }

// Is matches [ErrInvalid].
func (e *ArgumentError) Is(target error) bool { return target == ErrInvalid }

// Format prints the error's line whatever the verb.
func (e ArgumentError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e ArgumentError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e ArgumentError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *ArgumentError) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("type", "argument"), slog.String("field", e.Field)}
	if e.Index >= 0 {
		attrs = append(attrs, slog.Int("index", e.Index))
	}
	attrs = append(attrs, slog.String("reason", e.Reason))
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", Mask(e.Err.Error())))
	}
	return attrs
}
