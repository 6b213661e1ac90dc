package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// produceRole adds the items of a file, or made-up ones, to a job.
func produceRole(ctx context.Context, o *options, stdout io.Writer) error {
	items := generate(o.items)
	if o.file != "" {
		f, err := os.Open(o.file) //nolint:gosec // the user names it
		if err != nil {
			return err
		}
		defer f.Close()
		items = ndjson(f)
	}
	j, err := createJob(ctx, o.brokers, o.job, o.settings)
	if err != nil {
		return err
	}
	inspect, err := inspector()
	if err != nil {
		return err
	}
	done, err := j.produce(ctx, inspect, items)
	fmt.Fprintf(stdout, "%d items added, %d of them cannot be read\n", done.Added, done.Unreadable)
	return err
}

// workRole loads a job's items until the program is told to stop.
func workRole(ctx context.Context, o *options) error {
	if o.worker.name == "" {
		o.worker.name, _ = os.Hostname()
	}
	j, err := awaitJob(ctx, o)
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
func awaitJob(ctx context.Context, o *options) (*job, error) {
	for {
		j, err := openJob(ctx, o.brokers, o.job, o.settings)
		if err == nil || !errors.Is(err, errNoJob) {
			return j, err
		}
		if pause(ctx, retryPause); ctx.Err() != nil {
			return nil, err
		}
	}
}

// watchRole shows a job's progress.
func watchRole(ctx context.Context, o *options, stdout io.Writer) error {
	j, err := openJob(ctx, o.brokers, o.job, o.settings)
	if err != nil {
		return err
	}
	t, err := j.watch(ctx, stdout, nil)
	fmt.Fprintln(stdout, t.line())
	return err
}
