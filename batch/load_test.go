package batch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// capped is a server that works on no more than so many calls at once, each for
// 70 to 150 ms, and refuses others after 5 ms.
type capped struct {
	capacity func(elapsed time.Duration) int // 0: an outage

	mu       sync.Mutex
	rng      *rand.Rand
	start    time.Time
	working  int
	accepted int
	refused  int
	down     int // of them, those in an outage
}

func (s *capped) Send(ctx context.Context, items [][]byte) ([]caperrors.Verdict, error) {
	s.mu.Lock()
	took := time.Duration(70+s.rng.IntN(81)) * time.Millisecond
	capacity := s.capacity(time.Since(s.start))
	admitted := s.working < capacity
	if admitted {
		s.working++
	} else {
		s.refused++
		if capacity == 0 {
			s.down++
		}
		took = 5 * time.Millisecond
	}
	s.mu.Unlock()
	select {
	case <-time.After(took):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !admitted {
		return nil, &caperrors.CallError{Outcome: caperrors.Refused, Err: &caperrors.RequestError{
			Code: caperrors.CodeSearchBusy, Kind: caperrors.ErrTransient,
		}}
	}
	s.mu.Lock()
	s.working--
	s.accepted++
	s.mu.Unlock()
	verdicts := make([]caperrors.Verdict, len(items))
	for i := range verdicts {
		verdicts[i].Outcome = caperrors.Applied
	}
	return verdicts, nil
}

// B-10: a server of limited capacity is used well and refuses little, also when
// its capacity changes; an outage costs a call now and then.
func TestConcurrencyFollowsTheServer(t *testing.T) {
	t.Parallel()
	const length, meanTook = 600 * time.Second, 0.110
	const lanes, outage = 64, 100 * time.Second
	tests := map[string]struct {
		capacity func(elapsed time.Duration) int
		used     float64 // of the server's time, while it is up
	}{
		"16 calls": {func(time.Duration) int { return 16 }, 0.88},
		"16, 4, then 32 calls": {func(d time.Duration) int {
			return []int{16, 4, 32}[min(2, d/(length/3))]
		}, 0.88},
		"16 calls, and an outage": {func(d time.Duration) int {
			if d > length/3 && d < length/3+outage {
				return 0
			}
			return 16
		}, 0.80}, // the last wait is of up to 30 s
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &capped{capacity: tt.capacity, rng: rand.New(rand.NewPCG(10, 10)), start: time.Now()}
				eng, err := batch.New(srv, batch.Config[[]byte]{
					MaxItems: 2, MaxConcurrency: lanes, Advanced: batch.Advanced{StartItems: 2, Window: 1000},
				})
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), length)
				defer cancel()
				run := eng.Run(ctx, func(yield func([]byte, error) bool) {
					for i, more := 0, true; more; i++ {
						more = yield([]byte(`{"id":`+strconv.Itoa(i)+`}`), nil)
					}
				})
				for range run.Results() {
				}
				ideal := 0.0
				for d := time.Duration(0); d < length; d += time.Second {
					ideal += float64(tt.capacity(d)) / meanTook
				}
				used := float64(srv.accepted) / ideal
				share := float64(srv.refused-srv.down) / float64(srv.accepted)
				t.Logf("B-10: %.1f %% of what the server could do, %.2f %% of the calls refused, %d in an outage", 100*used, 100*share, srv.down)
				assert.GreaterOrEqual(t, used, tt.used)
				assert.LessOrEqual(t, share, 0.01)
				assert.LessOrEqual(t, srv.down, lanes+9+int(outage/(15*time.Second)))
			})
		})
	}
}

// T-55: a customer that is busy says nothing about load. With one item in twenty
// refused so, the lanes stay in use: in the middle half of a load of 80 round
// trips they carry calls nine tenths of the time, with and without.
func TestBusyCustomersLeaveTheLanesOpen(t *testing.T) {
	t.Parallel()
	const lanes = 16
	for _, share := range []float64{0, 0.05} {
		t.Run(fmt.Sprintf("%.0f %% busy", 100*share), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(5, 55))
				srv := newServer()
				srv.latency = time.Second
				srv.verdict = func(bill, int) caperrors.Verdict {
					if rng.Float64() < share {
						return refusedNow(521)
					}
					return caperrors.Verdict{Outcome: caperrors.Applied}
				}
				items := numbered(80 * lanes * 25)
				start := time.Now()
				eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 25, MaxConcurrency: lanes})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err)
				assertSound(t, srv, items, rep)
				took := time.Since(start)
				used := srv.busyLanes(start.Add(took/4), start.Add(took*3/4))
				t.Logf("T-55: %.2f of %d lanes in use in the middle half of %v", used, lanes, took)
				assert.GreaterOrEqual(t, used, 0.9*lanes)
				assert.LessOrEqual(t, srv.peak, lanes)
			})
		})
	}
}

// busyLanes is how many calls were in flight, on average over a time.
func (s *server) busyLanes(from, to time.Time) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := time.Duration(0)
	for _, ex := range s.calls {
		at, end := ex.at, ex.end
		if at.Before(from) {
			at = from
		}
		if end.After(to) {
			end = to
		}
		sum += max(0, end.Sub(at))
	}
	return sum.Seconds() / to.Sub(from).Seconds()
}
