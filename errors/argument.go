package errors

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
)

// ArgumentError says that an argument is wrong. It is found before anything is
// sent.
//
// Of the cause's text only what cannot quote the argument is shown: that of this
// package's types, and what encoding/json says of types. [errors.Unwrap] gives
// the cause.
type ArgumentError struct {
	Field  string // option, parameter, header or field that is wrong
	Index  int    // position in the caller's slice; -1 if it does not apply
	Reason string // what is wrong and what to do
	Err    error  // cause, such as an error of encoding/json; may be nil
}

// Error returns one line with the field, the position and the reason.
func (e *ArgumentError) Error() string {
	text := oneLine(e.Field)
	if e.Index >= 0 {
		text += "[" + strconv.Itoa(e.Index) + "]"
	}
	text += ": " + oneLine(e.Reason)
	if cause := unquoting(e.Err); cause != "" {
		text += ": " + cause
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
	return appendString(attrs, "cause", unquoting(e.Err))
}

// unquoting returns what may be shown of the text of an error about a value,
// which may quote it: "" for most. Errors of encoding/json quote numbers, the
// names of members and what the caller's own methods say.
func unquoting(err error) string {
	switch e := err.(type) { //nolint:errorlint // what wraps such an error may say more than it
	case *json.UnsupportedTypeError:
		return Mask(e.Error())
	case *json.UnsupportedValueError: // a number that is none, or a cycle
		return Mask(e.Error())
	case *json.SyntaxError: // one character
		return Mask(e.Error())
	case *json.MarshalerError:
		text := fmt.Sprintf("MarshalJSON or MarshalText of %v failed", e.Type)
		if inner := unquoting(e.Err); inner != "" {
			text += ": " + inner
		}
		return text
	default:
		if isOwn(err) {
			return err.Error()
		}
		return ""
	}
}
