package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	caperrors "github.com/capillary-go/capillary/errors"
)

// reconcileTime bounds the questions about the records of one call, one call each.
const reconcileTime = 10 * time.Minute

// asker asks the API what became of records whose call ended without an answer, by their bill numbers.
type asker struct{ api *client.Client }

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

func (a *asker) ask(ctx context.Context, records []record) ([]batch.Found, error) {
	found := make([]batch.Found, len(records))
	for i := range records {
		found[i] = a.one(ctx, &records[i])
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// one asks about one record. A number is not enough: bills of two customers may have the same, so the customer must be the record's own.
func (a *asker) one(ctx context.Context, r *record) batch.Found {
	if r.id == "" {
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
