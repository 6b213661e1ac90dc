package clienttest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/capillary-go/capillary/client/clienttest"
)

// Any body to any path: no panic but the one that cuts, an answer that is JSON where it says so, and never more items applied than
// received.
func FuzzSimulator(f *testing.F) {
	paths := []string{
		bulkPath, singlePath, upsertPath, v1Path, "/v2/customers", "/v1.1/customer/add", "/v1.1/customer/get", "/v2/customers/lookup",
		"/v2/customers/1", "/v2/transactions/getByBillNumber/1", "/v3/oauth/token/generate", "/v1.1/x", "/",
	}
	for i := range paths {
		f.Add(uint8(i), false, "mobile=1,2", bills(1, 2))
		f.Add(uint8(i), true, "identifierValue=1", `{"root":{"transaction":{"number":1,"customer":{"mobile":"1"}},"customer":[{"email":"\u0000<"},[]]}}`)
		f.Add(uint8(i), false, "", "["+person("1", "é\\\"")+`,{"profiles":[[],{"identifiers":7}]}]`)
	}
	f.Fuzz(func(t *testing.T, path uint8, get bool, query, body string) {
		sim := clienttest.New(clienttest.Options{
			Seed: uint64(len(body)), BatchLimit: 50,
			Faults: clienttest.Faults{ItemBusy: 0.1, CutBefore: 0.05, CutAfter: 0.05, EdgeHTML: 0.05, SearchBusy: 0.05, AuthzUnavailable: 0.05},
		})
		method := http.MethodPost
		if get {
			method = http.MethodGet
		}
		for range 3 {
			r := httptest.NewRequestWithContext(t.Context(), method, paths[int(path)%len(paths)], strings.NewReader(body))
			r.URL.RawQuery = url.PathEscape(query)
			if path < 128 {
				r.URL.RawQuery = query
			}
			r.Header.Set("Content-Type", "application/json")
			if err := checkAnswer(sim, r); err != nil {
				t.Fatal(err)
			}
		}
		stats := sim.Stats()
		if stats.ItemsApplied > stats.ItemsReceived || len(sim.Applied()) != stats.ItemsApplied {
			t.Fatalf("%d applied of %d received, %d recorded", stats.ItemsApplied, stats.ItemsReceived, len(sim.Applied()))
		}
		if judged := stats.ItemsApplied + stats.ItemsBusy + stats.Duplicates + stats.Refused; judged > stats.ItemsReceived {
			t.Fatalf("%d judged of %d received", judged, stats.ItemsReceived)
		}
		if stats.DuplicateApplied != 0 || stats.SameCustomerInFlight != 0 {
			t.Fatalf("%+v", stats)
		}
	})
}

func checkAnswer(sim *clienttest.Simulator, r *http.Request) (err error) {
	w := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil {
			if cut, ok := v.(error); !ok || !errors.Is(cut, http.ErrAbortHandler) {
				err = fmt.Errorf("panic: %v", v)
			}
		}
	}()
	sim.ServeHTTP(w, r)
	if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
		return fmt.Errorf("no JSON: %s", w.Body)
	}
	return nil
}
