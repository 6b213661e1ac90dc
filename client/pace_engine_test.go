package client_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
)

// An engine follows the pace that a 429 has cut, not the one that was set.
func TestAnEngineFollowsTheRateThatWasCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		var mu sync.Mutex
		var sent []time.Time
		w.intercept = func(*http.Request) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, time.Now())
			if len(sent) == 20 {
				return answer(http.StatusTooManyRequests, "slow down")
			}
			return nil
		}
		c := w.client(t, client.WithRate(client.TransactionsBulk.Name, 600))
		eng, err := batch.New(c.Bulk(client.TransactionsBulk), batch.Config[txn]{MaxItems: 1})
		require.NoError(t, err)
		items := make([]txn, 60)
		for i := range items {
			items[i] = bill(strconv.Itoa(i), "c"+strconv.Itoa(i))
		}
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assert.Equal(t, 60, rep.Progress.Applied)
		require.Len(t, sent, 61)
		for i := 1; i < 20; i++ {
			assert.InDelta(t, 0.1, sent[i].Sub(sent[i-1]).Seconds(), 1e-6, "ten a second, call %d", i)
		}
		for i := 22; i < 61; i++ { // the one after the cut may have had its turn before
			apart := sent[i].Sub(sent[i-1]).Seconds()
			assert.GreaterOrEqual(t, apart, 0.1-1e-6, "call %d", i)
			if sent[i].Before(sent[19].Add(5 * time.Second)) {
				assert.GreaterOrEqual(t, apart, 0.2/1.05/1.05/1.05/1.05/1.05, "half of it, and 5 %% a second more, call %d", i)
			}
		}
	})
}
