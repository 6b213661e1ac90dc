package batch_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// bill is an item of the tests.
type bill struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Also     string `json:"also,omitempty"` // a second customer
}

func customerOf(b bill) string { return b.Customer }

func customersOf(b bill) []string { return []string{b.Customer, b.Also} }

// numbered returns n bills with ids from "0", each of a customer of its own.
func numbered(n int) []bill {
	items := make([]bill, n)
	for i := range items {
		items[i] = bill{ID: strconv.Itoa(i), Customer: "c" + strconv.Itoa(i)}
	}
	return items
}

// ofCustomers returns bills with ids from "0" of the named customers.
func ofCustomers(names ...string) []bill {
	items := make([]bill, len(names))
	for i, name := range names {
		items[i] = bill{ID: strconv.Itoa(i), Customer: name}
	}
	return items
}

func newEngine(t *testing.T, sender batch.Sender, cfg batch.Config[bill]) *batch.Engine[bill] {
	t.Helper()
	if cfg.Key == nil && cfg.Keys == nil {
		cfg.Key = customerOf
	}
	eng, err := batch.New(sender, cfg)
	require.NoError(t, err)
	return eng
}

func fromBills(items []bill) iter.Seq2[bill, error] {
	return func(yield func(bill, error) bool) {
		for _, b := range items {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// nap waits in virtual time.
func nap(d time.Duration) { <-time.After(d) }

// outcomes counts the results of a report by outcome.
func outcomes(rep *batch.Report[bill]) map[caperrors.Outcome]int {
	counts := make(map[caperrors.Outcome]int)
	for _, r := range rep.Results {
		counts[r.Outcome]++
	}
	return counts
}

// assertSound checks what holds for every report, and that the server's truth
// agrees with it.
func assertSound(t *testing.T, s *server, items []bill, rep *batch.Report[bill]) {
	t.Helper()
	assert.Empty(t, unsound(s, items, rep.Results))
	p := rep.Progress
	assert.Equal(t, len(items), p.Done(), "progress")
}

// unsound returns what is wrong with results against the server's truth.
func unsound(s *server, items []bill, results []batch.Result[bill]) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(results) != len(items) {
		return fmt.Sprintf("%d results for %d items", len(results), len(items))
	}
	if len(s.clashes) > 0 {
		return fmt.Sprintf("customers twice in flight: %v", s.clashes)
	}
	if s.spoiled != "" {
		return "lent memory held " + s.spoiled
	}
	for i, r := range results {
		id := items[i].ID
		var item *caperrors.ItemError
		switch {
		case r.Index != i || r.Item != items[i]:
			return fmt.Sprintf("result %d is of item %d, %v", i, r.Index, r.Item)
		case r.Outcome.Done() != (r.Err == nil):
			return fmt.Sprintf("item %d: %v with error %v", i, r.Outcome, r.Err)
		case r.Err != nil && (!errors.As(r.Err, &item) || item.Index != i || item.Outcome != r.Outcome):
			return fmt.Sprintf("item %d: error %v", i, r.Err)
		case r.Outcome == caperrors.Applied && s.applied[id] != 1,
			r.Outcome == caperrors.Duplicate && s.applied[id] != 1,
			r.Outcome == caperrors.Refused && !r.AfterUnknown && s.applied[id] != 0,
			r.Outcome == caperrors.NotSent && s.applied[id] != 0,
			s.applied[id] > 1:
			return fmt.Sprintf("item %d: %v, applied %d times", i, r.Outcome, s.applied[id])
		}
	}
	own := make(map[string]bool, len(items))
	for _, b := range items {
		own[b.ID] = true
	}
	for customer, ids := range s.order {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !own[id] })
		if customer != "" && !s.runs && !slices.IsSortedFunc(ids, byNumber) {
			return fmt.Sprintf("customer %s out of order: %v", customer, ids)
		}
	}
	return ""
}

func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x - y
}

// assertIdle checks that an engine without a job holds nothing.
func assertIdle(t *testing.T, eng *batch.Engine[bill]) {
	t.Helper()
	assert.Empty(t, batch.Leftovers(eng))
}
