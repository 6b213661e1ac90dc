package clienttest

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Answer is what a scripted call gets. The zero value lets the simulator answer by its rules, but without random mishaps.
//
// A scripted call counts in [Stats] and holds its customers like any other. Only those that do the work are checked for credentials and
// rate.
type Answer struct {
	// For is the method and the path of the calls that the answer is for, such as "GET /v2/acme/stamps/*", where * is one part of a
	// path, as in [path.Match]. Without a method it is for any. Empty means any call. What is no pattern matches nothing.
	For string
	// Times is how many calls get the answer. Zero means one, a negative number every call that nothing earlier in the queue is for.
	Times int

	// Code refuses the call with this request-level code and a text to it, in the envelope of the version that the path begins with.
	// Body is then not used.
	Code int
	// Status is the HTTP status, from 200 to 599. Zero means 200 where there is a Body, what is usual for a Code, else the
	// simulator's own answer.
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

// Script queues answers. A call takes the first one in the queue that is for it. Token calls take none. It may be called at any time.
func (s *Simulator) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Unused returns how many scripted answers no call has asked for yet, those for every call left out. A test that scripts should end
// with a check that it is zero; see [Simulator.AssertAllAnswersUsed].
func (s *Simulator) Unused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	unused := 0
	for i := range s.script {
		unused += s.script[i].left()
	}
	return unused
}

// take returns the answer for a call, nil if there is none. s.mu is held.
func (s *Simulator) take(method, path string) *Answer {
	for i := range s.script {
		if !s.script[i].isFor(method, path) {
			continue
		}
		answer := s.script[i]
		switch {
		case answer.Times < 0:
		case answer.Times > 1:
			s.script[i].Times--
		case i == 0:
			s.script = s.script[1:] // whatever the length of the queue
		default:
			s.script = slices.Delete(s.script, i, i+1)
		}
		return &answer
	}
	return nil
}

func (a *Answer) isFor(method, at string) bool { return a.For == "" || matches(a.For, method, at) }

// matches tells whether a call is of the form "METHOD /path" or "/path".
func matches(pattern, method, at string) bool {
	if wanted, rest, ok := strings.Cut(pattern, " "); ok {
		if wanted != method {
			return false
		}
		pattern = rest
	}
	ok, err := path.Match(pattern, at)
	return ok && err == nil
}

// left is how many calls the answer still waits for.
func (a *Answer) left() int {
	if a.Times < 0 {
		return 0
	}
	return max(1, a.Times)
}

// own tells whether the simulator's answer is to be given.
func (a *Answer) own() bool { return a.Status == 0 && a.Body == "" && a.Code == 0 && !a.Cut }

func (a *Answer) reply(c *call) reply {
	if a.Code != 0 {
		rep := c.speak(refuse(c.v1, a.Code, requestText(a.Code)))
		rep.header, rep.fault, rep.cut, rep.broken = a.Header, faultScript, a.Cut, true
		if a.Status != 0 {
			rep.status = a.Status
		}
		return rep
	}
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
		return a.reply(c)
	}
	if !a.After {
		rep = s.judge(c)
	}
	if rep.fault == "" {
		rep.fault = faultScript
	}
	return rep
}
