package errors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// Phase is how far a request came before it failed.
type Phase uint8

// The phases.
const (
	PhaseConnect Phase = iota // name, dialing, TLS, proxy
	PhaseWrite                // the request was being sent
	PhaseWait                 // sent, no answer yet
	PhaseRead                 // the answer was being read
)

var phaseNames = [...]string{PhaseConnect: "connect", PhaseWrite: "write", PhaseWait: "wait", PhaseRead: "read"}

// String returns the phase's name: connect, write, wait or read.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown phase"
}

// TransportError says that no usable answer arrived. Unless it is not sent, the
// server may have done the work, or may still be doing it.
type TransportError struct {
	Phase    Phase // how far the attempt came
	NotSent  bool  // true if no byte of the request left
	TimedOut bool  // true if the time for one attempt was up, not the caller's deadline
	Err      error // cause, such as a [net.OpError]; never a [net/url.Error], which would carry the query
}

// Error returns one line with the phase and the masked cause.
func (e *TransportError) Error() string {
	text := "no answer (" + e.Phase.String() + ")"
	if e.TimedOut {
		text = "no answer in time (" + e.Phase.String() + ")"
	}
	if e.Err != nil {
		text += ": " + Mask(e.Err.Error())
	}
	return text
}

// Unwrap returns the cause; nil if the time for one attempt was up and the
// cause is the end of a context: that was the attempt's context, and must not
// pass for the caller's deadline.
func (e *TransportError) Unwrap() error {
	if e.TimedOut && (errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled)) {
		return nil
	}
	return e.Err
}

// Is matches [ErrTransient] if nothing was sent.
func (e *TransportError) Is(target error) bool { return e.NotSent && target == ErrTransient }

// Timeout reports whether the time for one attempt was up.
func (e *TransportError) Timeout() bool { return e.TimedOut }

// Format prints the error's line whatever the verb.
func (e TransportError) Format(f fmt.State, verb rune) { formatLine(f, verb, e.Error()) }

// LogValue returns the error as a group with stable names.
func (e TransportError) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// MarshalJSON returns the error as an object with stable names and masked text.
func (e TransportError) MarshalJSON() ([]byte, error) { return marshalAttrs(e.attrs()) }

func (e *TransportError) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("type", "transport"),
		slog.String("phase", e.Phase.String()),
		slog.Bool("not_sent", e.NotSent),
		slog.Bool("timeout", e.TimedOut),
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", Mask(e.Err.Error())))
	}
	return attrs
}
