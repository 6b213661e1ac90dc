package client_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

var _ batch.Appender = (*client.Bulk)(nil)

func TestSendAppendAppends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	bulk := w.client(t).Bulk(client.TransactionsBulk)
	before := caperrors.Verdict{Message: "before"}
	for name, dst := range map[string][]caperrors.Verdict{
		"no memory":     nil,
		"with room":     make([]caperrors.Verdict, 0, 4),
		"behind others": append(make([]caperrors.Verdict, 0, 4), before),
		"without room":  {before},
	} {
		n := w.bills.Add(1)
		items := [][]byte{encoded(t, bill(fmt.Sprint("a", n), "c1")), encoded(t, bill(fmt.Sprint("b", n), ""))}
		verdicts, err := bulk.SendAppend(t.Context(), dst, items, nil)
		require.NoError(t, err, name)
		require.Len(t, verdicts, len(dst)+2, name)
		if cap(dst) > len(dst) {
			assert.Same(t, &dst[:1][0], &verdicts[0], name)
		}
		if len(dst) > 0 {
			assert.Equal(t, before, verdicts[0], name)
		}
		assert.Equal(t, caperrors.Applied, verdicts[len(dst)].Outcome, name)
		assert.Equal(t, caperrors.Code(8015), verdicts[len(dst)+1].Code, name)
	}
	verdicts, err := bulk.SendAppend(t.Context(), []caperrors.Verdict{before}, nil, nil)
	require.NoError(t, err)
	assert.Len(t, verdicts, 1)
}

func TestSendAppendPairsByTheIDsItIsTold(t *testing.T) {
	t.Parallel()
	const swapped = `{"response":[{"result":{"billNumber":"2"},"entityId":2,"errors":[]},{"result":{"billNumber":"1"},"entityId":1,"errors":[]}]}`
	items := [][]byte{[]byte(`{"billNumber":"1"}`), []byte(`{"billNumber":"2"}`)}
	for name, tt := range map[string]struct {
		ids   []string
		first string
	}{
		"told":       {[]string{"1", "2"}, `"1"`},
		"not told":   {nil, `"1"`},
		"told other": {[]string{"2", "1"}, `"2"`},
		"too few":    {[]string{"2"}, `"1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Body: swapped})
			verdicts, err := w.client(t).Bulk(client.TransactionsBulk).SendAppend(t.Context(), nil, items, tt.ids)
			require.NoError(t, err)
			assert.Contains(t, string(verdicts[0].Raw), tt.first)
		})
	}
}

// A server may answer before it has read the request. What is still to be read
// must not become the body of the next call.
func TestBodyOfACallIsNotOverwrittenWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	var open []io.ReadCloser
	c, err := client.New(w.srv.URL, client.WithBasic(till, password), client.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		open = append(open, r.Body)
		resp := answer(http.StatusOK, `{"response":[{"entityId":1,"errors":[]}]}`)
		resp.Request = r
		return resp, nil
	})}))
	require.NoError(t, err)
	bulk := c.Bulk(client.TransactionsBulk)
	const calls = 20
	for i := range calls {
		_, err = bulk.Send(t.Context(), [][]byte{fmt.Appendf(nil, `{"billNumber":"%02d"}`, i)})
		require.NoError(t, err)
		if i%2 == 1 { // half of them are read and closed at once
			readLate(t, open[i], i)
		}
	}
	for i := 0; i < calls; i += 2 {
		readLate(t, open[i], i)
	}
}

func readLate(t *testing.T, body io.ReadCloser, i int) {
	t.Helper()
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`[{"billNumber":"%02d"}]`, i), string(got))
	require.NoError(t, body.Close())
}

func TestCallsThatShareMemoryKeepTheirVerdicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	bulk := w.client(t).Bulk(client.TransactionsBulk)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				number := fmt.Sprintf("%d-%d", g, i)
				item := fmt.Appendf(nil, `{"identifierType":"mobile","identifierValue":"%s","billNumber":"%s","billAmount":1}`, number, number)
				verdicts, err := bulk.Send(t.Context(), [][]byte{item, item})
				if err != nil {
					t.Error(err)
					return
				}
				assert.Contains(t, string(verdicts[0].Raw), number)
			}
		})
	}
	wg.Wait()
}
