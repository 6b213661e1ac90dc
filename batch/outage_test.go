package batch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// busyServer takes so many calls at once, each of 70 to 150 ms, and rejects
// every other within 5 ms.
type busyServer struct {
	capacity func(since time.Duration) int

	mu       sync.Mutex
	start    time.Time
	rng      *rand.Rand
	flying   int
	applied  int
	rejected int
}

func (s *busyServer) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	s.mu.Lock()
	room := s.flying < s.capacity(time.Since(s.start))
	service := 5 * time.Millisecond
	if room {
		s.flying++
		service = 70*time.Millisecond + time.Duration(s.rng.IntN(80_000))*time.Microsecond
	}
	s.mu.Unlock()
	timer := time.NewTimer(service)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !room {
		s.rejected++
		return nil, &caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.RequestError{
			Code: caperrors.CodeSearchBusy, Kind: caperrors.ErrTransient,
		}}
	}
	s.flying--
	s.applied++
	verdicts := make([]caperrors.Verdict, len(items))
	for i := range verdicts {
		verdicts[i].Outcome = caperrors.Applied
	}
	return verdicts, nil
}

// loadFor keeps a server busy for so long, with calls of one item each.
func loadFor(t *testing.T, lasts time.Duration, capacity func(since time.Duration) int) *busyServer {
	t.Helper()
	srv := &busyServer{capacity: capacity, rng: rand.New(rand.NewPCG(1, 10)), start: time.Now()}
	eng, err := batch.New(srv, batch.Config[json.RawMessage]{MaxItems: 1, MaxConcurrency: 64})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	body := json.RawMessage(`{}`)
	run := eng.Run(ctx, func(yield func(json.RawMessage, error) bool) {
		for yield(body, nil) {
		}
	})
	for range run.Results() {
	}
	return srv
}

// B-10: an outage of T seconds costs at most C + 9 + T/15 calls, C being those
// that may be in flight.
func TestAnOutageCostsFewCalls(t *testing.T) {
	t.Parallel()
	for _, outage := range []time.Duration{10 * time.Second, 100 * time.Second, 500 * time.Second} {
		t.Run(fmt.Sprint(outage), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := false
				counted := 0
				srv := loadFor(t, outage+60*time.Second, func(since time.Duration) int {
					if down = since > 30*time.Second && since < 30*time.Second+outage; down {
						counted++
						return 0
					}
					return 64
				})
				t.Logf("B-10: an outage of %v took %d calls, %d rejected in all", outage, counted, srv.rejected)
				assert.LessOrEqual(t, counted, 64+9+int(outage.Seconds()/15))
				assert.Greater(t, srv.applied, 1000)
			})
		})
	}
}
