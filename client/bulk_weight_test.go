package client_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// T-56: an edge that takes 4 kB bodies, in front of a server that takes 50 items.
// A 413 without an envelope is a limit in bytes; a code of the API in the body
// is one in items, whatever the HTTP status.
func TestAnEdgeThatBoundsTheBody(t *testing.T) {
	t.Parallel()
	const page = "<html><h1>413 Request Entity Too Large</h1></html>"
	tests := map[string]struct {
		bodyOf413 string
		inBytes   bool
	}{
		"a page of the edge":     {page, true},
		"nothing":                {"", true},
		"a code of the API":      {v2Error("1060"), false},
		"and it names the limit": {strings.Replace(v2Error("1060"), `"message":"`, `"message":"limit size of 20 `, 1), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				w.intercept = func(r *http.Request) *http.Response {
					if r.ContentLength <= 4000 {
						return nil
					}
					resp := answer(http.StatusRequestEntityTooLarge, tt.bodyOf413)
					resp.Header.Set("Content-Type", "text/html")
					return resp
				}
				items := make([]txn, 1000)
				for i := range items {
					items[i] = bill("b"+strconv.Itoa(i), "c"+strconv.Itoa(i))
				}
				items[500] = bill("b500", strings.Repeat("c", 5000))
				eng, err := batch.New(w.client(t).Bulk(client.TransactionsBulk), batch.Config[txn]{})
				require.NoError(t, err)
				rep, err := eng.Do(t.Context(), items)
				require.ErrorIs(t, err, caperrors.ErrItemTooLarge)
				for i, r := range rep.Results {
					if i == 500 {
						assert.Equal(t, caperrors.Refused, r.Outcome)
						require.ErrorIs(t, r.Err, caperrors.ErrOversize)
						continue
					}
					require.Equal(t, caperrors.Applied, r.Outcome, "item %d", i)
				}
				t.Logf("%d calls, %d wasted; learned %d items, %d bytes",
					rep.Progress.Calls, rep.Progress.Wasted, rep.Progress.Limit, rep.Progress.LimitBytes)
				assert.Equal(t, tt.inBytes, rep.Progress.LimitBytes > 0)
			})
		})
	}
}
