package batch

import (
	"math/rand/v2"
	"time"
)

// gate decides how many calls may be in flight. It is driven by loss: it grows
// while the server takes what it is given, and shrinks when the server says
// that it is too busy (461, 429, 503). A busy customer (521) says nothing about
// load and does not touch it.
//
// It changes at most once a round, a round being one smoothed round trip, and
// remembers the ceiling at which it last met resistance: above it, it probes
// ever more rarely. When nothing is accepted any more it closes for everybody,
// for a time that doubles, and lets one call through after it. Delays of single
// items would not lower the load: fresh items take their place.
type gate struct {
	max     int
	limit   int
	slow    bool // slow start: doubles each round
	ceiling int  // 0: never met
	hold    int  // clean rounds at the ceiling before the next probe beyond it
	held    int
	growth  int // step above the ceiling

	rtt     time.Duration // smoothed round trip; 0 before the first answer
	round   time.Time     // end of the round
	shrunk  bool          // shrank in this round
	reached bool          // the limit was reached in this round

	refusals    int       // busy answers in a row, nothing accepted between
	allowed     int       // of them, before it is an outage: what may have been in flight at the first
	refusedFrom time.Time // time of the first of them
	closedUntil time.Time
}

const (
	firstHold   = 8  // rounds at the ceiling before the first probe beyond it
	longestHold = 64 // and at the most
	outageBase  = 100 * time.Millisecond
	outageMax   = 30 * time.Second
)

func newGate(maxCalls int) *gate { return &gate{max: maxCalls, limit: 1, slow: true, growth: 1} }

// begin tells that a call goes out beside inFlight others.
func (g *gate) begin(inFlight int) {
	if inFlight+1 >= g.limit {
		g.reached = true
	}
}

// observe feeds one round trip into the mean.
func (g *gate) observe(now time.Time, took time.Duration) {
	if g.rtt == 0 {
		g.rtt = took
	} else {
		g.rtt += (took - g.rtt) / 8
	}
	if now.Before(g.round) {
		return
	}
	if !g.round.IsZero() && g.reached && !g.shrunk {
		g.grow()
	}
	g.round, g.shrunk, g.reached = now.Add(g.rtt), false, false
}

// grow is what a clean round that reached the limit earns.
func (g *gate) grow() {
	switch {
	case g.slow && (g.ceiling == 0 || 2*g.limit <= g.ceiling):
		g.limit *= 2
	case g.ceiling == 0 || g.limit < g.ceiling:
		g.slow = false
		g.limit++
	case g.limit == g.ceiling:
		g.slow = false
		if g.held++; g.held > g.hold {
			g.held = 0
			g.limit++
			g.growth = 1
		}
	default: // above the ceiling: it seems to have risen
		g.limit += g.growth
		if g.limit > g.ceiling+g.ceiling/8 {
			g.growth = min(2*g.growth, g.max) // it would overflow in a long load
		}
	}
	if g.limit >= g.max {
		g.limit = g.max
		g.slow = false
	}
}

// accepted tells that the server took a call.
func (g *gate) accepted() { g.refusals = 0 }

// outage is how long nothing was accepted, the refusals having begun.
func (g *gate) outage(now time.Time) time.Duration {
	if g.refusals == 0 {
		return 0
	}
	return now.Sub(g.refusedFrom)
}

// busy tells that the server was too busy for a call. retryAfter is the wait
// that it asked for, already capped; 0 if none.
func (g *gate) busy(now time.Time, retryAfter time.Duration) {
	if g.refusals == 0 {
		g.refusedFrom, g.allowed = now, g.limit
	}
	if !g.shrunk {
		g.shrunk = true
		g.shrink()
	}
	g.refusals++
	if over := g.refusals - g.allowed - 1; over >= 0 {
		g.limit, g.slow = 1, true
		wait := outageMax
		if over < 16 {
			wait = min(outageMax, outageBase<<over)
		}
		g.closeUntil(now.Add(wait/2 + rand.N(wait/2+1))) //nolint:gosec // jitter needs no secrecy
	}
	if retryAfter > 0 {
		g.closeUntil(now.Add(retryAfter))
	}
}

func (g *gate) shrink() {
	switch {
	case g.slow:
		g.limit = max(1, g.limit/2)
		g.slow = false
	case g.ceiling > 0 && g.limit == g.ceiling+1:
		g.limit = g.ceiling
		g.hold = min(2*g.hold, longestHold)
	default:
		g.ceiling = max(1, g.limit-1)
		g.limit = max(1, g.limit*3/4)
		g.hold = firstHold
	}
	g.held = 0
}

// closeUntil lets no call out before t.
func (g *gate) closeUntil(t time.Time) {
	if t.After(g.closedUntil) {
		g.closedUntil = t
	}
}
