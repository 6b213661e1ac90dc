package batch

import (
	"context"
	"fmt"

	caperrors "github.com/capillary-go/capillary/errors"
)

// keys returns the names of the keys; none if there are none.
func (e encoded) keys() []string {
	if e.key == "" {
		return nil
	}
	return append([]string{e.key}, e.more...)
}

// inquire asks what became of an item that was in flight when an earlier run
// ended, if the caller wants that, and returns what is known of it now. It is
// asked before the item is accepted, so that nothing of its keys goes out
// meanwhile. The bool is false if the job takes no more items: a later run asks.
func (j *job) inquire(item any, e *Entry) (*Entry, bool) {
	c := j.core
	if c.onUnknown != ReconcileUnknown {
		return e, true
	}
	if !j.takesMore() {
		return e, false
	}
	found, err := c.askAbout(j.ctx, item)
	if err != nil && j.ctx.Err() != nil {
		j.canceled() // else the source could seem to have come to its end
		return e, false
	}
	known := *e
	known.AfterUnknown = true
	switch {
	case err != nil:
		known.Open, known.Cause = false, "reconcile: "+err.Error()
	case found == Present:
		known.Open, known.Outcome = false, caperrors.Duplicate
	case found == Absent:
		known.Outcome = caperrors.Refused
		known.Strikes++
	default:
		known.Open = false
	}
	return &known, true
}

func (j *job) takesMore() bool {
	j.core.mu.Lock()
	defer j.core.mu.Unlock()
	return j.admitting
}

// askAbout asks about one item. It waits no longer than an inquiry may take.
func (c *core) askAbout(ctx context.Context, item any) (Found, error) {
	ctx, cancel := context.WithTimeout(ctx, c.askFor)
	defer cancel()
	type answer struct {
		found Found
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: errNoAnswer}
		// Deferred, because the function may end its goroutine.
		defer func() { answers <- a }()
		a.err = guarded(func() error {
			found, err := c.reconcile(ctx, []any{item})
			if err == nil && len(found) != 1 {
				err = fmt.Errorf("%d answers for 1 item", len(found))
			}
			if err == nil {
				a.found = found[0]
			}
			return err
		})
	}()
	select {
	case a := <-answers:
		return a.found, a.err
	case <-ctx.Done():
		return CannotTell, context.Cause(ctx)
	}
}
