package errors

import (
	"context"
	"fmt"
)

// Stop is why no further attempt was made. It is an error, so that
// errors.Is(err, ErrDeadlineTooNear) asks for the reason. The zero Stop gives
// none: the last answer was final by itself.
type Stop uint8 //nolint:errname // a reason; it is an error so that errors.Is can compare it

// The reasons.
const (
	// ErrAttemptsExhausted: the policy's number of attempts is used up.
	ErrAttemptsExhausted Stop = iota + 1
	// ErrRetryTimeExceeded: the policy's time for one call is used up.
	ErrRetryTimeExceeded
	// ErrDeadlineTooNear: the wait before the next attempt would end after the
	// context's deadline, so it was not begun. It also matches
	// [context.DeadlineExceeded].
	ErrDeadlineTooNear
	// ErrRetryBudget: the client's budget for retries is empty.
	ErrRetryBudget
	// ErrRetryAfterTooLong: the server asks for a longer wait than the policy allows.
	ErrRetryAfterTooLong
	// ErrNotRepeatable: the outcome is unknown and the call is a write that was
	// not declared repeatable.
	ErrNotRepeatable
	// ErrRefreshFailed: the credentials were refused and could not be renewed,
	// or were refused again after it.
	ErrRefreshFailed
	// ErrContextEnded: the caller's context ended. The error also wraps the
	// context's error and its cause.
	ErrContextEnded
	// ErrOutage: nothing was accepted for longer than the engine's bound.
	ErrOutage
	// ErrPredecessor: an earlier item of the same key was not applied, and the
	// key is held.
	ErrPredecessor
	// ErrJobStopped: the job stopped before this item was sent.
	ErrJobStopped
	// ErrItemTooLarge: the server refuses the item as oversize even alone.
	ErrItemTooLarge
)

var stopNames = [...]string{
	0:                    "",
	ErrAttemptsExhausted: "attempts exhausted",
	ErrRetryTimeExceeded: "retry time exceeded",
	ErrDeadlineTooNear:   "no time left for another attempt",
	ErrRetryBudget:       "retry budget empty",
	ErrRetryAfterTooLong: "server asks for too long a wait",
	ErrNotRepeatable:     "outcome unknown and not repeatable",
	ErrRefreshFailed:     "credentials could not be renewed",
	ErrContextEnded:      "context ended",
	ErrOutage:            "nothing accepted for too long",
	ErrPredecessor:       "an earlier item of the same key was not applied",
	ErrJobStopped:        "the job stopped before it was sent",
	ErrItemTooLarge:      "too large even alone",
}

// Error returns the reason in words.
func (s Stop) Error() string {
	if int(s) < len(stopNames) {
		return stopNames[s]
	}
	return "stopped"
}

// Is makes ErrDeadlineTooNear match [context.DeadlineExceeded]: callers test
// for that, though the clock has not struck yet.
func (s Stop) Is(target error) bool {
	return s == ErrDeadlineTooNear && target == context.DeadlineExceeded
}

// MarshalText returns the reason in words.
func (s Stop) MarshalText() ([]byte, error) { return []byte(s.Error()), nil }

// UnmarshalText reads what MarshalText wrote. Any other text is an error.
func (s *Stop) UnmarshalText(text []byte) error {
	for i, words := range stopNames {
		if words == string(text) {
			*s = Stop(i)
			return nil
		}
	}
	return fmt.Errorf("stop reason %q is none of this package", Mask(string(text)))
}
