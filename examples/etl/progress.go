package main

import (
	"fmt"
	"io"
	"os"
	"strings"
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
	barEvery   = 200 * time.Millisecond
)

// progress tells how far the load is, from time to time.
type progress struct {
	w       io.Writer
	bar     bool
	started time.Time
	in      *input
	out     *outputs
	engine  func() batch.Progress

	stop, stopped chan struct{}
}

// startProgress begins to tell; end must be called.
func startProgress(mode string, p *progress, getenv func(string) string) *progress {
	p.stop, p.stopped = make(chan struct{}), make(chan struct{})
	every := plainEvery
	if mode == progressAuto && isTerminal(p.w) && getenv("TERM") != "dumb" {
		p.bar, every = true, barEvery
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
			if p.bar {
				fmt.Fprint(p.w, "\r\x1b[K")
			}
			return
		case now := <-ticker.C:
			fmt.Fprint(p.w, p.line(now))
		}
	}
}

// end stops telling and takes the bar away.
func (p *progress) end() {
	close(p.stop)
	<-p.stopped
}

// line returns what to print.
func (p *progress) line(now time.Time) string {
	text := p.text(now)
	if p.bar {
		// The terminal cuts the line at its edge: a line that wraps could not be taken back.
		return "\r\x1b[?7l" + text + "\x1b[K\x1b[?7h"
	}
	return "etl: " + text + "\n"
}

const barWidth = 20

func (p *progress) text(now time.Time) string {
	t, e := p.out.snapshot(), p.engine()
	done := t.done()
	rate := 0.0
	if seconds := now.Sub(p.started).Seconds(); seconds > 0 {
		rate = float64(done) / seconds
	}
	var b strings.Builder
	total, exact := p.in.total()
	if total > 0 {
		share := min(1, float64(done)/float64(total))
		if p.bar {
			full := int(share * barWidth)
			b.WriteString("[" + strings.Repeat("#", full) + strings.Repeat("-", barWidth-full) + "] ")
		}
		about := "~"
		if exact {
			about = ""
		}
		fmt.Fprintf(&b, "%d/%s%d %d%%", done, about, total, int(100*share))
		if rate > 0 {
			left := time.Duration(float64(max(0, total-done)) / rate * float64(time.Second))
			fmt.Fprintf(&b, ", left %s", left.Round(time.Second))
		}
	} else {
		fmt.Fprintf(&b, "%d records", done)
	}
	fmt.Fprintf(&b, ", %.0f/s, calls %d, wasted %d, limit %s, retries %d, applied %d, duplicate %d, refused %d, unknown %d, not-sent %d",
		rate, e.Calls, e.Wasted, limitText(e.Limit), t.retries, t.outcomes[caperrors.Applied], t.outcomes[caperrors.Duplicate],
		t.outcomes[caperrors.Refused], t.outcomes[caperrors.Unknown], t.outcomes[caperrors.NotSent])
	if e.Trouble != nil {
		b.WriteString(", waiting: " + e.Trouble.Error())
	}
	return b.String()
}

// isTerminal tells whether w is a character device: a terminal, or the null device, where it does no harm to be wrong.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
