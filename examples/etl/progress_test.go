package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

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
	p := &progress{
		in: &input{known: 400}, out: out, started: started,
		engine: func() batch.Progress { return batch.Progress{Calls: 12, Wasted: 3, Limit: 50} },
	}
	p.pace.add(sample{at: started})
	return p
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	const rest = ", 10/s, calls 12 (72/min), wasted 3, limit 50, retries 100, applied 90, duplicate 4, refused 3, unknown 2, not-sent 1"
	tests := map[string]struct {
		change func(*progress)
		at     time.Duration
		want   string
	}{
		"the number of records is known": {nil, 10 * time.Second, "100/400 25%, left 30s" + rest},
		"a pace was asked for":           {func(p *progress) { p.rpm = 90 }, 10 * time.Second, "100/400 25%, left 30s" + strings.Replace(rest, "72/min", "72 of 90/min", 1)},
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
		"no time has passed": {nil, 0, "100/400 25%" + strings.Replace(strings.Replace(rest, "10/s", "0/s", 1), "72/min", "0/min", 1)},
		"the service is out of reach": {func(p *progress) {
			engine := p.engine()
			engine.Trouble = &caperrors.TransportError{NotSent: true, Err: errors.New("connection refused")}
			p.engine = func() batch.Progress { return engine }
		}, 10 * time.Second, "100/400 25%, left 30s" + rest + ", waiting: no answer (connect): connection refused"},
		"nothing is learned yet": {func(p *progress) {
			p.engine = func() batch.Progress { return batch.Progress{} }
		}, 10 * time.Second, "100/400 25%, left 30s" + strings.Replace(rest, "calls 12 (72/min), wasted 3, limit 50", "calls 0 (0/min), wasted 0, limit unknown", 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := halfWay(start)
			if tt.change != nil {
				tt.change(p)
			}
			assert.Equal(t, tt.want, p.state(start.Add(tt.at)).plain())
		})
	}
}

func TestStatusLineFitsTheTerminal(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s := halfWay(start).state(start.Add(10 * time.Second))
	for columns, want := range map[int]string{
		200: "######------------------   25%  100/400  10/s  30s left  90 applied  4 duplicate  3 refused  2 unknown  1 not-sent  12 calls, 72/min  limit 50  100 retries",
		120: "######------------------   25%  100/400  10/s  30s left  3 refused  2 unknown  1 not-sent  12 calls, 72/min  limit 50",
		81:  "25%  100/400  10/s  30s left  3 refused  2 unknown  1 not-sent  12 calls, 72/min",
		60:  "25%  100/400  30s left  3 refused  2 unknown  1 not-sent",
		20:  "25%  100/400",
		4:   "25%",
		2:   "2",
		0:   "",
	} {
		got := s.line(columns, look{})
		assert.Equal(t, want, strings.TrimSpace(got), "%d columns", columns)
		assert.LessOrEqual(t, utf8.RuneCountInString(got), columns)
	}
}

func TestStatusLineNeverWrapsAndNeverLosesWhatFailed(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	trouble := &caperrors.TransportError{NotSent: true, Err: errors.New(strings.Repeat("é", 500))}
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for columns := range 300 {
		for _, l := range []look{{}, {colour: true}, {unicode: true}, {colour: true, unicode: true}} {
			p := halfWay(start)
			engine := p.engine()
			engine.Trouble = trouble
			p.engine = func() batch.Progress { return engine }
			line := p.state(start.Add(time.Second)).line(columns, l)
			bare := escape.ReplaceAllString(line, "")
			require.LessOrEqual(t, utf8.RuneCountInString(bare), columns)
			require.NotContains(t, bare, "\x1b")
			if !l.colour {
				require.Equal(t, bare, line)
			}
			if columns >= 100 {
				require.Contains(t, bare, "3 refused")
				require.Contains(t, bare, "waiting: no answer")
			}
		}
	}
}

func TestBarDrawsHalves(t *testing.T) {
	t.Parallel()
	ascii, fine := look{}, look{unicode: true}
	assert.Equal(t, "----------", bar(0, 10, ascii))
	assert.Equal(t, "##--------", bar(0.25, 10, ascii))
	assert.Equal(t, "##########", bar(1, 10, ascii))
	assert.Equal(t, "━━╸───────", bar(0.25, 10, fine))
	assert.Equal(t, "━━━━━━━━━━", bar(1, 10, fine))
	assert.Equal(t, "╸─────────", bar(0.05, 10, fine))
}

func TestLookFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env  map[string]string
		want look
	}{
		"nothing is said":            {nil, look{colour: true}},
		"NO_COLOR":                   {map[string]string{"NO_COLOR": "1", "LANG": "en_GB.UTF-8"}, look{unicode: true}},
		"LC_ALL is before LANG":      {map[string]string{"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, look{colour: true}},
		"as other systems spell it":  {map[string]string{"LC_CTYPE": "de_DE.utf8"}, look{colour: true, unicode: true}},
		"an empty NO_COLOR is unset": {map[string]string{"NO_COLOR": ""}, look{colour: true}},
	} {
		assert.Equal(t, tt.want, lookFrom(func(key string) string { return tt.env[key] }), name)
	}
}

func TestPaceIsThatOfTheLastMinute(t *testing.T) {
	t.Parallel()
	var p pace
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	p.add(sample{at: start})
	// 10 records and 1 call a second for 100 s, then nothing, looked at five times a second.
	for i := 1; i <= 500; i++ {
		at := time.Duration(i) * 200 * time.Millisecond
		s := int(at / time.Second)
		perSecond, perMinute := p.add(sample{start.Add(at), 10 * s, s})
		if i%5 == 0 {
			assert.InDelta(t, 10, perSecond, 1e-9)
			assert.InDelta(t, 60, perMinute, 1e-9)
		}
	}
	for i := 501; i <= 650; i++ {
		p.add(sample{start.Add(time.Duration(i) * 200 * time.Millisecond), 1000, 100})
	}
	perSecond, perMinute := p.add(sample{start.Add(130*time.Second + time.Millisecond), 1000, 100})
	assert.InDelta(t, 5, perSecond, 0.1, "half of the last minute")
	assert.InDelta(t, 30, perMinute, 0.6)
	for i := 651; i <= 900; i++ {
		p.add(sample{start.Add(time.Duration(i) * 200 * time.Millisecond), 1000, 100})
	}
	perSecond, _ = p.add(sample{start.Add(180*time.Second + time.Millisecond), 1000, 100})
	assert.Zero(t, perSecond)
}

func TestNearlyAllIsNotAll(t *testing.T) {
	t.Parallel()
	p := halfWay(time.Now())
	p.out.tally.outcomes[caperrors.Applied] += 899
	p.in = &input{known: 1000}
	assert.Contains(t, p.state(time.Now()).plain(), "999/1000 99%")
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
					assert.True(t, strings.HasPrefix(w.String(), "etl: 100/400 25%, left 30s, 10/s, calls 12 "), "%s", w.String())
				}
			})
		})
	}
}

func TestStatusLineIsWrittenOverAndTakenAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		p := halfWay(time.Now())
		said := func() string {
			p.mu.Lock()
			defer p.mu.Unlock()
			return w.String()
		}
		p.w, p.width = &w, func() int { return 60 }
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.loop(lineEvery)
		<-time.After(lineEvery*2 + lineEvery/2)
		assert.NotContains(t, said(), "\n")
		p.interrupted()
		assert.True(t, strings.HasSuffix(said(), "\r\x1b[K"+
			"etl: interrupted: nothing more is sent, waiting for 0 calls in flight; once more stops at once\n"), "%q", said())
		<-time.After(lineEvery)
		p.end()
		assert.Equal(t, 3, strings.Count(said(), " 25%  100/400"), "%q", said())
		assert.Contains(t, said(), "stopping: 0 calls in flight")
		assert.Equal(t, 3, strings.Count(said(), "\x1b[K\r"), "the cursor waits at the margin")
		assert.True(t, strings.HasSuffix(said(), "\r\x1b[K"))
	})
}

func TestOnlyATerminalGetsAStatusLine(t *testing.T) {
	t.Parallel()
	for _, path := range []string{writeFile(t, "f", ""), os.DevNull} {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		defer f.Close()
		assert.Zero(t, terminalWidth(f), path)
		p := halfWay(time.Now())
		p.w = f
		startProgress(progressAuto, p, func(string) string { return "" })
		assert.Nil(t, p.width)
		p.end()
	}
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
