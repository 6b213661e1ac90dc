package main

import "time"

// pace tells how fast things go lately. It is for one goroutine.
type pace struct {
	samples [paceSamples]sample // a ring
	first   int
	count   int
}

// sample is how far the load was at a time.
type sample struct {
	at          time.Time
	done, calls int
}

const (
	paceSamples = 61
	paceEvery   = time.Second
)

// add takes in how far the load is now. It returns records a second and calls a minute since the oldest sample, which is a minute old,
// or of the start.
func (p *pace) add(now sample) (perSecond, perMinute float64) {
	if p.count == 0 || now.at.Sub(p.at(p.count-1).at) >= paceEvery {
		if p.count == paceSamples {
			p.first = (p.first + 1) % paceSamples
			p.count--
		}
		p.samples[(p.first+p.count)%paceSamples] = now
		p.count++
	}
	oldest := p.at(0)
	seconds := now.at.Sub(oldest.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(now.done-oldest.done) / seconds, 60 * float64(now.calls-oldest.calls) / seconds
}

func (p *pace) at(i int) *sample { return &p.samples[(p.first+i)%paceSamples] }
