package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bisect sends calls of the biggest size and halves each that is refused as too
// large, without keeping what it learned.
func bisect(ctx context.Context, bulk *client.Bulk, in *input) error {
	var deliver func(items [][]byte) error
	deliver = func(items [][]byte) error {
		_, err := bulk.Send(ctx, items)
		if !errors.Is(err, caperrors.ErrOversize) || len(items) == 1 {
			return err
		}
		half := (len(items) + 1) / 2
		if err = deliver(items[:half]); err != nil {
			return err
		}
		return deliver(items[half:])
	}
	return together(func() error {
		for items := in.take(biggest); len(items) > 0; items = in.take(biggest) {
			if err := deliver(items); err != nil {
				return err
			}
		}
		return nil
	})
}

// halve sends calls of a size that all lanes share, and halves it for good when
// a call is refused as too large.
func halve(ctx context.Context, bulk *client.Bulk, in *input) error {
	var mu sync.Mutex
	size := biggest
	current := func(shrinkTo int) int {
		mu.Lock()
		defer mu.Unlock()
		size = min(size, shrinkTo)
		return size
	}
	return together(func() error {
		for {
			items := in.take(current(biggest))
			if len(items) == 0 {
				return nil
			}
			for len(items) > 0 {
				n := min(len(items), current(biggest))
				_, err := bulk.Send(ctx, items[:n])
				switch {
				case err == nil:
					items = items[n:]
				case errors.Is(err, caperrors.ErrOversize) && n > 1:
					current((n + 1) / 2)
				default:
					return err
				}
			}
		}
	})
}

// limits prints what a limit costs that nobody told of.
func limits(w io.Writer, o options) error {
	heading(w, fmt.Sprintf("Calls made / refused as too large, %s items (a tenth below 50), %d calls in flight, the limit not named",
		count(o.items), callsInFlight), "limit", "fewest", "bisect each call from 1,000", "halve from 1,000 and remember", "engine", "engine, a limit that is named")
	for _, limit := range []int{1000, 500, 100, 99, 37, 10} {
		n := o.items
		if limit < 50 {
			n = (n + 9) / 10
		}
		cells := []string{count(limit), count((n + limit - 1) / limit)}
		var told batch.Progress
		for _, way := range []struct {
			write writer
			named bool
		}{{bisect, false}, {halve, false}, {engine(batch.Config[[]byte]{}, &told), false}, {engine(batch.Config[[]byte]{}, &told), true}} {
			st, err := load(clienttest.Options{BatchLimit: limit, NameLimit: way.named}, n, way.write)
			if err != nil {
				return err
			}
			if st.ItemsApplied != n {
				return fmt.Errorf("limit %d: %d of %d items applied", limit, st.ItemsApplied, n)
			}
			cells = append(cells, count(st.Calls)+" / "+count(st.Oversize))
		}
		row(w, cells...)
	}
	return nil
}
