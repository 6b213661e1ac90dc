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

// input is the items of a load, taken one after another from any goroutine, and
// the book of what became of them.
type input struct {
	book

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
// server saw. It fails unless what the writer was told is what the server did;
// see [book.check].
func load(opts clienttest.Options, n int, write writer, repeats bool) (clienttest.Stats, error) {
	opts.RepeatBills = true // so that what is applied twice can be counted
	return loadInto(clienttest.New(opts), n, write, repeats)
}

func loadInto(sim *clienttest.Simulator, n int, write writer, repeats bool) (clienttest.Stats, error) {
	srv, err := sim.Listen("127.0.0.1:0")
	if err != nil {
		return clienttest.Stats{}, err
	}
	defer srv.Close()
	c, err := client.New(srv.URL, client.WithBasic("till", "secret"))
	if err != nil {
		return clienttest.Stats{}, err
	}
	in := &input{n: n}
	if err = write(context.Background(), c.Bulk(client.TransactionsBulk), in); err != nil {
		return clienttest.Stats{}, err
	}
	return sim.Stats(), in.check(sim, n, repeats)
}

// engine is this module's way.
func engine(cfg batch.Config[[]byte]) writer {
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
		for r := range run.Results() {
			in.tell(r.Item, r.Outcome)
		}
		return run.Err()
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
