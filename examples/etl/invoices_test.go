package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// invoice is a row of the real invoices, read by other means than the program's.
type invoice struct {
	number, customer string
	again            bool // a row before has its number and a customer
}

// The figures of the file: UCI "Online Retail" (Chen 2015), one row an invoice.
const (
	invoiceRows      = 25_943
	invoicesBlank    = 3_722
	invoicesAgain    = 31
	invoicesCalls    = 260 // of 100 items each
	invoicesTemplate = "templates/online-retail.tmpl"
)

// realInvoices returns the path of the file, and its rows.
func realInvoices(t *testing.T) (string, []invoice) {
	t.Helper()
	folder := os.Getenv("CAPILLARY_REFERENCE")
	if folder == "" {
		t.Skip("CAPILLARY_REFERENCE is not set: no real invoices to load")
	}
	path := filepath.Join(folder, "data", "online-retail-invoices.csv")
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	seen := map[string]bool{}
	invoices := make([]invoice, 0, invoiceRows)
	blank, again := 0, 0
	for _, row := range rows[1:] {
		inv := invoice{number: row[0], customer: row[2]}
		if inv.customer == "(blank)" {
			inv.customer = ""
			blank++
		} else {
			inv.again = seen[inv.number]
			seen[inv.number] = true
		}
		if inv.again {
			again++
		}
		invoices = append(invoices, inv)
	}
	require.Equal(t, []int{invoiceRows, invoicesBlank, invoicesAgain}, []int{len(invoices), blank, again}, "it is another file")
	return path, invoices
}

// checkInvoices compares what the program says of each row with what must be so, and with what the simulator really did.
func checkInvoices(t *testing.T, invoices []invoice, got []resultLine, sim *clienttest.Simulator) {
	t.Helper()
	require.Len(t, got, len(invoices))
	wrong := 0
	inOrder := map[string][]string{}
	for i, inv := range invoices {
		want, code := caperrors.Applied, caperrors.Code(0)
		switch {
		case inv.customer == "":
			want, code = caperrors.Refused, 8015
		case inv.again:
			want, code = caperrors.Duplicate, 604
		default:
			inOrder[inv.customer] = append(inOrder[inv.customer], inv.number)
		}
		line := got[i]
		if line.Outcome != want || line.Code != code || line.ID != inv.number || line.Key != inv.customer || line.Attempts < 1 {
			if wrong++; wrong < 5 {
				assert.Fail(t, "wrong", "row %d, %+v: %+v", i+1, inv, line)
			}
		}
	}
	assert.Zero(t, wrong, "rows with another result than they must have")
	checkTruth(t, inOrder, sim)
}

// checkTruth compares what was applied, and in what order, with the order of each customer in the file.
func checkTruth(t *testing.T, inOrder map[string][]string, sim *clienttest.Simulator) {
	t.Helper()
	applied := map[string][]string{}
	for _, a := range sim.Applied() {
		applied[a.Customer] = append(applied[a.Customer], a.Number)
	}
	assert.Equal(t, inOrder, applied, "each customer's invoices, each once, in the order of the file")
	stats := sim.Stats()
	assert.Zero(t, stats.DuplicateApplied)
	assert.Zero(t, stats.SameCustomerInFlight, "calls with a customer that was in flight")
	assert.Zero(t, stats.SameCustomerInCall, "items of a customer beside each other in a call")
}

// loadFaults are the mishaps that a load has to cope with: 5 % of the items, and 2 % of the calls with each of three codes.
const loadFaults = "-sim-item-busy 0.05 -sim-search-busy 0.02 -sim-customer-busy 0.02 -sim-authz-unavailable 0.02 "

func TestRealInvoices(t *testing.T) {
	t.Parallel()
	path, invoices := realInvoices(t)
	tests := map[string]struct {
		flags    string
		calls    int
		oversize int
	}{
		"without mishaps": {calm, 290, 15},
		"with mishaps":    {loadFaults, invoicesCalls*5/4 + 30, 15},
	}
	for name, tt := range tests {
		for _, concurrency := range []int{1, 4, 8, 16} {
			t.Run(fmt.Sprintf("%s, concurrency %d", name, concurrency), func(t *testing.T) {
				t.Parallel()
				results := filepath.Join(t.TempDir(), "r")
				synctest.Test(t, func(t *testing.T) {
					var e etl
					e.run(t, fields(tt.flags+"-progress none -sim-limit 100 -sim-latency 50ms -template "+invoicesTemplate+" -results "+results+
						fmt.Sprintf(" -concurrency %d", concurrency), path)...)
					e.statusIs(t, 3)
					assert.Contains(t, e.lastLine(), "25943 records: applied 22190, duplicate 31, refused 3722, unknown 0, not-sent 0; ")
					assert.Contains(t, e.lastLine(), "limit 100,")
					stats := e.sim.Stats()
					assert.LessOrEqual(t, stats.Calls, tt.calls)
					assert.LessOrEqual(t, stats.Oversize, tt.oversize)
					assert.LessOrEqual(t, stats.MaxInFlight, concurrency)
					assert.Contains(t, e.lastLine(), fmt.Sprintf("calls %d, wasted %d,", stats.Calls, stats.WastedCalls))
					t.Logf("%s; oversize %d", e.lastLine(), stats.Oversize)
					checkInvoices(t, invoices, readResults(t, results), e.sim)
				})
			})
		}
	}
}

func TestRealInvoicesOverConnectionsThatAreCutAfterTheWork(t *testing.T) {
	t.Parallel()
	path, all := realInvoices(t)
	for _, mode := range []string{"report", "resend"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			invoices := slices.Clone(all)
			dir := t.TempDir()
			results, unknown := filepath.Join(dir, "r"), filepath.Join(dir, "u")
			synctest.Test(t, func(t *testing.T) {
				e := etl{setup: func(sim *clienttest.Simulator) {
					opts := sim.Options()
					opts.Faults.CutAfter = 0.03
					sim.SetOptions(opts)
				}}
				e.run(t, fields(calm+"-progress none -template "+invoicesTemplate+" -on-unknown "+mode+" -results "+results+" -unknown "+unknown, path)...)
				e.statusIs(t, 3)
				require.Positive(t, e.sim.Stats().Faults.CutAfter)
				got := readResults(t, results)
				cut := 0 // items that a cut call applied
				for _, call := range e.sim.Calls() {
					if call.Fault == "cut-after" {
						cut += call.Applied
					}
				}
				t.Logf("%s; cut %d with %d applied items", e.lastLine(), e.sim.Stats().Faults.CutAfter, cut)
				answered := map[string]bool{} // numbers of which a call with an answer says that it applied them
				for i := range got {
					if got[i].Outcome == caperrors.Applied {
						answered[got[i].ID] = true
					}
				}
				lost, lines := 0, strings.Count(readFile(t, unknown), "\n")
				for i := range got {
					line, inv := &got[i], &invoices[i]
					switch {
					case mode == "report" && line.Outcome == caperrors.Unknown:
						lines--
						did := e.sim.Times(inv.number, inv.customer) == 1 && !answered[inv.number] && !inv.again
						if did {
							lost++
						}
						settleUnknown(line, inv, did)
					case mode == "resend" && line.AfterUnknown && line.Outcome == caperrors.Duplicate && !inv.again:
						lost++
						line.Outcome, line.Code = caperrors.Applied, 0
					}
				}
				assert.Equal(t, cut, lost, "every item that a cut call applied is unknown, or a duplicate after an unknown send")
				assert.Zero(t, lines, "unknown items without a line in -unknown, or the reverse")
				checkInvoices(t, invoices, got, e.sim)
			})
		})
	}
}

// settleUnknown gives an unknown item the result that an answer would have told. A call that was cut may have been above the limit, so
// that nothing of it was done: then the row counts as one without a customer, which nobody expects to be applied.
func settleUnknown(line *resultLine, inv *invoice, applied bool) {
	switch {
	case applied:
		line.Outcome, line.Code = caperrors.Applied, 0
	case inv.again:
		line.Outcome, line.Code = caperrors.Duplicate, 604
	default:
		inv.customer, line.Key = "", ""
		line.Outcome, line.Code = caperrors.Refused, 8015
	}
}

func TestRealInvoicesThroughV1(t *testing.T) {
	t.Parallel()
	path, _ := realInvoices(t)
	synctest.Test(t, func(t *testing.T) {
		var e etl
		e.run(t, fields(calm+"-progress none -endpoint v1.1/transaction/add -template templates/online-retail-v1.1.tmpl", path)...)
		e.statusIs(t, 3)
		assert.Contains(t, e.lastLine(), "25943 records: applied 22190, duplicate 31, refused 3722, unknown 0, not-sent 0; ")
		assert.Contains(t, e.stderr, "3722 refused, code 606")
		assert.LessOrEqual(t, e.sim.Stats().Calls, 290)
	})
}

func TestDistinctCustomersNeedHardlyMoreCallsThanFit(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range invoiceRows {
		in.WriteString(bill(fmt.Sprint("B", i), fmt.Sprint("C", i)) + "\n")
	}
	path := writeFile(t, "items.ndjson", in.String())
	for _, limit := range []int{37, 250} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var e etl
				e.run(t, fields(calm+fmt.Sprintf("-progress none -concurrency 4 -sim-limit %d", limit), path)...)
				e.statusIs(t, 0)
				t.Log(e.lastLine())
				assert.LessOrEqual(t, e.sim.Stats().Calls, (invoiceRows+limit-1)/limit+20)
				assert.Equal(t, invoiceRows, e.sim.Stats().ItemsApplied)
				assert.Contains(t, e.lastLine(), fmt.Sprintf("limit %d,", limit))
			})
		})
	}
}
