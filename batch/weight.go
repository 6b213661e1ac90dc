package batch

import "sync"

// weights learns how many bytes the items of one call may have, for servers that
// bound the body of a request: they answer 413 without an envelope, whatever the
// number of items. Until that comes there is no such limit.
//
// It is simpler than limits, because calls cannot be made to weigh an exact
// number: lo is the largest weight known to be accepted, hi the smallest known
// to be rejected; it halves down, then bisects until an eighth of lo is left at
// once, and a 64th once that has been paid for. At most one call in flight is
// heavier than lo.
type weights struct {
	mu sync.Mutex

	lo, hi  int  // 0: not known
	met     bool // a call was rejected for its weight once
	probing bool // a call heavier than lo is in flight
	clean   int  // calls of about lo accepted since the last rejection
	retryHi int  // of them, before hi itself is tried again
}

// retryHeavyGrowth is what retryHi grows by after each failure. A look costs more
// calls here than with items: what goes out weighs less than was planned, now
// more, now less, and each time it is another weight that was refused.
const retryHeavyGrowth = 8

// heaviest returns the most bytes that the next call should carry; 0 for any.
func (w *weights) heaviest() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.met:
		return 0
	case w.lo == 0:
		return max(1, w.hi/2)
	case w.probing:
		return w.lo
	case w.hi == 0:
		return 2 * w.lo // it has risen
	case w.hi-w.lo > w.lo/8, w.hi-w.lo > w.lo/64 && w.clean*(w.hi-w.lo)/2 >= w.lo:
		return w.lo + (w.hi-w.lo)/2
	case w.clean >= w.retryHi:
		// More than hi, since a call weighs less than it was planned with: one
		// below hi would say nothing new when it is accepted.
		return w.hi + w.hi/4
	default:
		return w.lo
	}
}

// began tells that a call of n bytes goes out, and returns whether it is a
// probe. Every call that began as a probe must end by accepted, rejected or
// ended.
func (w *weights) began(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.met && n > w.lo && !w.probing {
		w.probing = true
		return true
	}
	return false
}

// ended tells that a call came to an end that says nothing about weights.
func (w *weights) ended(probe bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probing = w.probing && !probe
}

// accepted tells that the server took a call of n bytes.
func (w *weights) accepted(n int, probe bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probing = w.probing && !probe
	if n > w.lo-w.lo/8 {
		w.clean++
	}
	if n <= w.lo {
		return
	}
	w.lo = n
	if w.hi > 0 && n >= w.hi { // it has risen
		w.hi, w.clean, w.retryHi = 0, 0, firstRetryHi
	}
}

// rejected tells that the server refused a call for its n bytes; alone says that
// it carried one item.
func (w *weights) rejected(n int, alone, probe bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probing = w.probing && !probe
	switch {
	case !w.met:
		w.met, w.retryHi = true, firstRetryHi
		// What went before was not limited: only what is lighter is known to fit.
		if w.hi = n; w.lo >= n {
			w.lo = 0
		}
	case n <= w.lo && alone:
		return // the item is refused, whatever for
	case n <= w.lo: // it fell
		w.lo, w.hi = 0, n
	default:
		if w.hi == 0 || n < w.hi {
			w.hi = n
		}
		if w.clean >= w.retryHi {
			w.retryHi *= retryHeavyGrowth
		}
	}
	w.clean = 0
}

// learned returns the heaviest call known to be accepted; 0 if there is no
// limit as far as is known.
func (w *weights) learned() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.met {
		return 0
	}
	return w.lo
}

// load is what a call may still carry.
type load struct {
	n     int // items
	bytes int // of all items; 0 for any
	used  int
}

// takes reports whether an item fits, and takes it if it does. The first always
// does: it is alone.
func (l *load) takes(it *item) bool {
	if l.n <= 0 || l.bytes > 0 && l.used > 0 && l.used+it.weight() > l.bytes {
		return false
	}
	l.n--
	l.used += it.weight()
	return true
}

// weight is the number of bytes that an item takes in the body of a call.
func (it *item) weight() int { return len(it.body) + 1 }

// fit is how many of the items held, by their mean weight, fit in a call of n
// items and up to bytes.
func (c *core) fit(n, bytes int) int {
	if bytes == 0 || c.weight == 0 {
		return n
	}
	return min(n, max(1, bytes*c.live/c.weight))
}

// probeEnded tells that a call came to an end that says nothing about sizes.
func (c *core) probeEnded(cl *call) {
	c.limits.ended(cl.probe)
	c.limits.weights.ended(cl.heavy)
}
