package client_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
)

// A server that takes 600 calls a minute, and callers that would make 1,200: a
// repetition after a 429 costs 5 tokens, which alone would allow 1.2 requests a
// call. The pace that follows the 429s leaves fewer.
func TestThrottledCallsAreNotAmplified(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{CallsPerMinute: 600})
		c := w.client(t)
		var sent atomic.Int64 // calls of which a request went out
		var wg sync.WaitGroup
		begin := time.Now()
		for begun := time.Duration(0); begun < 10*time.Minute; begun += 50 * time.Millisecond {
			wg.Go(func() {
				timer := time.NewTimer(time.Until(begin.Add(begun)))
				<-timer.C
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				n := strconv.FormatInt(int64(begun/time.Millisecond), 10)
				_, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill("b-"+n, "c-"+n)})
				var failed *caperrors.CallError
				if err == nil || errors.As(err, &failed) && failed.Attempts > 0 {
					sent.Add(1)
				}
			})
		}
		wg.Wait()
		stats := w.sim.Stats()
		t.Logf("%d calls, %d requests, %d over the rate", sent.Load(), stats.Calls, stats.OverRate)
		assert.Positive(t, stats.OverRate)
		assert.GreaterOrEqual(t, stats.ItemsApplied, 5000, "the server is kept busy")
		assert.LessOrEqual(t, float64(stats.Calls)/float64(sent.Load()), 1.10)
	})
}
