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
	return again(size, func([]caperrors.Verdict, int) bool { return true })
}

// inPlace sends those items of a call again at once that fail for now.
func inPlace(size int) writer {
	return again(size, func(verdicts []caperrors.Verdict, i int) bool { return verdicts[i].Kind == caperrors.ErrTransient })
}

// again sends calls of a size, and those items of each that goAgain names while
// one of them fails for now.
func again(size int, goAgain func(verdicts []caperrors.Verdict, i int) bool) writer {
	return func(ctx context.Context, bulk *client.Bulk, in *input) error {
		return together(func() error {
			for items := in.take(size); len(items) > 0; items = in.take(size) {
				for try := 1; len(items) > 0; try++ {
					verdicts, err := bulk.Send(ctx, items)
					if err != nil {
						return err
					}
					last := try == tries || !anyTransient(verdicts)
					var left [][]byte
					for i, body := range items {
						if !last && goAgain(verdicts, i) {
							left = append(left, body)
						} else {
							in.tell(body, verdicts[i].Outcome)
						}
					}
					items = left
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
			st, err := load(opts, o.items, write, i == 0)
			if err != nil {
				return err
			}
			cells = append(cells, fmt.Sprintf("× %.3f", float64(st.Calls)/fewest))
			if i == 0 {
				cells = append(cells, count(st.DuplicateApplied))
			}
		}
		st, err := load(opts, o.items, engine(batch.Config[[]byte]{
			MaxItems: tt.size, MaxAttempts: tries, Advanced: batch.Advanced{StartItems: tt.size},
		}), false)
		if err != nil {
			return err
		}
		row(w, append(cells, fmt.Sprintf("× %.3f", float64(st.Calls)/fewest), count(st.DuplicateApplied))...)
	}
	return nil
}
