package clienttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client/clienttest"
)

func TestRequestsThatAreRefusedWhole(t *testing.T) {
	t.Parallel()
	v1 := func(code int, message string) string {
		return fmt.Sprintf(`{"response":{"status":{"success":"false","code":%d,"message":%q}}}`, code, message)
	}
	const get, put, js = http.MethodGet, http.MethodPost, "application/json"
	tests := map[string]struct {
		method, path, media, body string
		status                    int
		want                      string
	}{
		"unknown v2 path":           {put, "/v2/nothing", js, `[]`, 404, v2Refusal(404, "Resource not found")},
		"unknown path":              {get, "/", js, ``, 404, v2Refusal(404, "Resource not found")},
		"unknown v1.1 path":         {put, "/v1.1/nothing", js, `[]`, 200, v1(404, "Resource not found")},
		"wrong method on v2":        {http.MethodPut, bulkPath, js, `[]`, 405, v2Refusal(405, "Method not allowed")},
		"wrong method on a lookup":  {put, "/v2/customers/1", js, `[]`, 405, v2Refusal(405, "Method not allowed")},
		"wrong method on v1.1":      {get, v1Path, js, ``, 200, v1(405, "Method not allowed")},
		"missing media type":        {put, bulkPath, "", `[]`, 415, v2Refusal(415, "Unsupported media type")},
		"wrong media type":          {put, bulkPath, "text/xml", `[]`, 415, v2Refusal(415, "Unsupported media type")},
		"wrong media type on v1.1":  {put, v1Path, "text/csv", `a,b`, 200, v1(415, "Unsupported media type")},
		"broken JSON":               {put, bulkPath, js, `[{}`, 400, v2Refusal(400, "Invalid input")},
		"something behind the JSON": {put, bulkPath, js, `[{}] x`, 400, v2Refusal(400, "Invalid input")},
		"no body":                   {put, bulkPath, js, ``, 400, v2Refusal(400, "Invalid input")},
		"an object for an array":    {put, bulkPath, js, `{}`, 400, v2Refusal(400, "Invalid input")},
		"null for an array":         {put, upsertPath, js, `null`, 400, v2Refusal(400, "Invalid input")},
		"an array for an object":    {put, singlePath, js, `[{}]`, 400, v2Refusal(400, "Invalid input")},
		"broken object":             {put, "/v2/customers", js, `{`, 400, v2Refusal(400, "Invalid input")},
		"broken JSON on v1.1":       {put, v1Path, js, `{"root":`, 200, v1(400, "Invalid input")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{})
			w := send(t, sim, tt.method, tt.path, tt.body, "Content-Type", tt.media)
			wantAnswer(t, w, tt.status, tt.want)
			assert.Zero(t, sim.Stats().ItemsReceived)
			assert.Equal(t, 1, sim.Stats().WastedCalls)
		})
	}
}

// 64 MiB and one byte, of which all but the last would be an empty array.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long under the race detector, and one goroutine reads")
	}
	w := post(t, clienttest.New(clienttest.Options{}), bulkPath, "[]"+strings.Repeat(" ", 64<<20-1))
	wantAnswer(t, w, http.StatusBadRequest, v2Refusal(400, "Invalid input"))
}

func TestMediaTypeMayHaveParameters(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{})
	w := send(t, sim, http.MethodPost, bulkPath, bills(1, 1), "Content-Type", "Application/JSON; charset=utf-8")
	assert.Equal(t, http.StatusOK, w.Code)
}

func TestRequestIDsAreRepeatableAndDistinct(t *testing.T) {
	t.Parallel()
	ids := func(seed uint64) []string {
		sim := clienttest.New(clienttest.Options{Seed: seed})
		sim.Script(clienttest.Answer{}, clienttest.Answer{Status: http.StatusBadGateway})
		var out []string
		for _, path := range []string{bulkPath, "/v2/nothing", v1Path, "/v3/oauth/token/generate"} {
			w := post(t, sim, path, `[]`)
			id := w.Header().Get("X-Cap-RequestID")
			assert.Regexp(t, "^[0-9a-f]{32}$", id)
			assert.Equal(t, id, w.Header().Get("X-CAP-REQUEST-ID"))
			assert.NotContains(t, out, id)
			out = append(out, id)
		}
		return out
	}
	first, again, other := ids(1), ids(1), ids(2)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)
}

func TestBatchLimit(t *testing.T) {
	t.Parallel()
	v1Bills := `{"root":{"transaction":[{"number":"A","customer":{"mobile":"1"}},{"number":"B","customer":{"mobile":"2"}}]}}`
	v1People := `{"root":{"customer":[{"mobile":"1"},{"mobile":"2"}]}}`
	tests := map[string]struct {
		path, body string
		named      bool
		status     int
		want       string
	}{
		"v2, unnamed": {bulkPath, bills(1, 2), false, http.StatusBadRequest, v2Refusal(1060, "Exceeded maximum limit size")},
		"v2, named":   {bulkPath, bills(1, 2), true, http.StatusBadRequest, v2Refusal(1060, "Exceeded maximum limit size of 1")},
		"v1.1 transactions have 672": {
			v1Path, v1Bills, true, http.StatusOK,
			`{"response":{"status":{"success":"false","code":672,"message":"Batch limit exceeded"}}}`,
		},
		"v1.1 customers have 1060": {
			"/v1.1/customer/add", v1People, true, http.StatusOK,
			`{"response":{"status":{"success":"false","code":1060,"message":"Exceeded maximum limit size of 1"}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := clienttest.New(clienttest.Options{BatchLimit: 1, NameLimit: tt.named})
			wantAnswer(t, post(t, sim, tt.path, tt.body), tt.status, tt.want)
			assert.Empty(t, sim.Applied())
			assert.Equal(t, clienttest.Stats{Calls: 1, MaxInFlight: 1, ItemsReceived: 2, Oversize: 1, WastedCalls: 1}, sim.Stats())
		})
	}
}

func TestBatchLimitMayChange(t *testing.T) {
	t.Parallel()
	sim := clienttest.New(clienttest.Options{Seed: 3, BatchLimit: 10})
	assert.Equal(t, http.StatusOK, post(t, sim, bulkPath, bills(0, 10)).Code)
	opts := sim.Options()
	opts.BatchLimit, opts.Seed, opts.Forget = 5, 4, true
	sim.SetOptions(opts)
	assert.Equal(t, http.StatusBadRequest, post(t, sim, bulkPath, bills(10, 6)).Code)
	assert.Equal(t, http.StatusOK, post(t, sim, bulkPath, bills(10, 5)).Code)
	assert.Len(t, sim.Applied(), 15)
	assert.Equal(t, uint64(3), sim.Options().Seed)
	assert.False(t, sim.Options().Forget)
}
