package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// callsInFlight is how many calls every writer may have in flight.
const callsInFlight = 16

// biggest is how many items a writer puts into a call before it knows better.
const biggest = 1000

// input is the items of a load, taken one after another from any goroutine.
type input struct {
	mu      sync.Mutex
	next, n int
}

// item encodes a bill, each of a customer of its own.
func item(i int) []byte {
	return fmt.Appendf(nil, `{"identifierType":"mobile","identifierValue":"44%010d","billNumber":"b%d","billAmount":1}`, i, i)
}

// take returns the next items, at most n; none at the end.
func (in *input) take(n int) [][]byte {
	in.mu.Lock()
	first := in.next
	in.next = min(in.next+n, in.n)
	last := in.next
	in.mu.Unlock()
	items := make([][]byte, 0, last-first)
	for i := first; i < last; i++ {
		items = append(items, item(i))
	}
	return items
}

// writer loads all items through bulk, in its own way.
type writer func(ctx context.Context, bulk *client.Bulk, in *input) error

// load runs a writer against a server with these options, and returns what the
// server saw.
func load(opts clienttest.Options, n int, write writer) (clienttest.Stats, error) {
	opts.Forget = true
	sim := clienttest.New(opts)
	srv, err := sim.Listen("127.0.0.1:0")
	if err != nil {
		return clienttest.Stats{}, err
	}
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithBasic("till", "secret"))
	if err != nil {
		return clienttest.Stats{}, err
	}
	if err = write(context.Background(), c.Bulk(client.TransactionsBulk), &input{n: n}); err != nil {
		return clienttest.Stats{}, err
	}
	return sim.Stats(), nil
}

// engine is this module's way. It leaves in told what the engine says became of
// the items.
func engine(cfg batch.Config[[]byte], told *batch.Progress) writer {
	return func(ctx context.Context, bulk *client.Bulk, in *input) error {
		cfg.MaxConcurrency = callsInFlight
		eng, err := batch.New(bulk, cfg)
		if err != nil {
			return err
		}
		run := eng.Run(ctx, func(yield func([]byte, error) bool) {
			for items := in.take(biggest); len(items) > 0; items = in.take(biggest) {
				for _, body := range items {
					if !yield(body, nil) {
						return
					}
				}
			}
		})
		for range run.Results() {
		}
		*told = run.Progress()
		if err = run.Err(); err == nil && told.Done() != in.n {
			err = fmt.Errorf("%d of %d items done", told.Done(), in.n)
		}
		return err
	}
}

// together runs one function in each of the lanes and returns the first error.
func together(work func() error) error {
	var wg sync.WaitGroup
	errs := make(chan error, callsInFlight)
	for range callsInFlight {
		wg.Go(func() { errs <- work() })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
