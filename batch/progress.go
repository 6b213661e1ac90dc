package batch

import (
	"time"

	caperrors "github.com/capillary-go/capillary/errors"
)

// Progress is a snapshot of one Do or Run. Calls are counted for the whole
// engine while the job ran: a call may carry items of several jobs.
type Progress struct {
	Started time.Time // of the job

	Accepted  int // items taken from the input
	Skipped   int // items passed over, because an earlier run finished them; not accepted
	Applied   int // final items with this outcome; so are the next four
	Duplicate int // the server had them already
	Refused   int // the server did not do them
	Unknown   int // sent, and no answer
	NotSent   int // no byte of them left

	Attempts int // calls that carried a final item, added up over the items
	Calls    int // calls made
	Wasted   int // of them, calls that settled no item

	InFlight int // calls in flight
	Lanes    int // calls that may be in flight as far as the server's answers allow
	Limit    int // items known to fit in a call; 0 while nothing is known

	// Loose tells that the server's limit is none of items: it refused calls of a
	// size that it took before and after, with no item at fault. Limit then goes
	// down and up with the answers. What it counts, such as lines of bills, may
	// be bounded in another way.
	Loose bool

	// Target is the most items that a call carries for now, because one with
	// twice as many got no answer in time; 0 if there is no such bound. It grows
	// back with the calls that are answered.
	Target int

	// LimitBytes is the number of bytes of items known to fit in a call; 0 if no
	// call was refused for its bytes, or none fits so far.
	LimitBytes int

	// HotKey is the number of items of the key that has most, if that is more
	// than half the window, else 0. Such a key limits the pace of the whole job:
	// its items go one after another. A larger window or
	// [Advanced.SameKeyInBatch] helps.
	HotKey int

	// Trouble is why the last call came to nothing, while no call has been
	// accepted since: the server is busy or out of reach. Nil otherwise.
	Trouble error
}

// Done is the number of items with a final outcome.
func (p *Progress) Done() int {
	return p.Applied + p.Duplicate + p.Refused + p.Unknown + p.NotSent
}

// Rate is the number of items a second that got a final outcome, from the start
// until now.
func (p *Progress) Rate(now time.Time) float64 {
	if seconds := now.Sub(p.Started).Seconds(); seconds > 0 {
		return float64(p.Done()) / seconds
	}
	return 0
}

// Left estimates how long the rest of total items takes at the rate so far; 0
// if nothing is known yet.
func (p *Progress) Left(now time.Time, total int) time.Duration {
	rate := p.Rate(now)
	if rate == 0 || total <= p.Done() {
		return 0
	}
	return time.Duration(float64(total-p.Done()) / rate * float64(time.Second))
}

func (p *Progress) count(outcome caperrors.Outcome, attempts int) {
	p.Attempts += attempts
	switch outcome {
	case caperrors.Applied:
		p.Applied++
	case caperrors.Duplicate:
		p.Duplicate++
	case caperrors.Refused:
		p.Refused++
	case caperrors.NotSent:
		p.NotSent++
	case caperrors.Unknown:
		p.Unknown++
	}
}

// snapshot returns the job's progress.
func (j *job) snapshot() Progress {
	c := j.core
	c.mu.Lock()
	defer c.mu.Unlock()
	p := j.progress
	p.InFlight = len(c.calls)
	p.Lanes = c.gate.limit
	var target int
	if p.Limit, target = c.limits.learned(); target < c.maxItems {
		p.Target = target
	}
	p.Loose = c.limits.isLoose()
	p.LimitBytes = c.limits.weights.learned()
	p.HotKey, _ = c.hotKey()
	if c.gate.refusals > 0 {
		p.Trouble = c.trouble
	}
	return p
}
