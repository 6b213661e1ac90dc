package batch

import (
	"context"
	"fmt"
	"slices"
)

// Journal keeps what a [Run] does where it outlasts the process, so that a run
// after a kill sends nothing twice that was answered, and knows what was in
// flight. It is told before each call, and the call waits until that is durable.
// What was in flight at a kill is unknown, and gets what [Config.OnUnknown] says;
// the server may still be at work on it, so wait as long as a call may take
// before the next run. Package batch/journal keeps one in a file.
//
// Its methods are called without a lock of the engine held. An error or a panic
// stops the run that the journal belongs to; every item has its result all the
// same.
type Journal interface {
	// Past returns what earlier runs knew of the item at a position of the
	// input. It is called once for each position, in their order, before the
	// item there is encoded.
	Past(index int) Past

	// Sending is told which items the next call carries. It returns once that
	// is durable; an error means that nothing of them is sent. It is called by
	// as many goroutines as there are calls in flight, so that one write can
	// serve several. ctx ends when nobody wants the call any more.
	Sending(ctx context.Context, items []Sent) error

	// Settled is told what became of items, before the caller gets their
	// results and before any of them goes out again, one call at a time. It
	// need not be durable when it returns: what is lost counts as in flight.
	// The entries are the journal's to keep. ctx does not end with the run's.
	Settled(ctx context.Context, entries []Entry) error
}

// Sent is an item that a call is about to carry.
type Sent struct {
	Index int    // position in the input, from 0
	ID    string // its natural id; empty if it has none
}

// Past is what is known of an item before a run. The zero value: nothing.
type Past struct {
	// Done says that its result was delivered: it is passed over.
	Done bool

	// Failed says of a Done item that it ended unknown or was given up, so that
	// [HoldKey] goes on to hold its key.
	Failed bool

	// Entry is what the journal was last told of it; nil if it was told
	// nothing. If it is not open, its result is delivered again, without a
	// send. Else the item goes on from there: an open entry with the outcome
	// unknown, such as that of an item that was in flight when the process
	// ended, gets what [Config.OnUnknown] says.
	Entry *Entry
}

// RunOption is an option of [Engine.Run].
type RunOption func(*runOptions)

type runOptions struct {
	journal    Journal
	checkpoint *Checkpoint
	identity   map[string]string
}

// WithJournal makes a run resumable after a kill: it goes on from what the
// journal knows, and the journal is told all that happens. A journal serves one
// run at a time. Nil: none.
func WithJournal(j Journal) RunOption { return func(o *runOptions) { o.journal = j } }

// journalError is a call that was not made because a job's journal could not
// take it.
type journalError struct {
	job *job
	err error
}

// Error returns what the journal said.
func (e *journalError) Error() string { return e.err.Error() }

// Unwrap returns it.
func (e *journalError) Unwrap() error { return e.err }

// intent is what one job's journal is told before a call.
type intent struct {
	job   *job
	items []Sent
}

// intents returns what the journals have to know before a call. It is called
// with the lock held.
func intents(items []*item) []intent {
	var all []intent
	for _, it := range items {
		if it.job == nil || it.job.journal == nil {
			continue
		}
		at := slices.IndexFunc(all, func(in intent) bool { return in.job == it.job })
		if at < 0 {
			at = len(all)
			all = append(all, intent{job: it.job, items: make([]Sent, 0, len(items))})
		}
		all[at].items = append(all[at].items, Sent{Index: it.index, ID: it.id})
	}
	return all
}

// announce tells the journals which items a call carries. An error means that
// it must not be made.
func announce(ctx context.Context, all []intent) error {
	for _, in := range all {
		// What was said of the items before comes before.
		if err := in.job.tell(); err != nil { //nolint:contextcheck // what happened is told whatever ended
			return &journalError{in.job, err}
		}
		err := guarded(func() error { return in.job.journal.Sending(ctx, in.items) })
		if err != nil {
			return &journalError{in.job, fmt.Errorf("journal: %w", err)}
		}
	}
	return nil
}

// tell tells the journal what became of items, in the order in which it
// happened. It returns the first error that the journal ever gave.
func (j *job) tell() error {
	if j.journal == nil {
		return nil
	}
	// Whoever finds nothing to tell waits for who tells it.
	j.telling.Lock()
	defer j.telling.Unlock()
	c := j.core
	c.mu.Lock()
	entries, err := j.entries, j.journalErr
	j.entries = nil
	c.mu.Unlock()
	if err != nil || len(entries) == 0 {
		return err
	}
	ctx := context.WithoutCancel(j.ctx)
	if err = guarded(func() error { return j.journal.Settled(ctx, entries) }); err == nil {
		return nil
	}
	err = fmt.Errorf("journal: %w", err)
	j.broken(err)
	return err
}

// broken stops the job: its journal does not work.
func (j *job) broken(err error) {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	j.breakLocked(err)
}

// guarded turns a panic of the caller's code into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: stack()}
		}
	}()
	return f()
}
