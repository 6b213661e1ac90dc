package batch

import (
	"fmt"
	"runtime/debug"

	caperrors "github.com/capillary-go/capillary/errors"
)

// PanicError is a panic in user code, such as a key function or a source,
// turned into an error.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // stack at the panic
}

// Error returns the value in words, without the stack.
func (e *PanicError) Error() string { return caperrors.Mask(fmt.Sprintf("panic: %v", e.Value)) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func stack() []byte { return debug.Stack() }
