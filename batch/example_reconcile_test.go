package batch_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// cutOnce applies the first item of its first call and loses the answer.
type cutOnce struct{ has map[string]bool }

func (s cutOnce) Send(_ context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	if len(s.has) == 0 {
		s.has[string(items[0])] = true
		return nil, errors.New("connection reset")
	}
	verdicts := make([]caperrors.Verdict, len(items))
	for i, item := range items {
		s.has[string(item)] = true
		verdicts[i].Outcome = caperrors.Applied
	}
	return verdicts, nil
}

// A program that can look its bills up lets the engine ask instead of guess.
func ExampleConfig_reconcile() {
	srv := cutOnce{has: make(map[string]bool)}
	eng, err := batch.New(srv, batch.Config[bill]{
		Key:       func(b bill) string { return b.Customer },
		OnUnknown: batch.ReconcileUnknown,
		Reconcile: func(_ context.Context, items []bill) ([]batch.Found, error) {
			found := make([]batch.Found, len(items))
			for i, b := range items {
				found[i] = batch.Absent
				if srv.has[fmt.Sprintf(`{"id":%q,"customer":%q}`, b.ID, b.Customer)] { // a call that looks the bill up
					found[i] = batch.Present
				}
			}
			return found, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rep, err := eng.Do(context.Background(), []bill{{ID: "b1", Customer: "ann"}, {ID: "b2", Customer: "bob"}})
	for _, r := range rep.Results {
		fmt.Println(r.Item.ID, r.Outcome, r.AfterUnknown, r.Attempts)
	}
	fmt.Println(err)
	// Output:
	// b1 duplicate true 1
	// b2 applied true 2
	// <nil>
}
