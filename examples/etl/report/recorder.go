package report

import (
	"errors"
	"sync"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// Bounds of what a recorder keeps, however long the load is.
const (
	maxFailures = 100
	maxCodes    = 100
	maxReasons  = 30
	maxSteps    = 100
)

// Record is what became of one record of the input.
type Record struct {
	Row       int    // from 1
	ID        string // natural id; shown as it is
	Outcome   caperrors.Outcome
	Code      caperrors.Code // 0: none
	Message   string         // shown masked
	Attempts  int
	RequestID string
}

// Recorder collects what the report tells. Make one with [NewRecorder]. It is safe for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	started  time.Time
	timeline *timeline

	records  int
	sent     int // records that a call carried
	attempts int
	outcomes [caperrors.NotSent + 1]int
	codes    map[codeKey]*codeCount
	others   int // records whose code found no room
	failures []Record

	calls  int
	failed map[reason]int
	waits  map[reason]*waitSum
	// lastWait is why the last wait began; it may go on behind the end.
	lastWait reason
	steps    []step
	learnt   int // steps beyond maxSteps
	// sizeRefused says that a call was refused as too large.
	sizeRefused bool
	heavy       int // calls refused for their bytes
	hotKey      int // most records of one customer that waited, where they were more than half of all
	fits        int // records known to fit in a call
}

// codeKey is one row of the table of codes.
type codeKey struct {
	outcome caperrors.Outcome
	code    caperrors.Code
}

type codeCount struct {
	records int
	example string
}

// reason is why a call came to nothing.
type reason struct {
	code caperrors.Code // 0: none
	text string         // in our words
}

type waitSum struct {
	times int
	total time.Duration
}

// step is a call that told something of how many items a call may carry.
type step struct {
	call     int // from 1
	items    int
	accepted bool
}

// NewRecorder returns a recorder for a load that starts at that time.
func NewRecorder(started time.Time) *Recorder {
	return &Recorder{
		started: started, timeline: newTimeline(started),
		codes: make(map[codeKey]*codeCount), failed: make(map[reason]int), waits: make(map[reason]*waitSum),
	}
}

// Observe notes an event of the engine. It is meant for [batch.Config].Observe.
func (r *Recorder) Observe(e batch.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := e.At.Sub(r.started)
	switch e.Kind {
	case batch.CallStarted:
		r.calls++
		r.timeline.flying(at, e.InFlight)
	case batch.CallEnded:
		r.timeline.flying(at, e.InFlight-1)
		b := r.timeline.at(at)
		if e.Err == nil {
			b.calls++
			return
		}
		b.failed++
		count(r.failed, reasonOf(e.Err), 1)
	case batch.LimitLearned:
		if e.Items > 0 && e.Items != r.fits { // else it is about bytes, or nothing is known any more
			r.step(step{r.calls, e.Items, true})
		}
		r.fits = e.Items
	case batch.LimitRejected:
		if e.Bytes > 0 {
			r.heavy++ // it tells nothing of how many items a call may carry
			return
		}
		r.sizeRefused = true
		r.step(step{r.calls, e.Items, false})
	case batch.Waiting:
		r.wait(at, e)
	case batch.HotKey:
		r.hotKey = max(r.hotKey, e.Items)
	default:
	}
}

func (r *Recorder) step(s step) {
	if len(r.steps) == maxSteps {
		r.learnt++
		return
	}
	r.steps = append(r.steps, s)
}

func (r *Recorder) wait(at time.Duration, e batch.Event) {
	counted := r.timeline.wait(at, at+e.Took)
	why := reasonOf(e.Err)
	sum := r.waits[why]
	if sum == nil {
		if len(r.waits) >= maxReasons {
			why = reason{text: "other reasons"}
		}
		if sum = r.waits[why]; sum == nil {
			sum = &waitSum{}
			r.waits[why] = sum
		}
	}
	sum.times++
	sum.total += counted
	if counted > 0 {
		r.lastWait = why
	}
}

// count adds to a map that has bounded room.
func count(m map[reason]int, why reason, n int) {
	if _, known := m[why]; !known && len(m) >= maxReasons {
		why = reason{text: "other reasons"}
	}
	m[why] += n
}

// reasonOf says in our words what a call met. Words of the service or of the system could differ each time.
func reasonOf(err error) reason {
	var refused *caperrors.RequestError
	var decode *caperrors.DecodeError
	var transport *caperrors.TransportError
	switch {
	case errors.As(err, &refused):
		meaning, _ := caperrors.Lookup(refused.Scope, refused.Code)
		return reason{refused.Code, meaning.Text}
	case errors.As(err, &decode):
		return reason{0, "an answer that is not the API's: " + decode.Reason}
	case errors.As(err, &transport):
		text := "no answer (" + transport.Phase.String() + ")"
		if transport.TimedOut {
			text = "no answer in time (" + transport.Phase.String() + ")"
		}
		return reason{0, text}
	case err == nil:
		return reason{0, "the budget for repeated calls was empty"}
	default:
		return reason{0, "no usable answer"}
	}
}

// Record notes what became of a record, at that time.
func (r *Recorder) Record(at time.Time, rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records++
	r.timeline.at(at.Sub(r.started)).records++
	r.outcomes[rec.Outcome]++
	r.attempts += rec.Attempts
	if rec.Attempts > 0 {
		r.sent++
	}
	key := codeKey{rec.Outcome, rec.Code}
	c := r.codes[key]
	switch {
	case c != nil:
		c.records++
	case len(r.codes) >= maxCodes:
		r.others++
	default:
		r.codes[key] = &codeCount{1, caperrors.Mask(rec.Message)}
	}
	if !rec.Outcome.Done() && len(r.failures) < maxFailures {
		rec.Message = caperrors.Mask(rec.Message)
		r.failures = append(r.failures, rec)
	}
}
