package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bisect sends calls of the biggest size and halves each that is refused as too
// large, without keeping what it learned.
func bisect(ctx context.Context, bulk *client.Bulk, in *input) error {
	var deliver func(items [][]byte) error
	deliver = func(items [][]byte) error {
		verdicts, err := bulk.Send(ctx, items)
		if !errors.Is(err, caperrors.ErrOversize) || len(items) == 1 {
			in.tellAll(items, verdicts, err)
			return unlessTooLarge(err)
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
				verdicts, err := bulk.Send(ctx, items[:n])
				if errors.Is(err, caperrors.ErrOversize) && n > 1 {
					current((n + 1) / 2)
					continue
				}
				in.tellAll(items[:n], verdicts, err)
				if err = unlessTooLarge(err); err != nil {
					return err
				}
				items = items[n:]
			}
		}
	})
}

// unlessTooLarge lets a load go on after an item that is too large by itself.
func unlessTooLarge(err error) error {
	if errors.Is(err, caperrors.ErrOversize) {
		return nil
	}
	return err
}

// limits prints what a limit costs that nobody told of.
func limits(w io.Writer, o options) error {
	heading(w, fmt.Sprintf("Calls made / refused as too large, %d calls in flight, the limit not named", callsInFlight),
		"limit, items", "fewest", "bisect each call from 1,000", "halve from 1,000 and remember", "engine", "engine, a limit that is named")
	tenth := (o.items + 9) / 10
	loads := []bound{
		constant(1000, o.items), constant(500, o.items), constant(100, o.items), constant(99, o.items), constant(37, tenth), constant(10, tenth),
		constant(400, (o.items+99)/100), constant(30, (o.items+99)/100), constant(100, (o.items+19)/20),
		changing(o.items), poisoned(1, o.items/2), poisoned(10, o.items/2), poisoned(100, o.items/2),
	}
	for i := range loads {
		b := &loads[i]
		cells := []string{b.name, count(b.fewest)}
		for _, way := range []struct {
			write writer
			named bool
		}{{bisect, false}, {halve, false}, {engine(batch.Config[[]byte]{}), false}, {engine(batch.Config[[]byte]{}), true}} {
			cell, err := b.run(way.write, way.named)
			if err != nil {
				return err
			}
			cells = append(cells, cell)
		}
		row(w, cells...)
	}
	return nil
}
