package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// Values of -progress.
const (
	progressAuto  = "auto"
	progressPlain = "plain"
	progressNone  = "none"
)

const (
	plainEvery = 10 * time.Second
	lineEvery  = 200 * time.Millisecond
)

// usualWidth is taken where a terminal does not tell its own.
const usualWidth = 80

// progress tells how far the load is, from time to time: in lines, or on a terminal in one line that is written over.
type progress struct {
	w       io.Writer
	width   func() int // columns of the terminal; nil: no terminal
	look    look
	rpm     int // calls a minute that are allowed; 0: any
	started time.Time
	in      *input
	out     *outputs
	engine  func() batch.Progress

	pace pace

	mu       sync.Mutex // guards writing, and what follows
	shown    bool       // the status line is on the terminal
	stopping bool       // the load was interrupted

	stop, stopped chan struct{}
}

// startProgress begins to tell; end must be called.
func startProgress(mode string, p *progress, getenv func(string) string) *progress {
	p.stop, p.stopped = make(chan struct{}), make(chan struct{})
	p.pace.add(sample{at: p.started})
	every := plainEvery
	if f, ok := p.w.(*os.File); ok && mode == progressAuto && getenv("TERM") != "dumb" && terminalWidth(f) > 0 {
		p.width, every = func() int { return terminalWidth(f) }, lineEvery
		p.look = lookFrom(getenv)
	}
	if mode == progressNone {
		close(p.stopped)
		return p
	}
	go p.loop(every)
	return p
}

func (p *progress) loop(every time.Duration) {
	defer close(p.stopped)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			p.clear()
			return
		case now := <-ticker.C:
			p.tell(now)
		}
	}
}

// end stops telling and takes the status line away.
func (p *progress) end() {
	close(p.stop)
	<-p.stopped
}

func (p *progress) tell(now time.Time) {
	s := p.state(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	s.stopping = p.stopping
	if p.width == nil {
		fmt.Fprint(p.w, "etl: "+s.plain()+"\n")
		return
	}
	// One column stays free: some terminals wrap as soon as the last one is written. The cursor goes back to the margin, where the ^C
	// that a terminal echoes does not wrap either, and is written over.
	fmt.Fprint(p.w, s.line(p.width()-1, p.look)+"\x1b[K\r")
	p.shown = true
}

// clear takes the status line away, so that what comes next begins at the margin.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// interrupted says what the first interrupt has done, and what a second one does.
func (p *progress) interrupted() {
	inFlight := p.engine().InFlight
	p.clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
	fmt.Fprintf(p.w, "etl: interrupted: nothing more is sent, waiting for %s in flight; once more stops at once\n", callsInFlight(inFlight))
}

func callsInFlight(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// state is how far a load is at a moment.
type state struct {
	counts   tally
	engine   batch.Progress
	done     int
	total    int  // records of the input; 0: not known
	exact    bool // total is no estimate
	rate     float64
	calls    float64 // a minute
	rpm      int     // allowed; 0: any
	left     time.Duration
	stopping bool
}

func (p *progress) state(now time.Time) *state {
	s := &state{counts: p.out.snapshot(), engine: p.engine(), rpm: p.rpm}
	s.done = s.counts.done()
	s.total, s.exact = p.in.total()
	s.rate, s.calls = p.pace.add(sample{now, s.done, s.engine.Calls})
	if s.rate > 0 {
		s.left = time.Duration(float64(max(0, s.total-s.done)) / s.rate * float64(time.Second)).Round(time.Second)
	}
	return s
}

// share is how much of the input is done, from 0 to 1.
func (s *state) share() float64 { return min(1, float64(s.done)/float64(max(1, s.total))) }

// perMinute names the calls a minute, and beside them those that are allowed.
func (s *state) perMinute() string {
	if s.rpm > 0 {
		return fmt.Sprintf("%.0f of %d/min", s.calls, s.rpm)
	}
	return fmt.Sprintf("%.0f/min", s.calls)
}

// plain is the state for logs: all of it, always in the same order.
func (s *state) plain() string {
	var b strings.Builder
	t, e := &s.counts, &s.engine
	if s.total > 0 {
		about := "~"
		if s.exact {
			about = ""
		}
		fmt.Fprintf(&b, "%d/%s%d %d%%", s.done, about, s.total, int(100*s.share()))
		if s.rate > 0 {
			fmt.Fprintf(&b, ", left %s", s.left)
		}
	} else {
		fmt.Fprintf(&b, "%d records", s.done)
	}
	fmt.Fprintf(&b, ", %.0f/s, calls %d (%s), wasted %d, limit %s, retries %d, applied %d, duplicate %d, refused %d, unknown %d, not-sent %d",
		s.rate, e.Calls, s.perMinute(), e.Wasted, limitText(e.Limit), t.retries, t.outcomes[caperrors.Applied],
		t.outcomes[caperrors.Duplicate], t.outcomes[caperrors.Refused], t.outcomes[caperrors.Unknown], t.outcomes[caperrors.NotSent])
	if e.Trouble != nil {
		b.WriteString(", waiting: " + e.Trouble.Error())
	}
	if s.stopping {
		fmt.Fprintf(&b, ", stopping: %s in flight", callsInFlight(e.InFlight))
	}
	return b.String()
}
