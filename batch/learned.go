package batch

import (
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Limits is what an engine learned of how many items a call to its endpoint may
// carry. It can be stored as JSON. With it a later engine learns nothing anew.
// No number in it is more than 2^30.
type Limits struct {
	Endpoint string `json:"endpoint"`           // its name
	Accepted int    `json:"accepted,omitempty"` // most items that a call was seen to take; 0: not known
	Refused  int    `json:"refused,omitempty"`  // fewest that it was seen to be refused with; 0: not known
	Patience int    `json:"patience,omitempty"` // full calls before Refused is tried again; 0: the default

	// AcceptedBytes is the most bytes of items that a call was seen to take, once
	// one was refused for them; 0: not known.
	AcceptedBytes int `json:"accepted_bytes,omitempty"`
	// RefusedBytes is the fewest that a call was seen to be refused for; 0: not
	// known.
	RefusedBytes int `json:"refused_bytes,omitempty"`
}

// maxLimit is more than any call carries, and small enough to calculate with.
const maxLimit = 1 << 30

// Limits returns what is known now. All engines of a client that send to the
// same endpoint share it.
func (e *Engine[T]) Limits() Limits {
	l := e.core.limits.export()
	l.Endpoint = e.core.name
	return l
}

// SetLimits begins with what an earlier engine learned, unless this one, or
// another of its client that sends to the same endpoint, knows something
// already: that is newer. Limits of another endpoint, or that cannot have been
// learned, are an *caperrors.ArgumentError, and change nothing.
func (e *Engine[T]) SetLimits(l Limits) error { return e.core.setLimits(l) }

func (c *core) setLimits(l Limits) error {
	reason := ""
	switch {
	case l == Limits{}:
		return nil
	case l.Endpoint != c.name:
		reason = "is of another endpoint than " + c.name
	case l.Patience < 0, !isRange(l.Accepted, l.Refused), !isRange(l.AcceptedBytes, l.RefusedBytes):
		reason = "contradicts itself"
	case max(l.Accepted, l.Refused, l.Patience, l.AcceptedBytes, l.RefusedBytes) > maxLimit:
		reason = "has a number that no engine learns"
	default:
		c.limits.restore(l)
		return nil
	}
	return &caperrors.ArgumentError{Field: "limits", Index: -1, Reason: reason}
}

// isRange reports whether a size was accepted that is below one that was
// refused, each 0 if there is none.
func isRange(accepted, refused int) bool {
	return accepted >= 0 && refused >= 0 && (refused == 0 || accepted < refused)
}

func (l *limits) export() Limits {
	l.mu.Lock()
	learned := Limits{Accepted: l.lo, Refused: l.hi, Patience: l.retryHi}
	l.mu.Unlock()
	w := &l.weights
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.met {
		learned.AcceptedBytes, learned.RefusedBytes = w.lo, w.hi
	}
	return learned
}

func (l *limits) restore(from Limits) {
	l.mu.Lock()
	if l.lo == 0 && l.hi == 0 {
		l.lo, l.hi = from.Accepted, from.Refused
		if from.Patience > 0 {
			l.retryHi = from.Patience
		}
	}
	l.mu.Unlock()
	w := &l.weights
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.met && w.lo == 0 && from.RefusedBytes > 0 {
		w.met, w.lo, w.hi, w.retryHi = true, from.AcceptedBytes, from.RefusedBytes, firstRetryHi
	}
}

// reportLimits tells the observer what fits in a call, if that has changed.
func (c *core) reportLimits(now time.Time) {
	if c.observe == nil {
		return
	}
	items, _ := c.limits.learned()
	bytes := c.limits.weights.learned()
	if items == c.toldItems && bytes == c.toldBytes {
		return
	}
	c.toldItems, c.toldBytes = items, bytes
	c.event(Event{Kind: LimitLearned, At: now, Items: items, Bytes: bytes})
}
