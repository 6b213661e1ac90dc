package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	"github.com/twmb/franz-go/pkg/kfake"
)

// embedded starts a fake of Kafka with three brokers in this process. It keeps everything in memory.
func embedded(session time.Duration) (*kfake.Cluster, error) {
	return kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(session))
}

// demo runs a producer and workers in this process, against a simulator of the API and, unless KAFKA_BROKERS names others, a fake broker.
// It ends when every item has its outcome, and compares them with what the simulator really did.
func demo(ctx context.Context, o *options, stdout io.Writer) error {
	brokers := o.brokers
	if len(brokers) == 0 {
		cluster, err := embedded(o.settings.Session)
		if err != nil {
			return err
		}
		defer cluster.Close()
		brokers = cluster.ListenAddrs()
	}
	sim := clienttest.New(clienttest.Options{
		BatchLimit: 100, Latency: 50 * time.Millisecond, CallsPerMinute: o.worker.rpm, RepeatBills: true,
		Faults: clienttest.Faults{ItemBusy: 0.03, SearchBusy: 0.01, AuthzUnavailable: 0.01},
	})
	srv := sim.InMemory()
	defer srv.Close()
	j, err := createJob(ctx, brokers, o.job, o.settings)
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
			opts := o.worker
			opts.name, opts.logger = fmt.Sprintf("worker-%d", n+1), slog.New(slog.DiscardHandler)
			if failed := workAgainst(ctx, j, srv, opts); failed != nil {
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

// workAgainst is a worker with a client of its own, as in a process of its own.
func workAgainst(ctx context.Context, j *job, srv *clienttest.Server, opts workerOptions) error {
	bulk, err := api(srv.URL, j.Timeout, client.WithBasic("demo.till", "demo"), client.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		return err
	}
	return work(ctx, j, bulk, opts)
}
