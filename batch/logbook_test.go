package batch_test

import (
	"context"
	"errors"
	"sync"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

var (
	_ batch.Journal = (*logbook)(nil)

	errKilled = errors.New("the process is dead")
	errFull   = errors.New("no space left")
)

// logbook is a journal in memory, with what a kill leaves of it.
type logbook struct {
	mu     sync.Mutex
	dead   bool
	done   map[int]bool // to whether it failed
	known  map[int]batch.Entry
	flying map[int]int // items in flight, to their attempts before
	told   []batch.Entry
	sent   [][]batch.Sent

	onSending func(ctx context.Context, items []batch.Sent) error
	onSettled func(entries []batch.Entry) error
}

func newLogbook() *logbook {
	return &logbook{done: make(map[int]bool), known: make(map[int]batch.Entry), flying: make(map[int]int)}
}

// Past implements batch.Journal.
func (l *logbook) Past(index int) batch.Past {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed, done := l.done[index]; done {
		return batch.Past{Done: true, Failed: failed}
	}
	if e, ok := l.known[index]; ok {
		return batch.Past{Entry: &e}
	}
	return batch.Past{}
}

// Sending implements batch.Journal.
func (l *logbook) Sending(ctx context.Context, items []batch.Sent) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errKilled
	}
	if l.onSending != nil {
		if err := l.onSending(ctx, items); err != nil {
			return err
		}
	}
	l.sent = append(l.sent, items)
	for _, it := range items {
		if _, twice := l.flying[it.Index]; twice {
			return errors.New("in flight already")
		}
		l.flying[it.Index] = l.known[it.Index].Attempts
	}
	return nil
}

// Settled implements batch.Journal.
func (l *logbook) Settled(_ context.Context, entries []batch.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errKilled
	}
	if l.onSettled != nil {
		if err := l.onSettled(entries); err != nil {
			return err
		}
	}
	for _, e := range entries {
		l.told = append(l.told, e)
		l.known[e.Index] = e
		delete(l.flying, e.Index)
	}
	return nil
}

// deliver notes that the caller has a result.
func (l *logbook) deliver(index int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.known[index]
	if l.dead || !ok || e.Open {
		return false
	}
	l.done[index] = e.Failed()
	delete(l.known, index)
	return true
}

// fail makes the logbook fail from the unsent-th call on before it, and from the
// untold-th on after it; never if that is negative.
func (l *logbook) fail(unsent, untold int) {
	l.onSending = func(context.Context, []batch.Sent) error {
		if unsent--; unsent == -1 {
			unsent = 0
			return errFull
		}
		return nil
	}
	l.onSettled = func([]batch.Entry) error {
		if untold--; untold == -1 {
			untold = 0
			return errFull
		}
		return nil
	}
}

// kill makes the logbook take nothing more.
func (l *logbook) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// revive returns what a new process finds.
func (l *logbook) revive() *logbook {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := newLogbook()
	next.done, next.known = l.done, l.known
	for index, attempts := range l.flying {
		e := l.known[index]
		e.Index, e.Open, e.Outcome, e.Attempts = index, true, caperrors.Unknown, attempts+1
		next.known[index] = e
	}
	return next
}
