package clienttest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client/clienttest"
)

const (
	bulkPath   = "/v2/transactions/bulk"
	singlePath = "/v2/transactions"
	v1Path     = "/v1.1/transaction/add"
	upsertPath = "/v2/integrations/customer/upsert/bulk"
	// The first id given out: 2³¹ + 1.
	id1, id2, id3 = "2147483649", "2147483650", "2147483651"
)

// send makes a call without a connection. Header pairs follow the body.
func send(t *testing.T, h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func post(t *testing.T, h http.Handler, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, h, http.MethodPost, target, body)
}

func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	assert.Equal(t, status, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.JSONEq(t, body, w.Body.String())
}

// bill is a v2 transaction.
func bill(number, customer string) string {
	return fmt.Sprintf(`{"identifierType":"mobile","identifierValue":%q,"billNumber":%q,"type":"REGULAR"}`, customer, number)
}

// bills makes n bills of n customers.
func bills(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = bill(fmt.Sprintf("B%d", from+i), fmt.Sprintf("C%d", from+i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func v2Refusal(code int, message string) string {
	return fmt.Sprintf(`{"errors":[{"status":false,"code":%d,"message":%q}],"warnings":[]}`, code, message)
}

// answer is what came over a connection.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// over makes a call over a connection. It may be used in any goroutine.
func over(ctx context.Context, srv *clienttest.Server, target, body string) answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+target, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := srv.HTTPClient().Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(got), err: err}
}

func serve(t *testing.T, sim *clienttest.Simulator) *clienttest.Server {
	t.Helper()
	srv := sim.InMemory()
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	return srv
}

// cuts makes a call that must be cut.
func cuts(t *testing.T, h http.Handler, body string) {
	t.Helper()
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { post(t, h, bulkPath, body) })
}

// discard is a ResponseWriter for many calls.
type discard struct{ header http.Header }

func newDiscard() *discard { return &discard{header: http.Header{}} }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func getRequest(t *testing.T) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/customers/1", http.NoBody)
}
