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
// items would not lower the load: fresh items take their place. What counts is
// what the server says of calls that it got since: those from before the first
// refusal still come back well, and those that were out when the gate closed
// are refused in their turn.
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
	refusedFrom time.Time // time of the first of them
	streak      int       // of them, beyond which it is an outage: half the calls in flight, the rest are out by then
	closings    int       // how often it closed since
	closedUntil time.Time
}

const (
	firstHold   = 8  // rounds at the ceiling before the first probe beyond it
	longestHold = 64 // and at the most
	leastStreak = 4  // busy answers in a row that are no outage yet, with few calls in flight
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

// accepted tells that the server took a call that went out at started. One from
// before the refusals says nothing about now.
func (g *gate) accepted(started time.Time) {
	if g.refusals > 0 && !started.Before(g.refusedFrom) {
		g.refusals = 0
	}
}

// outage is how long nothing was accepted, the refusals having begun.
func (g *gate) outage(now time.Time) time.Duration {
	if g.refusals == 0 {
		return 0
	}
	return now.Sub(g.refusedFrom)
}

// busy tells that the server was too busy for a call that went out at started.
// retryAfter is the wait that it asked for, already capped; 0 if none.
func (g *gate) busy(now, started time.Time, retryAfter time.Duration) {
	if g.refusals == 0 {
		g.refusedFrom, g.closings = now, 0
		g.streak = max(g.limit/2, min(g.max, leastStreak))
	}
	if !g.shrunk {
		g.shrunk = true
		g.shrink()
	}
	g.refusals++
	// What was out already when the gate closed is refused as well, and no reason
	// to keep it closed for longer.
	if g.refusals > g.streak && !started.Before(g.closedUntil) {
		g.limit, g.slow = 1, true
		wait := min(outageMax, outageBase<<min(g.closings, 16))
		g.closings++
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
