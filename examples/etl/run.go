package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/capillary-go/capillary/examples/etl/report"
)

// Exit statuses.
const (
	statusDone   = 0 // every item is applied or a duplicate
	statusFailed = 1 // the job could not finish
	statusUsage  = 2 // wrong usage; nothing was sent
	statusSome   = 3 // finished; some items are refused, unknown or not sent
)

// usageError is a mistake in how the program was called, found before anything was sent.
type usageError struct{ err error }

// Error returns what is wrong.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// command is one run of the program and what it is connected to.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	// draining is closed when the load shall end once what is in flight has come back; nil: never. The context's end does not wait.
	draining <-chan struct{}

	// simulated, unless nil, is told of the built-in simulator before the load begins.
	simulated func(*clienttest.Simulator)
}

// run is the program. It returns the exit status.
func (c *command) run(ctx context.Context, args []string) int {
	opts, err := parseFlags(args, c.getenv)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(c.stdout)
		return statusDone
	}
	if errors.Is(err, errListEndpoints) {
		fmt.Fprint(c.stdout, loadable())
		return statusDone
	}
	if err == nil {
		var status int
		if status, err = c.load(ctx, opts); err == nil {
			return status
		}
	}
	fmt.Fprintln(c.stderr, "etl:", err)
	var wrong *usageError
	if errors.As(err, &wrong) {
		fmt.Fprintln(c.stderr, "etl: nothing was sent; -help lists all flags")
		return statusUsage
	}
	return statusFailed
}

// load opens everything, loads, and closes everything. The error is why the load could not begin. Output files are opened last: they
// lose what they held.
func (c *command) load(ctx context.Context, opts *options) (int, error) {
	if opts.dryRun {
		in, out, err := c.open(ctx, opts, nil)
		if err != nil {
			return 0, err
		}
		defer in.close()
		return c.dryRun(ctx, opts, in, out), nil
	}
	var recorder *report.Recorder
	var observe func(batch.Event)
	if opts.report != "" {
		recorder = report.NewRecorder(time.Now())
		observe = recorder.Observe
	}
	t, err := c.connect(opts, observe)
	if err != nil {
		return 0, err
	}
	defer t.close()
	k, err := c.openKeeper(ctx, opts)
	if err != nil {
		return 0, err
	}
	in, out, err := c.open(ctx, opts, k)
	if err != nil {
		return 0, errors.Join(err, k.close())
	}
	defer in.close()
	if t.server != nil {
		fmt.Fprintln(c.stderr, "etl: no -base-url: loading into the built-in simulator, nothing leaves this process")
	}
	if k != nil {
		if err = c.resume(ctx, opts, k, t, out); err != nil {
			return 0, errors.Join(err, out.close())
		}
	}
	out.recorder = recorder
	l := &load{opts: opts, target: t, in: in, out: out, command: c, earlier: out.tally.outcomes}
	return l.run(ctx), nil
}

// open opens input and outputs. k may be nil.
func (c *command) open(ctx context.Context, opts *options, k *keeper) (*input, *outputs, error) {
	in, err := openInput(ctx, opts, c.stdin, c.draining)
	if err != nil {
		return nil, nil, err
	}
	out, err := openOutputs(opts, c.stdin, c.stdout, k)
	if err != nil {
		in.close()
		return nil, nil, err
	}
	return in, out, nil
}
