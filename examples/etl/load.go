package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// load takes the records from the input through the engine to the outputs.
type load struct {
	*command
	opts   *options
	target *target
	in     *input
	out    *outputs

	earlier [caperrors.NotSent + 1]int // records by outcome that had theirs before this run

	fed chan struct{} // closed when the engine takes no more records
}

// run loads, tells how it went, and returns the exit status.
func (l *load) run(ctx context.Context) int {
	started := time.Now()
	interrupt := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.out.failed = cancel
	l.fed = make(chan struct{})
	var resumable []batch.RunOption
	if l.out.keeper != nil {
		resumable = append(resumable, batch.WithJournal(l.out.keeper.book))
	}
	job := l.target.engine.Run(ctx, l.records(ctx), resumable...)
	shown := startProgress(l.opts.progress, &progress{
		w: l.stderr, rpm: l.opts.rpm, started: started, in: l.in, out: l.out, engine: job.Progress,
	}, l.getenv)
	watched := l.watch(job, shown)
	for r := range job.Results() {
		if l.out.keeper != nil && r.Unfinished {
			continue // the next run takes it up, and writes its line
		}
		l.out.settled(&r)
	}
	err := job.Err()
	l.drain(ctx, err)
	watched()
	shown.end()
	if err == nil && !l.in.ended.Load() {
		err = context.Cause(ctx)
	}
	if (interrupt.Err() != nil && err != nil) || (err == nil && !l.in.ended.Load()) {
		err = errInterrupted
	}
	if closeErr := l.out.close(); closeErr != nil {
		err = closeErr
	}
	engine := job.Progress()
	status := statusOf(err, l.out.snapshot())
	if reportErr := l.report(err, status, &engine); reportErr != nil {
		err = errors.Join(err, reportErr)
		status = statusFailed
	}
	l.tell(err, &engine, time.Since(started))
	return status
}

// statusOf returns the exit status of a load.
func statusOf(err error, counts tally) int {
	switch {
	case err != nil:
		return statusFailed
	case !counts.allDone():
		return statusSome
	default:
		return statusDone
	}
}

var errInterrupted = errors.New("interrupted")

// watch stops the job when the load shall end early. The function it returns ends the watch.
func (l *load) watch(job *batch.Run[record], shown *progress) (end func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-l.draining:
			shown.interrupted()
			job.Stop(errInterrupted)
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// records gives the engine what can be sent, and writes down the rest.
func (l *load) records(ctx context.Context) func(yield func(record, error) bool) {
	return func(yield func(record, error) bool) {
		defer close(l.fed)
		next, end := l.reader(ctx)
		defer end()
		for ctx.Err() == nil && !l.interrupted() {
			rec, err := next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(record{}, readError(err))
				return
			case rec.err != nil && l.out.keeper == nil:
				l.out.unread(&rec)
			case !yield(rec, nil):
				if l.out.keeper != nil {
					return // the next run sends it
				}
				// The engine asked for a record and then had no use for it.
				l.out.unsent(&rec, errNotTaken)
				return
			}
		}
	}
}

// reader returns how to read the records one after another, and what is to be done in the end.
func (l *load) reader(ctx context.Context) (next func() (record, error), end func()) {
	a := l.resuming()
	if a == nil {
		return l.next, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	return func() (record, error) { return a.next(ctx) }, func() {
		cancel()
		a.end()
	}
}

var errNotTaken = errors.New("the load ended before it was sent")

func (l *load) next() (record, error) {
	rec, err := l.in.next()
	if err == nil && rec.err == nil {
		// Its body stays: what has no form in XML may have one in JSON.
		rec.key, rec.id, rec.err = l.target.fields.Inspect(rec.body)
	}
	return rec, err
}

// drain reads the rest of the input after the job has stopped, so that every record has its line. An interrupted load leaves it: the
// end is wanted now.
func (l *load) drain(ctx context.Context, stopped error) {
	if stopped == nil || errors.Is(stopped, errInterrupted) || l.out.keeper != nil {
		return
	}
	select {
	case <-l.fed:
	case <-l.draining:
		return
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil && !l.interrupted() {
		rec, err := l.next()
		switch {
		case err != nil:
			return
		case rec.err != nil:
			l.out.unread(&rec)
		default:
			l.out.unsent(&rec, stopped)
		}
	}
}

// interrupted tells whether the load shall end early.
func (l *load) interrupted() bool {
	select {
	case <-l.draining:
		return true
	default:
		return false
	}
}

// tell prints how the load went, the summary last.
func (l *load) tell(err error, engine *batch.Progress, elapsed time.Duration) {
	counts := l.out.snapshot()
	counts.printReasons(l.stderr)
	if l.opts.key != "" && !counts.keyed && counts.done() > 0 {
		fmt.Fprintf(l.stderr, "etl: no item had anything at -key %s: nothing kept a customer's items in order\n", l.opts.key)
	}
	if err != nil {
		fmt.Fprintln(l.stderr, "etl: stopped:", err)
	}
	if err != nil && l.out.keeper != nil {
		fmt.Fprintln(l.stderr, howToGoOn)
	} else if err != nil && !l.in.ended.Load() {
		fmt.Fprintf(l.stderr, "etl: what comes after record %d was not read, and stands in no file\n", l.in.rows())
	}
	if errors.Is(err, errInterrupted) && l.out.keeper == nil {
		l.tellHowToGoOn()
	}
	fmt.Fprintln(l.stderr, summary(&counts, engine, elapsed))
}

// tellHowToGoOn says what an interrupted load leaves to be done.
func (l *load) tellHowToGoOn() {
	var steps []string
	counts := l.out.snapshot()
	if counts.outcomes[caperrors.NotSent] > 0 && l.opts.deadLetter != "" {
		steps = append(steps, "load "+l.opts.deadLetter)
	}
	if counts.outcomes[caperrors.Unknown] > 0 {
		steps = append(steps, "ask the API for what is unknown")
	}
	if !l.in.ended.Load() {
		steps = append(steps, fmt.Sprintf("load the input from record %d on", l.in.rows()+1))
	}
	if len(steps) > 0 {
		fmt.Fprintln(l.stderr, "etl: to go on:", strings.Join(steps, ", then "))
	}
}
