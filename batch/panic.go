package batch

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strconv"

	caperrors "github.com/capillary-go/capillary/errors"
)

// PanicError is a panic in user code, such as a key function or a source,
// turned into an error.
//
// What was panicked with may be an item, or quote one. Text, log and JSON tell
// its type alone, or what Go's runtime says of a fault such as an index out of
// range. To find the fault, print Stack.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // stack at the panic
}

// Error returns one line with the type of the value, without the stack.
func (e *PanicError) Error() string { return "panic: " + e.reason() }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format prints the error's line whatever the verb.
func (e PanicError) Format(f fmt.State, verb rune) {
	line := e.Error()
	if verb == 'q' {
		line = strconv.Quote(line)
	}
	_, _ = io.WriteString(f, line)
}

// LogValue returns the error as a group with stable names.
func (e PanicError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("type", "panic"), slog.String("reason", e.reason()))
}

// MarshalJSON returns the error as an object with stable names.
func (e PanicError) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}{"panic", e.reason()})
}

func (e *PanicError) reason() string {
	if fault, ok := e.Value.(runtime.Error); ok {
		return caperrors.Mask(fault.Error())
	}
	return fmt.Sprintf("%T", e.Value)
}

func stack() []byte { return debug.Stack() }
