package batch

import "sync"

// limits learns how many items one call may carry, from nothing but accepted
// and rejected sizes. It is shared by all engines of a client that send to the
// same endpoint.
//
// lo is the largest size known to be accepted, hi the smallest known to be
// rejected. From a cold start it gallops up from the start size, or halves down
// to a round number, until both are known; between them it tries round numbers
// first, because servers have round limits, then the middle. At most one call
// in flight is larger than lo, the probe, so that the waste does not grow with
// concurrency; and a probe is made only once it can pay for itself. While much
// depends on the probe, the other lanes wait for it: each would make a call that
// is far too small.
type limits struct {
	mu sync.Mutex

	lo, hi  int  // 0: not known
	probing bool // a call larger than lo is in flight
	clean   int  // full calls of size lo since the last probe
	retryHi int  // of them, before hi itself is tried again
	alone   int  // items rejected even alone, with nothing accepted between

	waiting map[chan struct{}]struct{} // engines that wait for the probe in flight

	loose  loose  // lo goes up and down: there is no such limit
	target target // what a call may carry after one got no answer in time

	weights weights // what a call may weigh, which has a lock of its own
}

const (
	// worthAWait is the part of lo that a probe must be able to add for other
	// calls to wait for its answer.
	worthAWait = 8
	// firstRetryHi is how many full calls are made before a size that was
	// rejected is tried again: the limit may have been raised.
	firstRetryHi = 64
	// retryHiGrowth is what that number grows by after each failure: a limit that
	// never changes costs log₂ of a 64th of the calls, one that was raised is found
	// before as many calls again as were made.
	retryHiGrowth = 2
	// namedRetryHi is the first such number for a limit that the server named.
	namedRetryHi = 1000
	// maxAlone is how many items rejected alone in a row put the learned sizes
	// back to what is not known. Beyond it the server rejects everything.
	maxAlone = 3
)

func newLimits() *limits { return &limits{retryHi: firstRetryHi} }

// size returns how many items the next call should carry, at most maxItems, and
// whether it is better to wait until the call in flight has told more. That
// call may be another engine's: wake is signalled when it has ended. start is
// the first guess.
func (l *limits) size(start, maxItems int, wake chan struct{}) (n int, wait bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.target.size; t > 0 && t <= l.lo {
		return min(t, maxItems), false
	}
	n, wait = l.next(min(start, maxItems), maxItems)
	if wait {
		if l.waiting == nil {
			l.waiting = make(map[chan struct{}]struct{})
		}
		l.waiting[wake] = struct{}{}
	}
	return l.target.within(min(n, maxItems)), wait
}

// probed ends the probe in flight.
func (l *limits) probed() {
	l.probing = false
	for wake := range l.waiting {
		signal(wake)
	}
	clear(l.waiting)
}

func (l *limits) next(start, maxItems int) (n int, wait bool) {
	switch {
	case l.loose.on:
		return l.lo, false
	case l.lo == 0 && l.probing:
		return 0, true
	case l.lo == 0 && (l.hi == 0 || start < l.hi):
		return start, false
	case l.lo == 0:
		return roundBelow(l.hi/2 + 1), false
	case l.lo >= maxItems:
		return maxItems, false
	case l.hi == 0 && l.probing:
		return 0, true
	case l.hi == 0:
		return min(maxItems, 2*l.lo), false
	case l.probing && l.hi-l.lo > l.lo/worthAWait:
		return 0, true
	case l.probing:
		return l.lo, false
	default:
		return l.probeSize(), false
	}
}

// probeSize returns the size of the next probe, or lo while none would pay.
func (l *limits) probeSize() int {
	if l.hi-l.lo <= 1 {
		if l.clean >= l.retryHi {
			return l.hi
		}
		return l.lo
	}
	p := roundBelow(l.hi)
	if p <= l.lo {
		p = l.lo + (l.hi-l.lo)/2
	}
	if l.clean*(p-l.lo) >= l.lo {
		return p
	}
	return l.lo
}

// began tells that a call of n items goes out, and returns whether it is a
// probe. Every call that began as a probe must end by accepted, rejected or
// ended.
func (l *limits) began(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loose.began()
	if n > l.lo && !l.probing {
		l.probing = true
		return true
	}
	if n == l.lo {
		// Counted as it goes out, not as it comes back: with many lanes, as many
		// calls of the old size would go out meanwhile.
		l.clean++
	}
	return false
}

// ended tells that a call came to an end that says nothing about sizes.
func (l *limits) ended(probe bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if probe {
		l.probed()
	}
}

// accepted tells that the server took a call of n items.
func (l *limits) accepted(n int, probe bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alone = 0
	if probe {
		l.probed()
	}
	l.target.accepted(n, l.hi)
	switch {
	case l.loose.on && n >= l.lo:
		l.lo = l.loose.accepted(l.lo)
	case n > l.lo:
		l.lo, l.clean = n, 0
		if n >= l.hi {
			l.hi, l.retryHi = 0, firstRetryHi
		}
	}
}

// timedOut tells that a call of n items, which was to have size, got no answer
// in time.
func (l *limits) timedOut(n, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target.timedOut(n, size)
}

// rejection is what a rejected size means for the items of its call.
type rejection uint8

const (
	repack  rejection = iota // send them again, in smaller calls
	isolate                  // one of them may be at fault, or the limit fell
	tooBig                   // the one item is too large even alone
)

// rejected tells that the server refused a call of n items as oversize. named
// is the limit that it told, or 0. It returns what to do with the items.
func (l *limits) rejected(n, named int, probe bool) rejection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if probe {
		l.probed()
	}
	switch {
	case named > 0 && named < n:
		if probe && n == l.hi && named == l.lo {
			l.retryHi *= retryHiGrowth // said before
		} else {
			l.retryHi = namedRetryHi
		}
		l.lo, l.hi, l.clean, l.loose = named, named+1, 0, loose{}
		return repack
	case n == 1:
		l.rejectedAlone()
		return tooBig
	case n > l.lo && l.loose.on:
		return repack // from before it was made smaller
	case n > l.lo:
		if l.hi == 0 || n < l.hi {
			l.hi = n
		} else if probe && n == l.hi {
			l.retryHi *= retryHiGrowth
		}
		l.clean = 0
		return repack
	default:
		return isolate
	}
}

// fell tells that the limit fell: calls of lo items are accepted, those of hi,
// which were accepted before, are not any more.
func (l *limits) fell(lo, hi int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if hi > l.lo {
		return
	}
	if size := l.loose.fell(hi); size > 0 {
		l.lo, l.hi, l.clean = size, 0, 0
		return
	}
	l.lo, l.hi, l.clean = lo, hi, 0
	l.retryHi = firstRetryHi
}

// contradicted tells that both halves of a call of n items were accepted, which
// was refused as too large, while others of its size were not.
func (l *limits) contradicted(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n > l.lo {
		return // it is smaller by now
	}
	if size := l.loose.fell(n); size > 0 {
		l.lo, l.hi, l.clean = size, 0, 0
	}
}

// rejectedAlone undoes what an item that is too large by itself made of the
// sizes: it says nothing about how many items fit.
func (l *limits) rejectedAlone() {
	l.alone++
	if l.lo == 0 && l.alone <= maxAlone {
		l.hi = 0
		return
	}
	if l.lo == 0 {
		l.hi = 2
	}
}

// learned returns the largest size known to be accepted, and what bounds a call
// after time-outs; 0 for what there is not.
func (l *limits) learned() (size, target int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lo, l.target.size
}

// isLoose reports whether the size goes up and down.
func (l *limits) isLoose() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loose.on
}

// roundBelow returns the largest of 1, 2, 5, 10, 20, 25, 50, 100, 200, 250, …
// that is less than n; 1 if none is.
func roundBelow(n int) int {
	best := 1
	for scale := 1; scale < n; scale *= 10 {
		for _, tenths := range [...]int{10, 20, 25, 50} {
			if size := tenths * scale; size%10 == 0 && size/10 < n {
				best = max(best, size/10)
			}
		}
	}
	return best
}
