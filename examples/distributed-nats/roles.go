package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/nats-io/nats.go/jetstream"
)

// produceRole adds the items of a file, or made-up ones, to a job.
func produceRole(ctx context.Context, o *options, stdout io.Writer) error {
	js, nc, err := dial(ctx, o.natsURL, "producer")
	if err != nil {
		return err
	}
	defer nc.Close()
	items := generate(o.items)
	if o.file != "" {
		var f *os.File
		if f, err = os.Open(o.file); err != nil { //nolint:gosec // the user names it
			return err
		}
		defer f.Close()
		items = ndjson(f)
	}
	j, err := createJob(ctx, js, o.job, o.settings)
	if err != nil {
		return err
	}
	inspect, err := inspector()
	if err != nil {
		return err
	}
	done, err := j.produce(ctx, inspect, items)
	fmt.Fprintf(stdout, "%d items added, %d were there already, %d cannot be read\n", done.Added, done.Again, done.Unreadable)
	return err
}

// workRole loads a job's items until the program is told to stop.
func workRole(ctx context.Context, o *options) error {
	if o.worker.name == "" {
		o.worker.name, _ = os.Hostname()
	}
	js, nc, err := dial(ctx, o.natsURL, o.worker.name)
	if err != nil {
		return err
	}
	defer nc.Close()
	j, err := awaitJob(ctx, js, o.job)
	if err != nil {
		return err
	}
	bulk, err := api(o.baseURL, j.Timeout, o.auth)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return work(ctx, j, bulk, o.worker)
}

// awaitJob opens a job, or waits until its producer creates it.
func awaitJob(ctx context.Context, js jetstream.JetStream, name string) (*job, error) {
	for {
		j, err := openJob(ctx, js, name)
		if err == nil || !errors.Is(err, jetstream.ErrStreamNotFound) {
			return j, err
		}
		if pause(ctx, retryPause); ctx.Err() != nil {
			return nil, err
		}
	}
}

// watchRole shows a job's progress.
func watchRole(ctx context.Context, o *options, stdout io.Writer) error {
	js, nc, err := dial(ctx, o.natsURL, "watch")
	if err != nil {
		return err
	}
	defer nc.Close()
	j, err := openJob(ctx, js, o.job)
	if err != nil {
		return err
	}
	t, err := j.watch(ctx, stdout, nil)
	fmt.Fprintln(stdout, t.line())
	return err
}

// maxLine bounds an item of a file. A server takes messages of 1 MiB, headers included, and a dead letter's header says why it is one.
const maxLine = 1<<20 - 64<<10

// ndjson reads one item a line. Its id is the line's number, so that a file that is loaded again has the same ids, and two lines that
// are alike have two.
func ndjson(r io.Reader) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		n := 1
		for ; lines.Scan(); n++ {
			body := bytes.TrimSpace(lines.Bytes())
			if len(body) == 0 {
				continue
			}
			if !yield(input{ID: fmt.Sprintf("line-%d", n), Body: bytes.Clone(body)}, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(input{}, fmt.Errorf("line %d: %w", n, err))
		}
	}
}
