package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// halfWay is a load of 400 records, 100 of them done after 10 s.
func halfWay(started time.Time) *progress {
	out := &outputs{}
	for outcome, n := range map[caperrors.Outcome]int{
		caperrors.Applied: 90, caperrors.Duplicate: 4, caperrors.Refused: 3, caperrors.Unknown: 2, caperrors.NotSent: 1,
	} {
		for range n {
			out.tally.count(&resultLine{Outcome: outcome, Attempts: 2})
		}
	}
	return &progress{
		in: &input{known: 400}, out: out, started: started,
		engine: func() batch.Progress { return batch.Progress{Calls: 12, Wasted: 3, Limit: 50} },
	}
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	const rest = ", 10/s, calls 12, wasted 3, limit 50, retries 100, applied 90, duplicate 4, refused 3, unknown 2, not-sent 1"
	tests := map[string]struct {
		change func(*progress)
		at     time.Duration
		want   string
	}{
		"the number of records is known": {nil, 10 * time.Second, "100/400 25%, left 30s" + rest},
		"as a bar":                       {func(p *progress) { p.bar = true }, 10 * time.Second, "[#####---------------] 100/400 25%, left 30s" + rest},
		"the number is estimated": {func(p *progress) {
			p.in = &input{size: 1000}
			p.in.read.Store(200)
			p.in.bytes.Store(400)
		}, 10 * time.Second, "100/~500 20%, left 40s" + rest},
		"the number is not known": {func(p *progress) { p.in = &input{} }, 10 * time.Second, "100 records" + rest},
		"the end of the input was seen": {func(p *progress) {
			p.in = &input{}
			p.in.read.Store(125)
			p.in.ended.Store(true)
		}, 10 * time.Second, "100/125 80%, left 3s" + rest}, // 2.5 s
		"no time has passed": {nil, 0, "100/400 25%" + strings.Replace(rest, "10/s", "0/s", 1)},
		"the service is out of reach": {func(p *progress) {
			engine := p.engine()
			engine.Trouble = &caperrors.TransportError{NotSent: true, Err: errors.New("connection refused")}
			p.engine = func() batch.Progress { return engine }
		}, 10 * time.Second, "100/400 25%, left 30s" + rest + ", waiting: no answer (connect): connection refused"},
		"nothing is learned yet": {func(p *progress) {
			p.engine = func() batch.Progress { return batch.Progress{} }
		}, 10 * time.Second, "100/400 25%, left 30s" + strings.Replace(rest, "calls 12, wasted 3, limit 50", "calls 0, wasted 0, limit unknown", 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := halfWay(start)
			if tt.change != nil {
				tt.change(p)
			}
			assert.Equal(t, tt.want, p.text(start.Add(tt.at)))
		})
	}
}

func TestNearlyAllIsNotAll(t *testing.T) {
	t.Parallel()
	p := halfWay(time.Now())
	p.out.tally.outcomes[caperrors.Applied] += 899
	p.in = &input{known: 1000}
	assert.Contains(t, p.text(time.Now()), "999/1000 99%")
}

func TestProgressIsToldAsOftenAsItsModeSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode  string
		lines int
	}{
		"plain: every 10 s":             {progressPlain, 3},
		"auto, not a terminal: as well": {progressAuto, 3},
		"none":                          {progressNone, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var w bytes.Buffer
				p := halfWay(time.Now())
				p.w = &w
				startProgress(tt.mode, p, os.Getenv)
				<-time.After(35 * time.Second)
				p.end()
				assert.Equal(t, tt.lines, strings.Count(w.String(), "\n"))
				assert.NotContains(t, w.String(), "\r")
				assert.NotContains(t, w.String(), "\x1b")
				if tt.lines > 0 {
					assert.True(t, strings.HasPrefix(w.String(), "etl: 100/400 25%, left 30s, 10/s, calls 12, "), "%s", w.String())
				}
			})
		})
	}
}

func TestBarStaysOnItsLineAndGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		p := halfWay(time.Now())
		p.w, p.bar = &w, true
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.loop(barEvery)
		<-time.After(barEvery*2 + barEvery/2)
		p.end()
		assert.Equal(t, 2, strings.Count(w.String(), "\r\x1b[?7l[#####---------------] 100/400"), "the line is not wrapped")
		assert.Equal(t, 2, strings.Count(w.String(), "\x1b[?7h"), "and wrapping is on again")
		assert.NotContains(t, w.String(), "\n")
		assert.True(t, strings.HasSuffix(w.String(), "\r\x1b[K"))
	})
}

func TestTerminalIsACharacterDevice(t *testing.T) {
	t.Parallel()
	assert.False(t, isTerminal(io.Discard))
	f, err := os.Create(writeFile(t, "f", ""))
	require.NoError(t, err)
	defer f.Close()
	assert.False(t, isTerminal(f))
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	assert.True(t, isTerminal(null), "a character device; nobody sees what is written there")

	p := halfWay(time.Now())
	p.w = null
	startProgress(progressAuto, p, func(string) string { return "" })
	assert.True(t, p.bar)
	p.end()
	p = halfWay(time.Now())
	p.w = null
	startProgress(progressAuto, p, func(string) string { return "dumb" })
	assert.False(t, p.bar, "TERM=dumb")
	p.end()
}

func TestSummary(t *testing.T) {
	t.Parallel()
	p := halfWay(time.Now())
	counts := p.out.snapshot()
	assert.Equal(t, "etl: 100 records: applied 90, duplicate 4, refused 3, unknown 2, not-sent 1; "+
		"calls 12, wasted 3, attempts 200, retries 100, limit 50, elapsed 1m1.23s",
		summary(&counts, &batch.Progress{Calls: 12, Wasted: 3, Limit: 50}, 61234*time.Millisecond))
}

func TestReasonsAreFewMaskedAndInOrder(t *testing.T) {
	t.Parallel()
	var counts tally
	add := func(n int, outcome caperrors.Outcome, code caperrors.Code, message string) {
		for range n {
			counts.count(&resultLine{Outcome: outcome, Code: code, Message: message})
		}
	}
	add(7, caperrors.Applied, 600, "good")
	add(2, caperrors.Refused, 8015, "no customer 447700900001, ask a@example.com\nnow")
	add(3, caperrors.Unknown, 0, "cut")
	add(1, caperrors.NotSent, 0, "")
	var w bytes.Buffer
	counts.printReasons(&w)
	assert.Equal(t, "etl: 3 unknown, such as: cut\netl: 2 refused, code 8015, such as: no customer ***, ask *** now\netl: 1 not-sent\n", w.String())

	for code := range caperrors.Code(500) {
		add(1, caperrors.Refused, 10_000+code, "x")
	}
	assert.LessOrEqual(t, len(counts.reasons), maxReasons)
	w.Reset()
	counts.printReasons(&w)
	assert.Equal(t, maxReasonLines+1, strings.Count(w.String(), "\n"))
	assert.Contains(t, w.String(), "more reasons\n")
}
