package clienttest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Answer is what a scripted call gets. The zero value lets the simulator answer by its rules, but without random mishaps.
//
// A scripted call counts in [Stats] and holds its customers like any other. Only those that do the work are checked for credentials and
// rate.
type Answer struct {
	// Status is the HTTP status, from 200 to 599. Zero means 200 where there is a Body, else the simulator's own answer.
	Status int
	// Header is added to the answer. Content-Type is guessed from Body where it is missing.
	Header http.Header
	// Body is sent as it is.
	Body string
	// Delay is waited before the answer, on top of [Options.Latency].
	Delay time.Duration
	// Cut ends the connection instead of answering. With a Body it ends after that, as if more had been to come.
	Cut bool
	// After does the work first, before Delay, and then gives this answer in place of the true one.
	After bool
}

// Script queues answers for the next calls, first come first served. Token calls take none. It may be called at any time.
func (s *Simulator) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Unused returns how many scripted answers no call has asked for yet. A test that scripts should end with a check that it is zero.
func (s *Simulator) Unused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.script)
}

// own tells whether the simulator's answer is to be given.
func (a *Answer) own() bool { return a.Status == 0 && a.Body == "" && !a.Cut }

func (a *Answer) reply() reply {
	rep := reply{status: a.Status, header: a.Header, body: []byte(a.Body), fault: faultScript, cut: a.Cut, broken: true}
	if rep.status == 0 {
		rep.status = http.StatusOK
	}
	switch {
	case json.Valid(rep.body):
		rep.contentType = typeJSON
	case strings.HasPrefix(strings.TrimSpace(a.Body), "<"):
		rep.contentType = typeHTML
	case a.Body != "":
		rep.contentType = typeText
	}
	return rep
}

// play answers a scripted call.
func (s *Simulator) play(ctx context.Context, c *call) reply {
	a := c.script
	var rep reply
	if a.After {
		rep = s.judge(c)
	}
	if !wait(ctx, a.Delay) {
		return abandoned()
	}
	if !a.own() {
		return a.reply()
	}
	if !a.After {
		rep = s.judge(c)
	}
	if rep.fault == "" {
		rep.fault = faultScript
	}
	return rep
}
