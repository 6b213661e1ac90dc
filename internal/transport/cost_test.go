package transport_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/internal/transport"
)

// The loop may cost 15 allocations more than net/http with the same work: a
// request with a header, sent once, its body read.
func TestCostOfACall(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole program
	base := roundTripper(func(r *http.Request) (*http.Response, error) { return reply(r, http.StatusOK, "ok"), nil })
	client := &http.Client{Transport: base}
	header := http.Header{"Authorization": {"token"}, "Content-Type": {"application/json"}}
	plain := testing.AllocsPerRun(200, func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api.test/v2/write", bytes.NewReader([]byte("body")))
		require.NoError(t, err)
		r.Header = header.Clone()
		resp, err := client.Do(r)
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	})
	tr := transport.New(transport.Config{HTTPClient: client, Timeout: 0})
	req := write()
	req.Header = header
	req.Judge, req.Answer = accept, new(transport.Answer)
	ours := testing.AllocsPerRun(200, func() {
		_, err := tr.Do(t.Context(), req)
		require.NoError(t, err)
	})
	t.Logf("net/http %v, ours %v allocations", plain, ours)
	assert.LessOrEqual(t, ours-plain, 15.0)
}
