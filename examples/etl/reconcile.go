package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// reconcileTime bounds the questions about the records of one call, one call each.
const reconcileTime = 10 * time.Minute

// asker asks the API what became of records whose call ended without an answer, by their bill numbers: the API takes one number a call. It
// is safe for concurrent use.
type asker struct {
	api   *client.Client
	lanes chan struct{} // has one for each question under way

	mu     sync.Mutex
	early  map[int]*early // by row
	asking sync.WaitGroup // who asks them
}

// newAsker returns an asker that has so many questions under way at most.
func newAsker(api *client.Client, concurrency int) *asker {
	return &asker{api: api, lanes: make(chan struct{}, concurrency), early: make(map[int]*early)}
}

// unknownPolicies are the values of -on-unknown, in the order of batch.OnUnknown.
func unknownPolicies() []string { return []string{"report", "resend", "reconcile"} }

// reconcilable are the endpoints whose records can be asked for: those that add bills.
func reconcilable() []string {
	return []string{client.TransactionsBulk.Name, client.V1TransactionAdd.Name, client.V1TransactionAddLocalCurrency.Name}
}

// checkReconcile checks that -on-unknown reconcile can ask for what is loaded.
func (o *options) checkReconcile() error {
	if o.onUnknown != batch.ReconcileUnknown {
		return nil
	}
	if !slices.Contains(reconcilable(), o.endpoint.Name) {
		return fmt.Errorf("-on-unknown reconcile asks for bills by their number, which %s does not load; use report", o.endpoint.Name)
	}
	if o.id != "" {
		return errors.New("-on-unknown reconcile asks for the bill number, so -id cannot name another field")
	}
	return nil
}

// ask asks about the records of one call, several at a time.
func (a *asker) ask(ctx context.Context, records []record) ([]batch.Found, error) {
	found := make([]batch.Found, len(records))
	var next atomic.Int64
	var asking sync.WaitGroup
	for range min(len(records), cap(a.lanes)) {
		asking.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(records) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				found[i] = a.about(ctx, &records[i])
			}
		})
	}
	asking.Wait()
	return found, ctx.Err()
}

// about asks about one record, unless that was done already.
func (a *asker) about(ctx context.Context, r *record) batch.Found {
	q := a.begun(r)
	if q == nil {
		return a.one(ctx, r)
	}
	select {
	case <-q.answered:
		return q.found
	case <-ctx.Done():
		return batch.CannotTell
	}
}

// one asks about one record. A number is not enough: bills of two customers may have the same, so the customer must be the record's own.
func (a *asker) one(ctx context.Context, r *record) batch.Found {
	if r.id == "" {
		return batch.CannotTell
	}
	select {
	case a.lanes <- struct{}{}:
		defer func() { <-a.lanes }()
	case <-ctx.Done():
		return batch.CannotTell
	}
	bill, _, err := client.Do[struct{ BillNumber, IdentifierValue string }](ctx, a.api, client.TransactionByNumber,
		client.Request{Path: map[string]string{"number": r.id}})
	switch {
	case errors.Is(err, caperrors.Code(668)): // no such number; not any "not found", which a wrong path says, too
		return batch.Absent
	case err == nil && bill.BillNumber == r.id && r.key != "" && bill.IdentifierValue == r.key:
		return batch.Present
	default:
		return batch.CannotTell
	}
}
