package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

// billOfV1 is a bill as v1.1 takes it.
func billOfV1(number, customer string) string {
	return `{"number":"` + number + `","customer":{"external_id":"` + customer + `"}}`
}

// applyAll has the simulator take bills.
func applyAll(t *testing.T, sim *clienttest.Simulator, bills ...string) {
	t.Helper()
	locked := sim.Options()
	open := locked
	open.Username, open.Password = "", ""
	sim.SetOptions(open)
	defer sim.SetOptions(locked)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v2/transactions/bulk", strings.NewReader("["+strings.Join(bills, ",")+"]"))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Len(t, sim.Applied(), len(bills))
}

func TestUnknownBillsAreAskedFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		there  []string // bills that the server has before the load
		script []clienttest.Answer
		flags  string
		want   []string
		sent   int // attempts of the first bill
		status int
	}{
		"done before the connection was cut: it is there": {
			script: []clienttest.Answer{{After: true, Cut: true}}, want: []string{"duplicate", "duplicate", "applied"}, sent: 1,
		},
		"not done: it is sent again": {
			script: []clienttest.Answer{{Cut: true}}, want: []string{"applied", "applied", "applied"}, sent: 2,
		},
		"another customer's bill has the number: nobody can tell": {
			there: []string{bill("1", "z")}, script: []clienttest.Answer{{Cut: true}},
			want: []string{"unknown", "applied", "applied"}, sent: 1, status: 3,
		},
		"nor if the question is not answered": {
			script: []clienttest.Answer{{Cut: true}, {Status: 404, Body: "<html>no such page</html>"}, {Status: 404, Body: "<html>no such page</html>"}},
			want:   []string{"unknown", "unknown", "applied"}, sent: 1, status: 3,
		},
		"a v1.1 bill is asked for as well": {
			script: []clienttest.Answer{{After: true, Cut: true}}, flags: "-endpoint v1.1/transaction/add ",
			want: []string{"duplicate", "duplicate", "applied"}, sent: 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			results, unknown := filepath.Join(dir, "r"), filepath.Join(dir, "u")
			one := bill
			if tt.flags != "" {
				one = billOfV1
			}
			input := one("1", "a") + "\n" + one("2", "b") + "\n" + one("3", "a") + "\n"
			synctest.Test(t, func(t *testing.T) {
				e := etl{stdin: input, setup: func(sim *clienttest.Simulator) {
					if tt.there != nil {
						applyAll(t, sim, tt.there...)
					}
					sim.Script(tt.script...)
				}}
				e.run(t, fields(calm+tt.flags+"-on-unknown reconcile -results "+results+" -unknown "+unknown+" -")...)
				e.statusIs(t, tt.status)
				assert.Zero(t, e.sim.Stats().DuplicateApplied)
			})
			got := readResults(t, results)
			require.Len(t, got, 3)
			assert.Equal(t, tt.want, outcomes(got))
			assert.Equal(t, tt.sent, got[0].Attempts)
			assert.Equal(t, tt.want[0] != "unknown", got[0].AfterUnknown)
		})
	}
}
