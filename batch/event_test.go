package batch_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestEventsComeInOrderAndNoneIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			srv := newServer()
			srv.limit = 60
			srv.fault = func(int, []bill) answer {
				switch rng.IntN(6) {
				case 0:
					return refuseCall(503)
				case 1:
					return slowly(time.Duration(rng.IntN(900)) * time.Millisecond)
				default:
					return nil
				}
			}
			// No lock: events come one at a time, and all before Do returns.
			var events []batch.Event
			eng := newEngine(t, srv, batch.Config[bill]{Observe: func(e batch.Event) { events = append(events, e) }})
			rep, err := eng.Do(t.Context(), numbered(2000))
			require.NoError(t, err)
			count := make(map[batch.EventKind]int)
			inFlight, learned := 0, 0
			var last time.Time
			for _, e := range events {
				count[e.Kind]++
				assert.False(t, e.At.Before(last), "in the order of time")
				last = e.At
				switch e.Kind {
				case batch.CallStarted:
					inFlight++
					assert.Equal(t, inFlight, e.InFlight)
					assert.Positive(t, e.Items)
				case batch.CallEnded:
					assert.Equal(t, inFlight, e.InFlight)
					inFlight--
					assert.Positive(t, e.Took)
				case batch.LimitLearned:
					assert.Greater(t, e.Items, learned)
					learned = e.Items
				case batch.LimitRejected:
					assert.Greater(t, e.Items, 60)
					require.ErrorIs(t, e.Err, caperrors.ErrOversize)
				case batch.Waiting:
					assert.Positive(t, e.Took)
				case batch.HotKey:
					assert.Fail(t, "every customer has one bill")
				case batch.CallWasted:
					assert.Equal(t, inFlight, e.InFlight)
				}
			}
			assert.Zero(t, inFlight)
			assert.Equal(t, len(srv.sent()), count[batch.CallStarted])
			assert.Equal(t, len(srv.sent()), count[batch.CallEnded])
			assert.Equal(t, srv.rejected, count[batch.LimitRejected])
			assert.Equal(t, rep.Progress.Limit, learned)
			assert.Equal(t, rep.Progress.Wasted, count[batch.CallWasted])
			assert.Equal(t, rep.Progress.Calls, count[batch.CallStarted])
		})
	}
}

// In real time: a bubble's clock stands still while somebody waits for a mutex.
func TestASlowObserverHasSeenAllWhenTheJobReturns(t *testing.T) {
	t.Parallel()
	seen := 0
	eng := newEngine(t, newApplyAll(), batch.Config[bill]{Observe: func(batch.Event) {
		nap(5 * time.Millisecond)
		seen++
	}})
	_, err := eng.Do(t.Context(), numbered(10))
	require.NoError(t, err)
	assert.Equal(t, 3, seen, "started, learned, ended")
}
