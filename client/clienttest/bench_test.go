package clienttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/capillary-go/capillary/client/clienttest"
)

func BenchmarkBulk100(b *testing.B) {
	items := make([]string, 100)
	for i := range items {
		items[i] = fmt.Sprintf(`{"identifierType":"mobile","identifierValue":"C%d","billNumber":"B%d","billAmount":100.5,`+
			`"lineItemsV2":[{"itemCode":"sku-1","qty":2,"rate":50.25},{"itemCode":"sku-2","qty":1,"rate":1}]}`, i, i)
	}
	body := "[" + strings.Join(items, ",") + "]"
	sim := clienttest.New(clienttest.Options{Forget: true})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, bulkPath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		sim.ServeHTTP(newDiscard(), r)
	}
}
