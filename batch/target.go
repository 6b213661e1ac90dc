package batch

import (
	"errors"

	caperrors "github.com/capillary-go/capillary/errors"
)

// target bounds the size of calls after one got no answer in time. What is
// known of the server's limit stays as it is: a time-out does not say that the
// server refuses so many items, only that more of them are at stake in each
// call whose outcome is not known.
//
// A time-out halves it. After several in a row, with no full call accepted
// between, it doubles back to the half of the size that met the first of them:
// what stood still for a while does not make a whole load go in small calls.
// From there it grows by an eighth for every 32 full calls accepted.
type target struct {
	size   int  // 0: none
	goal   int  // up to which it doubles
	grown  int  // full calls accepted since it last changed
	streak bool // nothing was accepted at this size since the last time-out
}

const (
	targetStep  = 32 // full calls accepted for one step up
	targetShare = 8  // the part of the size that a step adds
)

// timedOut tells that a call of n items got no answer in time, one that was to
// have size items. One far from full says nothing about sizes, and neither does
// one that went out before the size was last halved.
func (t *target) timedOut(n, size int) {
	if 2*n < size || t.size > 0 && size > t.size {
		return
	}
	t.size = max(1, size/2)
	if !t.streak {
		t.goal = t.size
	}
	t.streak, t.grown = true, 0
}

// accepted tells that the server answered a call of n items; hi is the smallest
// size known to be rejected, 0 if none is.
func (t *target) accepted(n, hi int) {
	if t.size == 0 || n < t.size {
		return
	}
	t.streak = false
	if t.grown++; t.size < t.goal {
		t.size, t.grown = min(2*t.size, t.goal), 0
	} else if t.grown >= targetStep {
		t.size, t.grown = t.size+max(1, t.size/targetShare), 0
	}
	if hi > 0 && t.size >= hi {
		*t = target{} // the server's own limit comes first
	}
}

// within returns n, or the target if that is less.
func (t *target) within(n int) int {
	if t.size > 0 {
		return min(n, t.size)
	}
	return n
}

// tooLate reports whether a call came to nothing because no answer came in
// time: ours for the attempt, or that of a gateway before the server. The end
// of a job is no such time.
func (cl *call) tooLate(err error) bool {
	if cl.canceled {
		return false
	}
	var failed *caperrors.TransportError
	if errors.As(err, &failed) {
		return failed.Timeout()
	}
	var page *caperrors.DecodeError
	return errors.As(err, &page) && (page.HTTPStatus == gatewayTimeout || page.HTTPStatus == originTimeout)
}

// Statuses of a gateway whose server did not answer in time.
const (
	gatewayTimeout = 504
	originTimeout  = 524 // Cloudflare's
)
