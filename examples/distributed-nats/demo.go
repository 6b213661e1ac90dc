package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// demo runs a producer and workers in this process, against a simulator of the API and, unless NATS_URL names another, an embedded
// server. It ends when every item has its outcome, and compares them with what the simulator really did.
func demo(ctx context.Context, o *options, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "distributed-nats")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	url := o.natsURL
	if url == "" {
		broker, failed := embedded(folder)
		if failed != nil {
			return failed
		}
		defer broker.WaitForShutdown()
		defer broker.Shutdown()
		url = broker.ClientURL()
	}
	sim := clienttest.New(clienttest.Options{
		BatchLimit: 100, Latency: 50 * time.Millisecond, CallsPerMinute: o.worker.rpm, RepeatBills: true,
		Faults: clienttest.Faults{ItemBusy: 0.03, SearchBusy: 0.01, AuthzUnavailable: 0.01},
	})
	srv := sim.InMemory()
	defer srv.Close()

	js, nc, err := dial(ctx, url, "demo")
	if err != nil {
		return err
	}
	defer nc.Close()
	j, err := createJob(ctx, js, o.job, o.settings)
	if err != nil {
		return err
	}
	start := time.Now()
	ctx, stop := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop(nil)
	for n := range o.workers {
		running.Go(func() {
			if failed := demoWorker(ctx, url, srv, o, n+1); failed != nil {
				stop(fmt.Errorf("worker %d: %w", n+1, failed))
			}
		})
	}
	running.Go(func() {
		inspect, failed := inspector()
		if failed == nil {
			_, failed = j.produce(ctx, inspect, generate(o.items))
		}
		if failed != nil && ctx.Err() == nil {
			stop(fmt.Errorf("producer: %w", failed))
		}
	})
	t, err := j.watch(ctx, stdout, nil)
	fmt.Fprintf(stdout, "%s; %d attempts in %v\n", t.line(), t.Attempts, time.Since(start).Round(100*time.Millisecond))
	if err != nil {
		return err
	}
	stop(nil)
	running.Wait()
	truth := sim.Stats()
	fmt.Fprintf(stdout, "the simulator: %d applied in %d calls (%d wasted, %d above the rate), %d applied twice, %d times two calls with one customer\n",
		truth.ItemsApplied, truth.Calls, truth.WastedCalls, truth.OverRate, truth.DuplicateApplied, truth.SameCustomerInFlight)
	if truth.DuplicateApplied > 0 {
		return errors.New("an item was applied twice")
	}
	return nil
}

// demoWorker is a worker with a connection and a client of its own, as in a process of its own.
func demoWorker(ctx context.Context, url string, srv *clienttest.Server, o *options, n int) error {
	name := fmt.Sprintf("worker-%d", n)
	js, nc, err := dial(ctx, url, name)
	if err != nil {
		return err
	}
	defer nc.Close()
	j, err := awaitJob(ctx, js, o.job)
	if err != nil {
		return err
	}
	bulk, err := api(srv.URL, j.Timeout, client.WithBasic("demo.till", "demo"), client.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		return err
	}
	opts := o.worker
	opts.name, opts.logger = name, slog.New(slog.DiscardHandler)
	return work(ctx, j, bulk, opts)
}
