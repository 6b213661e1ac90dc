package batch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

// taught returns a learner that knows that 100 items fit and 101 do not.
func taught() *batch.Learner {
	l := batch.NewLearner()
	l.Accepted(100, l.Began(100))
	l.Rejected(101, 0, l.Began(101))
	return l
}

// fullCalls lets a server answer n calls of the size that the learner wants.
func fullCalls(t *testing.T, l *batch.Learner, n int) {
	t.Helper()
	for range n {
		size, wait := l.Size(100, 1000)
		require.False(t, wait)
		l.Accepted(size, l.Began(size))
	}
}

func TestATimeOutHalvesWhatACallCarries(t *testing.T) {
	t.Parallel()
	l := taught()
	for range 16 { // all that were in flight
		l.TimedOut(100, 100)
	}
	size, _ := l.Size(100, 1000)
	assert.Equal(t, 50, size, "one halving for one burst")
	assert.Equal(t, 100, l.Learned(), "what is known of the limit stays")
	l.TimedOut(20, 50)
	assert.Equal(t, 50, l.Target(), "one far from full says nothing")

	for _, want := range []int{50, 56, 63, 70, 78, 87, 97} { // each by an eighth, rounded down
		require.Equal(t, want, l.Target())
		fullCalls(t, l, 31)
		require.Equal(t, want, l.Target())
		fullCalls(t, l, 1)
	}
	assert.Zero(t, l.Target(), "97 and an eighth are more than the limit")
	size, _ = l.Size(100, 1000)
	assert.Equal(t, 100, size)
	assert.Equal(t, 100, l.Learned())
}

func TestTimeOutsInARowAreMadeGoodByDoubling(t *testing.T) {
	t.Parallel()
	l := taught()
	for _, size := range []int{100, 50, 25, 12, 6, 3, 1, 1} {
		got, wait := l.Size(100, 1000)
		require.False(t, wait)
		require.Equal(t, size, got)
		l.TimedOut(size, size)
		l.TimedOut(100, 100) // from before
	}
	for _, want := range []int{1, 2, 4, 8, 16, 32} {
		require.Equal(t, want, l.Target())
		fullCalls(t, l, 1)
	}
	assert.Equal(t, 50, l.Target())
	fullCalls(t, l, 32)
	assert.Equal(t, 56, l.Target(), "beyond the half of what met the first, it is steps")
}

func TestATimeOutIsNoProbe(t *testing.T) {
	t.Parallel()
	l := batch.NewLearner()
	probe := l.Began(100)
	l.Ended(probe)
	l.TimedOut(100, 100)
	size, wait := l.Size(100, 1000)
	require.False(t, wait)
	require.Equal(t, 50, size)
	fullCalls(t, l, 1+32) // 50 is known, then 56
	assert.Equal(t, 56, l.Target())
	fullCalls(t, l, 1)
	assert.Equal(t, 56, l.Learned(), "what is accepted is learned, as ever")
	size, wait = l.Size(100, 1000)
	assert.False(t, wait, "and nobody waits for a gallop that is not made")
	assert.Equal(t, 56, size)
	size, _ = l.Size(100, 10)
	assert.Equal(t, 10, size, "an engine with a smaller cap keeps to it")
}

// slowServer gives no answer in 30 s to a call of more than so many items.
func slowServer(items int) *server {
	srv := newServer()
	srv.dedupe = true
	srv.fault = func(_ int, bills []bill) answer {
		if len(bills) > items {
			return lose(30 * time.Second)
		}
		return nil
	}
	return srv
}

// A server that needs too long for large calls gets smaller ones, and few
// outcomes are unknown.
func TestAServerThatIsTooSlowForLargeCallsGetsSmallerOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ fits, lanes int }{{60, 1}, {60, 8}, {30, 1}, {6, 1}} {
		t.Run(fmt.Sprintf("%d items, %d lanes", tt.fits, tt.lanes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := slowServer(tt.fits)
				items := numbered(20_000)
				eng := newEngine(t, srv, batch.Config[bill]{MaxConcurrency: tt.lanes})
				rep, err := eng.Do(t.Context(), items)
				assert.False(t, errors.Is(err, caperrors.ErrOutage), "it goes on") //nolint:testifylint // it would write out every item's error
				assertSound(t, srv, items, rep)
				late := 0
				for _, ids := range srv.sent() {
					if len(ids) > tt.fits {
						late++
					}
				}
				t.Logf("%d calls, %d without an answer in time, %d items unknown, target %d of limit %d; %v",
					len(srv.sent()), late, rep.Progress.Unknown, rep.Progress.Target, rep.Progress.Limit, rep.Progress.Trouble)
				// From 100 down, and once from the doubled size; then at most once in
				// 32 calls at each of 3, 4, 5 and 6, and of more steps if more fit. All
				// lanes may be out with a size that is too large.
				assert.LessOrEqual(t, late, tt.lanes*(log2(ceilDiv(100, tt.fits))+1+ceilDiv(len(srv.sent()), 4*32)))
				assert.LessOrEqual(t, rep.Progress.Unknown, 450)
				assertIdle(t, eng)
			})
		})
	}
}

// One blip costs some calls, whatever it was; an outage of time-outs no more
// than that and what doubling takes.
func TestAnOutageOfTimeOutsCostsFewCalls(t *testing.T) {
	t.Parallel()
	for name, lasts := range map[string]time.Duration{"none": 0, "a moment": time.Nanosecond, "five minutes": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				srv.limit, srv.named, srv.dedupe = 100, true, true
				var from time.Time
				down := 0
				srv.fault = func(call int, _ []bill) answer {
					if call == 100 {
						from = time.Now()
					}
					if call >= 100 && time.Since(from) < lasts {
						down++
						return lose(30 * time.Second)
					}
					return nil
				}
				items := numbered(100_000)
				eng := newEngine(t, srv, batch.Config[bill]{OnUnknown: batch.ResendUnknown})
				rep, err := eng.Do(t.Context(), items)
				require.NoError(t, err)
				t.Logf("%d calls, %d without an answer", len(srv.sent()), down)
				assert.Equal(t, len(items), rep.Progress.Applied+rep.Progress.Duplicate)
				// 1,000 and one to learn the limit. 32 calls at each of 50, 56, 63, 70,
				// 78, 87 and 97 carry 199 × 32 items less than as many of 100: 64 calls.
				// What got no answer is sent again, and doubling takes six.
				most := 1001
				if down > 0 {
					most += 64 + 2*down + 6
				}
				assert.LessOrEqual(t, len(srv.sent()), most)
				assertIdle(t, eng)
			})
		})
	}
}

// What is no time-out leaves the size alone.
func TestOnlyATimeOutHalvesTheSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want int
	}{
		"no answer in time":   {&caperrors.TransportError{TimedOut: true}, 50},
		"a gateway saw none":  {&caperrors.DecodeError{HTTPStatus: 504, Outcome: caperrors.Unknown}, 50},
		"Cloudflare saw none": {&caperrors.DecodeError{HTTPStatus: 524, Outcome: caperrors.Unknown}, 50},
		"a cut connection":    {&caperrors.TransportError{Err: errors.New("reset")}, 0},
		"a gateway lost it":   {&caperrors.DecodeError{HTTPStatus: 502, Outcome: caperrors.Unknown}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer().first(failCall(&caperrors.CallError{Outcome: caperrors.Unknown, Err: tt.err}))
				run := newEngine(t, srv, batch.Config[bill]{}).Run(t.Context(), fromBills(numbered(150)))
				for range run.Results() {
				}
				assert.Equal(t, tt.want, run.Progress().Target)
			})
		})
	}
	t.Run("the end of the job", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := newServer().first(slowly(time.Hour))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			eng := newEngine(t, srv, batch.Config[bill]{})
			run := eng.Run(ctx, fromBills(numbered(150)))
			for range run.Results() {
			}
			assert.Zero(t, run.Progress().Target)
			assertIdle(t, eng)
		})
	})
}
