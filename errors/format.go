package errors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"
)

// formatLine is what every error prints for every verb. Without it %#v and %d
// would print the fields one by one, the unmasked message among them.
func formatLine(f fmt.State, verb rune, line string) {
	if verb == 'q' {
		line = strconv.Quote(line)
	}
	_, _ = io.WriteString(f, line)
}

// marshalAttrs writes the attributes as one JSON object, in their order.
func marshalAttrs(attrs []slog.Attr) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, attr := range attrs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(attr.Key))
		b.WriteByte(':')
		value, err := marshalValue(attr.Value)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", attr.Key, err)
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshalValue writes a group as an object, and all else as encoding/json does.
func marshalValue(v slog.Value) ([]byte, error) {
	if v.Kind() == slog.KindGroup {
		return marshalAttrs(v.Group())
	}
	return json.Marshal(v.Any())
}

func appendString(attrs []slog.Attr, key, value string) []slog.Attr {
	if value == "" {
		return attrs
	}
	return append(attrs, slog.String(key, value))
}

func appendInt(attrs []slog.Attr, key string, value int) []slog.Attr {
	if value == 0 {
		return attrs
	}
	return append(attrs, slog.Int(key, value))
}

// appendDuration adds a number of seconds: other languages cannot read what Go
// writes, such as 1m2.5s.
func appendDuration(attrs []slog.Attr, key string, value time.Duration) []slog.Attr {
	if value == 0 {
		return attrs
	}
	return append(attrs, slog.Float64(key, value.Seconds()))
}

// appendError adds an inner error: this package's types as objects, others as
// masked text.
func appendError(attrs []slog.Attr, key string, err error) []slog.Attr {
	switch {
	case err == nil:
		return attrs
	case isOwn(err):
		return append(attrs, slog.Any(key, err))
	default:
		return append(attrs, slog.String(key, Mask(err.Error())))
	}
}

// errorText returns an inner error's text: this package's types mask their own.
func errorText(err error) string {
	if isOwn(err) {
		return err.Error()
	}
	if answer, then := parts(err); answer != nil {
		return answer.Error() + " (" + errorText(then) + ")"
	}
	return Mask(err.Error())
}

// parts takes apart the inner error of a call that could not go on after its
// last answer: that answer, which is of this package, and what was in the way.
// Another error has none.
func parts(err error) (answer, then error) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, nil
	}
	both := several.Unwrap()
	if len(both) != 2 || !isOwn(both[0]) {
		return nil, nil
	}
	if _, fault := both[0].(*ArgumentError); fault { //nolint:errorlint // as in isOwn
		return nil, nil // faults of one request, none of them an answer
	}
	return both[0], both[1]
}

// isOwn reports whether err itself, not one in its chain, is of this package.
func isOwn(err error) bool {
	switch err.(type) { //nolint:errorlint // the direct inner error decides the form, not its chain
	case *CallError, *RequestError, *BatchError, *ItemError, *TransportError, *DecodeError, *ArgumentError, *CredentialsError:
		return true
	default:
		return false
	}
}
