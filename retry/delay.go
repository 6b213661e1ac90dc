package retry

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Delay draws the wait before repetition n of a call, counted from 0: evenly
// from 0 to the least of MaxDelay and base·2ⁿ, where the class gives the base.
// It is 0 for [None]. Every n is allowed; a negative one counts as 0. Delay may
// be called from several goroutines at once.
func (p Policy) Delay(c Class, n int) time.Duration {
	ceiling := p.ceiling(c, n)
	if ceiling == 0 {
		return 0
	}
	// A schedule has state and is not for concurrent use, so each draw has its
	// own. Factor 1 around half of the ceiling is the range from 0 to the
	// ceiling; MaxInterval caps before the jitter and has to be the half, too.
	// MaxElapsedTime 0: the default of 15 minutes would make the schedule end.
	schedule := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(ceiling/2),
		backoff.WithMaxInterval(ceiling/2),
		backoff.WithRandomizationFactor(1),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(0),
	)
	return min(max(schedule.NextBackOff(), 0), ceiling)
}

// ceiling returns the least of MaxDelay and base·2ⁿ, never below 0.
func (p Policy) ceiling(c Class, n int) time.Duration {
	p = p.WithDefaults()
	var base time.Duration
	switch c {
	case Transport:
		base = p.TransportDelay
	case Conflict:
		base = p.ConflictDelay
	case Overload, Throttled:
		base = p.OverloadDelay
	default:
		return 0
	}
	if base <= 0 || p.MaxDelay <= 0 {
		return 0
	}
	n = max(n, 0)
	// Shifting the cap down instead of the base up cannot overflow.
	if n >= 63 || base > p.MaxDelay>>n {
		return p.MaxDelay
	}
	return base << n
}
