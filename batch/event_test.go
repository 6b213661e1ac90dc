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

func TestTheLimitsAreToldHoweverTheyBecameKnown(t *testing.T) {
	t.Parallel()
	const ids = `{"id":"0000","customer":"0000"}` // of 31 bytes, and a comma
	tests := map[string]struct {
		set   func(*server)
		known batch.Limits
		want  []batch.Event
	}{
		"named by the server": {
			set:  func(s *server) { s.limit, s.named = 20, true },
			want: []batch.Event{{Items: 20}},
		},
		"learned before": {
			set:   func(s *server) { s.limit = 40 },
			known: batch.Limits{Accepted: 40, Refused: 41},
			want:  []batch.Event{{Items: 40}},
		},
		"named anew after it fell": {
			set: func(s *server) {
				s.limit, s.named = 50, true
				s.fault = func(call int, _ []bill) answer {
					if call == 10 {
						s.limit = 25
					}
					return nil
				}
			},
			want: []batch.Event{{Items: 50}, {Items: 25}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				tt.set(srv)
				var got []batch.Event
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1, Observe: func(e batch.Event) {
					if e.Kind == batch.LimitLearned {
						got = append(got, batch.Event{Items: e.Items, Bytes: e.Bytes})
					}
				}})
				tt.known.Endpoint = eng.Limits().Endpoint
				require.NoError(t, eng.SetLimits(tt.known))
				_, err := eng.Do(t.Context(), numbered(1000))
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
			})
		})
	}
	t.Run("in bytes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := newServer()
			srv.bytes = 10 * (len(ids) + 1)
			var last batch.Event
			eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: 1, Observe: func(e batch.Event) {
				if e.Kind == batch.LimitLearned {
					last = e
				}
			}})
			rep, err := eng.Do(t.Context(), numbered(1000))
			require.NoError(t, err)
			assert.Equal(t, rep.Progress.LimitBytes, last.Bytes)
			assert.Positive(t, last.Bytes)
			assert.LessOrEqual(t, last.Bytes, srv.bytes)
		})
	})
}
