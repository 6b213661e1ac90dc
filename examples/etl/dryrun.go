package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// errDryRun is why no record of a dry run was sent.
var errDryRun = errors.New("dry run")

// dryRun reads the whole input and makes its items, and sends nothing. It returns the exit status.
func (c *command) dryRun(ctx context.Context, o *options, in *input, out *outputs) int {
	// A client that was never connected can still read an item's fields.
	fields := new(client.Client).Bulk(withFields(o))
	out.failed = func(error) {}
	stopped := readAll(ctx, c.draining, in, func(rec *record) bool {
		if rec.err == nil {
			rec.key, rec.id, rec.err = fields.Inspect(rec.body)
		}
		if rec.err != nil {
			out.unread(rec)
		} else {
			out.unsent(rec, errDryRun)
		}
		return out.fault() == nil
	})
	counts := out.snapshot()
	if err := out.close(); err != nil {
		stopped = err
	}
	delete(counts.reasons, reason{outcome: caperrors.NotSent}) // it is the same for all
	counts.printReasons(c.stderr)
	if stopped != nil {
		fmt.Fprintln(c.stderr, "etl: stopped:", stopped)
	}
	good := counts.notSent()
	fmt.Fprintf(c.stderr, "etl: dry run: %d records, %d can be sent to %s, %d cannot; nothing was sent\n",
		counts.done(), good, o.endpoint.Name, counts.done()-good)
	switch {
	case stopped != nil:
		return statusFailed
	case good < counts.done():
		return statusSome
	default:
		return statusDone
	}
}

// readAll hands each record to use until the input ends, use returns false, or the program is interrupted. The error is why it stopped
// before the input's end.
func readAll(ctx context.Context, draining <-chan struct{}, in *input, use func(*record) bool) error {
	for {
		select {
		case <-ctx.Done():
			return errInterrupted
		case <-draining:
			return errInterrupted
		default:
		}
		rec, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return readError(err)
		case !use(&rec):
			return nil
		}
	}
}
