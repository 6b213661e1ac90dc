package batch

import (
	"math"
	"time"
)

// plan is what the loop does next: send, or wait until something changes, at
// the latest until wakeAt.
type plan struct {
	send   bool
	group  bool // send the first isolated group
	n      int  // else send up to n items
	bytes  int  // of up to so many bytes; 0 for any
	fit    int  // which is about so many items
	wakeAt time.Time
}

// plan decides whether a call goes out now. Calls are what is scarce, so a call
// goes out only if waiting would not save one. pace is the calls a second that
// are allowed, 0 for any. It is called with the lock held.
func (c *core) plan(now time.Time, pace float64) plan {
	c.packer.release(now)
	c.wanted = math.MaxInt
	var wait plan
	if due, ok := c.packer.nextDue(); ok {
		wait.wakeAt = due
	}
	if now.Before(c.gate.closedUntil) {
		return plan{wakeAt: c.gate.closedUntil}
	}
	lanes := min(c.gate.limit, c.maxConcurrency)
	c.undecided()
	if c.nextGroup() >= 0 && len(c.calls) < lanes && !c.isolating() {
		return plan{send: true, group: true}
	}
	n, learning := c.limits.size(c.startItems, c.maxItems, c.wake)
	bytes := c.limits.weights.heaviest()
	most := n
	n = c.fit(n, bytes)
	available := c.packer.available()
	if available == 0 {
		c.wanted = 1
	}
	if learning || c.doubt.pressed || available == 0 || len(c.calls) >= lanes {
		return wait
	}
	if until, ok := c.filling(now); ok {
		wait.wakeAt = earlier(wait.wakeAt, until)
		return wait
	}
	if len(c.calls) >= c.usefulLanes(n, pace) {
		// More items may make another lane useful.
		c.wanted = (available/n + 1) * n
		return wait
	}
	if due, ok := c.packer.criticalDue(ceilDiv(c.live, n), c.runOf(n)); ok {
		wait.wakeAt = earlier(wait.wakeAt, due)
		return wait
	}
	if available < n {
		if until, ok := c.worthWaiting(now); ok {
			c.wanted = n
			wait.wakeAt = earlier(wait.wakeAt, until)
			return wait
		}
	}
	return plan{send: true, n: most, bytes: bytes, fit: n}
}

// runOf is how many items of one key a call of n items may carry.
func (c *core) runOf(n int) int {
	if c.sameKey {
		return n
	}
	return 1
}

// isolating reports whether the next part of a split call must wait for one in
// flight: with several items of a key in a call, both may hold the key.
func (c *core) isolating() bool {
	if !c.sameKey {
		return false
	}
	for cl := range c.calls {
		if cl.group {
			return true
		}
	}
	return false
}

// usefulLanes is how many calls in flight the data and the pace can use. A key
// needs as many calls, one after another, as it has items; more calls at once
// than that leaves room for go out without the longest key and are calls added
// in the end.
func (c *core) usefulLanes(n int, pace float64) int {
	lanes := ceilDiv(c.live, n*max(1, ceilDiv(c.packer.longest, c.runOf(n))))
	if pace > 0 {
		lanes = min(lanes, 1+int(pace*c.gate.rtt.Seconds()))
	}
	return lanes
}

// worthWaiting reports whether items may still join a call that is not full,
// and until when that is waited for.
func (c *core) worthWaiting(now time.Time) (time.Time, bool) {
	freeing := len(c.calls) > 0 && c.packer.blocked > 0
	if !freeing && c.packer.delayed == 0 && !c.admitting() {
		return time.Time{}, false
	}
	if c.waitSince.IsZero() {
		c.waitSince = now
	}
	linger := c.linger
	if freeing {
		linger = max(linger, 2*c.gate.rtt)
	}
	until := c.waitSince.Add(linger)
	return until, now.Before(until)
}

// admitting reports whether any job may still bring an item now. A full window
// cuts the wait short: nothing can come until something goes.
func (c *core) admitting() bool {
	for j := range c.jobs {
		if j.admitting && j.flushing == 0 && !j.full() {
			return true
		}
	}
	return false
}

// patience is how many calls a ready key may be passed over.
func (c *core) patience(n int) uint64 {
	return uint64(2*ceilDiv(c.live, n) + 16) //nolint:gosec // a small positive number
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// earlier returns the earlier of two times, the zero time meaning never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// filling reports whether a job that looks before it sends still fills its
// window, and until when that is waited for: a slice, which is there, and a run
// that goes on from an earlier one, since what is left of a load is skewed.
// Calls that went out before the long backlogs are seen would be calls added.
func (c *core) filling(now time.Time) (until time.Time, ok bool) {
	for j := range c.jobs {
		if j.filling && (!j.admitting || j.flushing > 0 || j.full() || !j.fillBy.IsZero() && !now.Before(j.fillBy)) {
			j.filling = false
		}
		if j.filling && !j.fillBy.IsZero() {
			until, ok = earlier(until, j.fillBy), true
		}
	}
	return until, ok
}
