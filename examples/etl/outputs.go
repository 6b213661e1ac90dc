package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/examples/etl/report"
)

// outputs writes down the fate of each record and counts it. It is safe for concurrent use.
type outputs struct {
	mu                           sync.Mutex
	results, deadLetter, unknown *sink // nil: not asked for
	tally                        tally
	recorder                     *report.Recorder // nil: no report
	keeper                       *keeper          // nil: no journal
	err                          error            // the first failure to write
	failed                       func(error)
	closed                       bool
	line                         bytes.Buffer
	encoder                      *json.Encoder // writes to line
}

// resultLine is a line of -results. Empty members are left out, those apart that every line has.
type resultLine struct {
	Row          int                 `json:"row"`
	ID           string              `json:"id,omitempty"`
	Key          string              `json:"key,omitempty"`
	Outcome      caperrors.Outcome   `json:"outcome"`
	Code         caperrors.Code      `json:"code,omitempty"`
	Message      string              `json:"message,omitempty"`
	Attempts     int                 `json:"attempts"`
	RequestID    string              `json:"request_id,omitempty"`
	Transient    bool                `json:"transient,omitempty"`
	AfterUnknown bool                `json:"after_unknown,omitempty"`
	Warnings     []caperrors.Warning `json:"warnings,omitempty"`
}

// settled writes down what became of an item.
func (o *outputs) settled(r *batch.Result[record]) {
	if r.Item.err != nil {
		o.unread(&r.Item) // the engine had it for its place in the journal
		return
	}
	o.put(&r.Item, &resultLine{
		Row: r.Item.row, ID: r.ID, Key: r.Key, Outcome: r.Outcome, Code: r.Code, Message: messageOf(r), Attempts: r.Attempts,
		RequestID: r.RequestID, AfterUnknown: r.AfterUnknown, Warnings: r.Warnings,
		Transient: r.Outcome == caperrors.Refused && r.Kind == caperrors.ErrTransient,
	})
}

// unread writes down a record that could not be read.
func (o *outputs) unread(r *record) {
	o.put(r, &resultLine{Row: r.row, Outcome: caperrors.Refused, Message: shorten(r.err.Error())})
}

// unsent writes down a record that was read and that the engine did not take.
func (o *outputs) unsent(r *record, why error) {
	o.put(r, &resultLine{Row: r.row, ID: r.id, Key: r.key, Outcome: caperrors.NotSent, Message: shorten(why.Error())})
}

// messageOf returns what the server said, or else why there is nothing it said.
func messageOf(r *batch.Result[record]) string {
	var item *caperrors.ItemError
	if r.Message != "" || !errors.As(r.Err, &item) {
		return r.Message
	}
	switch {
	case item.Outcome == caperrors.Unknown && item.Err != nil:
		// It was sent, so that what ended the job tells less than how the call ended. Joined errors stand one a line.
		return shorten(strings.ReplaceAll(item.Err.Error(), "\n", "; "))
	case item.Stop != 0 && item.Err != nil:
		return shorten(item.Stop.Error() + ": " + item.Err.Error())
	case item.Stop != 0:
		return item.Stop.Error()
	case item.Err != nil:
		return shorten(item.Err.Error())
	default:
		return ""
	}
}

const maxMessage = 500

// shorten bounds a text of our own, which may quote a whole field.
func shorten(text string) string {
	runes := 0
	for i := range text {
		if runes++; runes > maxMessage {
			return text[:i] + "…"
		}
	}
	return text
}

func (o *outputs) put(r *record, line *resultLine) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return // the reader of an interrupted load, which no one waits for
	}
	o.tally.count(line)
	if o.recorder != nil {
		o.recorder.Record(time.Now(), reported(line))
	}
	if o.results != nil {
		o.line.Reset()
		err := o.encoder.Encode(line)
		o.check(err)
		if err == nil {
			o.check(o.results.write(o.line.Bytes()))
		}
	}
	var bodies *sink
	switch line.Outcome {
	case caperrors.Refused, caperrors.NotSent:
		bodies = o.deadLetter
	case caperrors.Unknown:
		bodies = o.unknown
	default:
	}
	if bodies != nil && r.body != nil {
		o.check(bodies.write(r.body, newline))
	}
	if o.keeper != nil {
		o.delivered(r)
	}
}

// check notes the first failure, and has the load stopped: what cannot be written down must not be sent.
func (o *outputs) check(err error) {
	if err != nil && o.err == nil {
		o.err = err
		if o.failed != nil {
			o.failed(err)
		}
	}
}

// fault returns the first failure to write so far.
func (o *outputs) fault() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// snapshot returns the counts so far. They share nothing with what is still counted but the reasons.
func (o *outputs) snapshot() tally {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tally
}

// close writes out what is buffered and closes the files. It returns the first error of all.
func (o *outputs) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.keeper != nil {
		o.mark()
		o.check(o.keeper.book.Close())
	}
	for _, s := range []*sink{o.results, o.deadLetter, o.unknown} {
		if s != nil {
			o.check(s.close())
		}
	}
	return o.err
}

// sink is one output file.
type sink struct {
	flag    string // for messages
	w       *bufio.Writer
	file    *os.File // nil: standard output, not ours to close
	flushed time.Time
	at      int64 // bytes written
}

// flushEvery is how old what is buffered may become while lines are written, for those who follow the file.
const flushEvery = time.Second

var newline = []byte{'\n'}

func (s *sink) write(parts ...[]byte) error {
	for _, part := range parts {
		n, err := s.w.Write(part)
		if s.at += int64(n); err != nil {
			return s.fault(err)
		}
	}
	if now := time.Now(); now.Sub(s.flushed) >= flushEvery {
		s.flushed = now
		return s.fault(s.w.Flush())
	}
	return nil
}

func (s *sink) close() error {
	err := s.w.Flush()
	if s.file != nil {
		// Some disks find out that they are full, or gone, no sooner than here.
		if info, statErr := s.file.Stat(); err == nil && statErr == nil && info.Mode().IsRegular() {
			err = s.file.Sync()
		}
		err = errors.Join(err, s.file.Close())
	}
	return s.fault(err)
}

func (s *sink) fault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("-%s: %w", s.flag, err)
}

// openOutputs creates the files that the options name, or goes on with them as far as the journal says that they are good; k may be
// nil. It checks all of them before it empties any: no two may be the same, and none may be the input or the template.
func openOutputs(o *options, stdin io.Reader, stdout io.Writer, k *keeper) (*outputs, error) {
	out := &outputs{}
	out.encoder = json.NewEncoder(&out.line)
	out.encoder.SetEscapeHTML(false)
	targets := []struct {
		flag, path string
		sink       **sink
	}{
		{"results", o.results, &out.results}, {"dead-letter", o.deadLetter, &out.deadLetter}, {"unknown", o.unknown, &out.unknown},
	}
	taken := takenFiles(o, stdin)
	if o.report != "" {
		if err := errors.Join(taken.add("-report", o.report), checkReport(o.report)); err != nil {
			return nil, &usageError{err}
		}
	}
	if o.journal != "" {
		for _, path := range []string{o.journal, o.journal + ".lock", o.journal + ".new"} {
			if err := taken.add("-journal", path); err != nil {
				return nil, &usageError{err}
			}
		}
	}
	for _, t := range targets {
		if t.path == "" {
			continue
		}
		if err := taken.add("-"+t.flag, t.path); err != nil {
			return nil, &usageError{err}
		}
	}
	for _, t := range targets {
		if t.path == "" {
			continue
		}
		s := &sink{flag: t.flag, flushed: time.Now()}
		w := stdout
		switch {
		case k != nil:
			if err := s.goOn(t.path, k); err != nil {
				_ = out.close()
				return nil, &usageError{s.fault(err)}
			}
			w = s.file
		case t.path != "-":
			// Items are about customers: nobody else's business.
			f, err := os.OpenFile(t.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				_ = out.close()
				return nil, &usageError{s.fault(err)}
			}
			s.file, w = f, f
		}
		s.w = bufio.NewWriterSize(w, 64<<10)
		*t.sink = s
	}
	return out, nil
}

// files are regular files, each with the name of what uses it.
type files struct {
	info   []fs.FileInfo
	users  []string
	stdout string // who writes to standard output
	paths  map[string]string
}

func takenFiles(o *options, stdin io.Reader) *files {
	t := &files{paths: make(map[string]string)}
	if f, ok := stdin.(*os.File); ok && o.file == "-" {
		if info, err := f.Stat(); err == nil {
			t.info, t.users = append(t.info, info), append(t.users, "the input")
		}
	}
	for _, in := range []struct{ user, path string }{{"the input", o.file}, {"-template", o.template}} {
		if info, err := os.Stat(in.path); err == nil && in.path != "-" {
			t.info, t.users = append(t.info, info), append(t.users, in.user)
		}
	}
	return t
}

// add fails if somebody else uses the file.
func (t *files) add(user, path string) error {
	if path == "-" {
		if t.stdout != "" {
			return fmt.Errorf("%s and %s are both standard output", t.stdout, user)
		}
		t.stdout = user
		return nil
	}
	if before, ok := t.paths[path]; ok {
		return fmt.Errorf("%s and %s are the same file", before, user)
	}
	t.paths[path] = user
	info, err := os.Stat(path) //nolint:gosec // the caller names its own file
	if err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // a file that is not there yet is nobody's
	}
	for i, other := range t.info {
		if os.SameFile(info, other) {
			return fmt.Errorf("%s and %s are the same file", t.users[i], user)
		}
	}
	t.info, t.users = append(t.info, info), append(t.users, user)
	return nil
}
