package main

import (
	"context"
	"fmt"
	"io"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// tries is how often an item, or a call, is sent at the most.
const tries = 8

// whole sends a call again with all its items while one of them fails for now.
func whole(size int) writer {
	return again(size, func(items [][]byte, _ []caperrors.Verdict) [][]byte { return items })
}

// inPlace sends those items of a call again at once that fail for now.
func inPlace(size int) writer {
	return again(size, func(items [][]byte, verdicts []caperrors.Verdict) [][]byte {
		var failed [][]byte
		for i := range verdicts {
			if verdicts[i].Kind == caperrors.ErrTransient {
				failed = append(failed, items[i])
			}
		}
		return failed
	})
}

// again sends calls of a size, and what next chooses of each while an item of it
// fails for now.
func again(size int, next func([][]byte, []caperrors.Verdict) [][]byte) writer {
	return func(ctx context.Context, bulk *client.Bulk, in *input) error {
		return together(func() error {
			for items := in.take(size); len(items) > 0; items = in.take(size) {
				for range tries {
					verdicts, err := bulk.Send(ctx, items)
					if err != nil {
						return err
					}
					if !anyTransient(verdicts) {
						break
					}
					items = next(items, verdicts)
				}
			}
			return nil
		})
	}
}

func anyTransient(verdicts []caperrors.Verdict) bool {
	for i := range verdicts {
		if verdicts[i].Kind == caperrors.ErrTransient {
			return true
		}
	}
	return false
}

// retries prints what items cost that fail for now.
func retries(w io.Writer, o options) error {
	heading(w, fmt.Sprintf("Calls made for each call of a load without failures, %s items, %d calls in flight, at most %d tries",
		count(o.items), callsInFlight, tries),
		"items that fail, in a call", "the whole call again", "applications too many", "its failed items again at once", "engine", "applications too many")
	for _, tt := range []struct {
		share float64
		size  int
	}{{0.01, 100}, {0.01, 500}, {0.05, 100}, {0.20, 100}} {
		fewest := float64((o.items + tt.size - 1) / tt.size)
		opts := clienttest.Options{Faults: clienttest.Faults{ItemBusy: tt.share}, Seed: 1}
		cells := []string{fmt.Sprintf("%.0f %%, %d", 100*tt.share, tt.size)}
		for i, write := range []writer{whole(tt.size), inPlace(tt.size)} {
			st, err := load(opts, o.items, write)
			if err != nil {
				return err
			}
			cells = append(cells, fmt.Sprintf("× %.3f", float64(st.Calls)/fewest))
			if i == 0 {
				cells = append(cells, count(st.ItemsApplied-o.items))
			}
		}
		var told batch.Progress
		st, err := load(opts, o.items, engine(batch.Config[[]byte]{
			MaxItems: tt.size, MaxAttempts: tries, Advanced: batch.Advanced{StartItems: tt.size},
		}, &told))
		if err != nil {
			return err
		}
		if st.ItemsApplied < told.Applied {
			return fmt.Errorf("%v: %d items applied, %d told", tt, st.ItemsApplied, told.Applied)
		}
		row(w, append(cells, fmt.Sprintf("× %.3f", float64(st.Calls)/fewest), count(st.ItemsApplied-told.Applied))...)
	}
	return nil
}
