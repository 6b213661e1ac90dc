package client

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	// growth is what a second without a refusal adds to a rate that was cut.
	growth    = 1.05
	cleanTime = time.Second

	// slowest bounds the cuts: one call a minute. From there it takes 84 clean
	// seconds to one a second.
	slowest = 1.0 / 60
)

// adapted is what a pacer makes of answers with HTTP status 429. It is guarded
// by the pacer's lock.
type adapted struct {
	slow        float64 // calls a second after a cut; 0: no cut in force
	ceiling     float64 // at which the cut ends
	cutAt       time.Time
	grownAt     time.Time // from when on seconds count as clean
	closedUntil time.Time
	sent        recent
}

// refused follows an answer with status 429 to a call sent at that time: closed
// as long as the server asks, else half of the rate that was too much. A call
// sent before the last cut says nothing about the rate since.
func (p *pacer) refused(now, sent time.Time, retryAfter time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	switch {
	case retryAfter > 0:
		if until := now.Add(retryAfter); until.After(p.closedUntil) {
			p.closedUntil = until
		}
	case sent.After(p.cutAt):
		p.cut(now)
	}
	if p.slow > 0 {
		p.grownAt = now
		if p.closedUntil.After(now) {
			p.grownAt = p.closedUntil
		}
	}
	p.reconsider(now)
}

func (p *pacer) cut(now time.Time) {
	seen := max(p.sent.rate(now), 1)
	if current := p.rate(); current > 0 {
		seen = min(seen, current)
	} else {
		p.bucket = rate.NewLimiter(0, 1)
		p.bucket.AllowN(now, 1) // the call that was refused
	}
	p.ceiling = max(p.ceiling, seen)
	if p.limit > 0 {
		p.ceiling = p.limit
	}
	p.slow = max(seen/2, min(slowest, p.ceiling))
	p.cutAt, p.grownAt = now, now
	p.bucket.SetLimitAt(now, rate.Limit(p.slow))
}

// advance grows the rate for the clean seconds that have passed.
func (p *pacer) advance(now time.Time) {
	if p.slow == 0 {
		return
	}
	since := now.Sub(p.grownAt)
	if since < cleanTime {
		return
	}
	p.grownAt = p.grownAt.Add(since.Truncate(cleanTime))
	p.slow *= math.Pow(growth, float64(since/cleanTime))
	if p.slow >= p.ceiling {
		p.slow, p.ceiling = 0, 0
		p.bucket.SetLimitAt(now, rate.Limit(p.limit))
		return
	}
	p.bucket.SetLimitAt(now, rate.Limit(p.slow))
}

// rate returns the calls a second in force; 0: any.
func (p *pacer) rate() float64 {
	if p.slow > 0 {
		return p.slow
	}
	return p.limit
}

// open returns the time until calls may go at all.
func (p *pacer) open(now time.Time) time.Duration { return max(p.closedUntil.Sub(now), 0) }

// timeFor returns how long it takes until that many calls may have gone, if the
// server refuses nothing more.
func (p *pacer) timeFor(calls float64) time.Duration {
	switch {
	case calls <= 0 || p.rate() == 0:
		return 0
	case p.slow == 0:
		return seconds(calls / p.limit)
	}
	// Of a rate that grows by g a second, n seconds give r·(gⁿ-1)/(g-1).
	grown := (p.ceiling - p.slow) / (growth - 1)
	if calls <= grown {
		return seconds(math.Log1p(calls*(growth-1)/p.slow) / math.Log(growth))
	}
	until := math.Log(p.ceiling/p.slow) / math.Log(growth)
	if p.limit > 0 {
		until += (calls - grown) / p.limit
	}
	return seconds(until)
}

// seconds saturates instead of turning negative.
func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64 / 2
	}
	return time.Duration(s * float64(time.Second))
}

// recent counts the calls of the last second, by tenths.
type recent struct {
	counts [10]uint32
	last   int64 // the tenth counted in last
}

const tenth = int64(100 * time.Millisecond)

func (r *recent) add(now time.Time) {
	r.forget(now)
	r.counts[r.last%10]++
}

// rate returns the calls of the last second.
func (r *recent) rate(now time.Time) float64 {
	r.forget(now)
	var n uint32
	for _, count := range r.counts {
		n += count
	}
	return float64(n)
}

// forget clears the tenths that have passed since the last count. A clock that
// was set back is taken to stand still.
func (r *recent) forget(now time.Time) {
	at := now.UnixNano() / tenth
	for i := max(r.last+1, at-9); i <= at; i++ {
		r.counts[i%10] = 0
	}
	r.last = max(r.last, at)
}
