package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// refusing answers the attempts with these numbers by status 429.
func (w *world) refusing(retryAfter string, attempts ...int64) {
	var n atomic.Int64
	w.intercept = func(*http.Request) *http.Response {
		if !slices.Contains(attempts, n.Add(1)) {
			return nil
		}
		resp := answer(http.StatusTooManyRequests, "slow down")
		if retryAfter != "" {
			resp.Header.Set("Retry-After", retryAfter)
		}
		return resp
	}
}

var once = client.WithRetry(retry.Policy{MaxAttempts: 1})

func TestCallersPassInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		bulk := w.client(t, client.WithRate(client.TransactionsBulk.Name, 60)).Bulk(client.TransactionsBulk)
		start := time.Now()
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				<-time.After(time.Duration(i) * time.Millisecond)
				err := bulk.Wait(t.Context())
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				assert.InDelta(t, float64(i), time.Since(start).Seconds(), 1e-6, "one a second, whoever waits")
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		for i, who := range order {
			assert.Equal(t, i, who)
		}
	})
}

func TestWhoLeavesTheLineCostsNobodyATurn(t *testing.T) {
	t.Parallel()
	for name, leaver := range map[string]int{"the first in the line": 1, "one in the middle": 3, "the last": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				bulk := w.client(t, client.WithRate(client.TransactionsBulk.Name, 60)).Bulk(client.TransactionsBulk)
				start := time.Now()
				var passed [6]time.Duration
				var wg sync.WaitGroup
				for i := range passed {
					wg.Go(func() {
						<-time.After(time.Duration(i) * time.Millisecond)
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						if i == leaver {
							time.AfterFunc(500*time.Millisecond, cancel)
						}
						err := bulk.Wait(ctx)
						passed[i] = time.Since(start).Round(time.Millisecond)
						assert.Equal(t, i == leaver, errors.Is(err, context.Canceled), err)
					})
				}
				wg.Wait()
				turn := 0
				for i, at := range passed {
					if i == leaver {
						assert.Equal(t, 500*time.Millisecond+time.Duration(i)*time.Millisecond, at)
						continue
					}
					assert.Equal(t, time.Duration(turn)*time.Second, at, "caller %d", i)
					turn++
				}
			})
		})
	}
}

func TestAWaitThatCannotEndInTimeIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		bulk := w.client(t, client.WithRate(client.TransactionsBulk.Name, 60)).Bulk(client.TransactionsBulk)
		require.NoError(t, bulk.Wait(t.Context()))
		var wg sync.WaitGroup
		for range 3 { // their turns come after 1, 2 and 3 s
			wg.Go(func() { assert.NoError(t, bulk.Wait(t.Context())) })
		}
		synctest.Wait()
		for limit, inTime := range map[time.Duration]bool{3900 * time.Millisecond: false, 4100 * time.Millisecond: true} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			start := time.Now()
			if err := bulk.Wait(ctx); inTime {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, caperrors.ErrDeadlineTooNear)
				assert.Zero(t, time.Since(start))
			}
			cancel()
			if inTime {
				break
			}
		}
		wg.Wait()
	})
}

func TestARefusalHalvesTheRateAndCleanSecondsBringItBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("", 11)
		c := w.client(t, once, client.WithRate(client.TransactionAdd.Name, 600))
		bulk := c.Bulk(client.TransactionAdd)
		for range 10 { // 0.0 to 0.9 s, 10 a second
			require.NoError(t, w.add(t.Context(), c))
		}
		assert.InDelta(t, 10, bulk.Rate(), 1e-9)
		require.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrTransient) // at 1.0 s
		start := time.Now()
		assert.InDelta(t, 5, bulk.Rate(), 1e-9, "half of ten a second")
		// 5·1.05ⁿ after n clean seconds: 1.05¹⁴ = 1.97993, 1.05¹⁵ = 2.07893.
		for _, step := range []struct {
			after time.Duration
			rate  float64
		}{
			{999 * time.Millisecond, 5},
			{time.Second, 5.25},
			{2 * time.Second, 5.5125},
			{14 * time.Second, 5 * 1.9799316},
			{15 * time.Second, 10},
			{time.Hour, 10},
		} {
			<-time.After(step.after - time.Since(start))
			assert.InDelta(t, step.rate, bulk.Rate(), 1e-6, step.after)
		}
	})
}

func TestCallsGoOutAtTheRateThatWasCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("", 11)
		c := w.client(t, once, client.WithRate(client.TransactionAdd.Name, 600))
		for range 10 {
			require.NoError(t, w.add(t.Context(), c))
		}
		require.Error(t, w.add(t.Context(), c))
		start := time.Now()
		for range 5 {
			require.NoError(t, w.add(t.Context(), c))
		}
		assert.Equal(t, time.Second, time.Since(start).Round(time.Millisecond), "five in the first second")
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, 1190*time.Millisecond, time.Since(start).Round(time.Millisecond), "then 5.25 a second")
	})
}

func TestARefusalPacesAnEndpointThatHadNoRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("", 8)
		c := w.client(t, once)
		bulk := c.Bulk(client.TransactionAdd)
		for range 7 {
			require.NoError(t, w.add(t.Context(), c))
			<-time.After(100 * time.Millisecond)
		}
		assert.Zero(t, bulk.Rate())
		require.Error(t, w.add(t.Context(), c))
		assert.InDelta(t, 4, bulk.Rate(), 1e-9, "half of the eight calls of the last second")
		start := time.Now()
		require.NoError(t, w.add(t.Context(), c))
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		_, err := c.Call(t.Context(), client.CustomerLookup, client.Request{})
		require.ErrorIs(t, err, caperrors.ErrNotFound)
		assert.Equal(t, 500*time.Millisecond, time.Since(start), "another endpoint has no pace")
		// 1.05¹⁵ = 2.08: back above eight a second, and free again.
		<-time.After(15 * time.Second)
		assert.Zero(t, bulk.Rate())
		start = time.Now()
		for range 20 {
			require.NoError(t, w.add(t.Context(), c))
		}
		assert.Zero(t, time.Since(start))
	})
}

func TestRefusalsOfCallsSentBeforeTheCutDoNotCutAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("", 1, 2, 3, 4, 5, 6, 7, 8)
		w.hang = func(_ *http.Request, attempt int) { <-time.After(time.Duration(attempt) * 10 * time.Millisecond) }
		c := w.client(t, once)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.Error(t, w.add(t.Context(), c)) })
		}
		wg.Wait()
		assert.InDelta(t, 4, c.Bulk(client.TransactionAdd).Rate(), 1e-9)
	})
}

func TestRatesFallNoLowerThanOneAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.intercept = func(*http.Request) *http.Response { return answer(http.StatusTooManyRequests, "no") }
		c := w.client(t, once)
		for range 30 {
			require.Error(t, w.add(t.Context(), c))
			// As it is after the next call's own wait, the rate grew in between.
			assert.GreaterOrEqual(t, c.Bulk(client.TransactionAdd).Rate(), 1.0/60)
		}
	})
}

func TestRetryAfterClosesTheEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("7", 1)
		c := w.client(t, once)
		require.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrTransient)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		err := w.add(ctx, c)
		require.ErrorIs(t, err, caperrors.ErrDeadlineTooNear)
		assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
		assert.Zero(t, time.Since(start))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				err := w.add(t.Context(), c)
				assert.Equal(t, 7*time.Second, time.Since(start))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Zero(t, c.Bulk(client.TransactionAdd).Rate(), "closed and open again, no pace")
	})
}

func TestRetryAfterIsCappedByThePolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("86400", 1)
		c := w.client(t)
		require.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrRetryAfterTooLong)
		start := time.Now()
		require.NoError(t, w.add(t.Context(), c))
		assert.Equal(t, retry.DefaultMaxRetryAfter, time.Since(start))
	})
}

func TestACutSendsAwayWhoCannotPassInTimeAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.refusing("60", 3) // the third answer, to the second call
		w.hang = func(_ *http.Request, attempt int) {
			if attempt == 2 {
				<-time.After(1500 * time.Millisecond)
			}
		}
		c := w.client(t, once, client.WithRate(client.TransactionAdd.Name, 60))
		require.NoError(t, w.add(t.Context(), c))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { assert.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrTransient) }) // sent at 1 s, refused at 2.5 s
		synctest.Wait()
		for i := range 5 { // turns at 2, 3, 4, 5 and 6 s
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			wg.Go(func() {
				<-time.After(time.Duration(i) * time.Millisecond)
				err := w.add(ctx, c)
				if i == 0 {
					assert.NoError(t, err)
					return
				}
				assert.Equal(t, 2500*time.Millisecond, time.Since(start).Round(time.Millisecond))
				assert.ErrorIs(t, err, caperrors.ErrDeadlineTooNear)
			})
		}
		wg.Wait()
	})
}

func TestAnEndpointWithManyCallersDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		c := w.client(t, client.WithRate(client.AllEndpoints, 60), client.WithRate(client.TransactionsBulk.Name, 6000))
		bulk := c.Bulk(client.TransactionsBulk)
		assert.InDelta(t, 1, bulk.Rate(), 1e-9, "the lower of both")
		start := time.Now()
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() { assert.NoError(t, bulk.Wait(t.Context())) })
		}
		synctest.Wait()
		require.NoError(t, c.Bulk(client.CardsUpdateBulk).Wait(t.Context()))
		assert.InDelta(t, 1, time.Since(start).Seconds(), 1e-6, "behind the first of the crowd, not behind all of it")
		wg.Wait()
		assert.InDelta(t, 30, time.Since(start).Seconds(), 1e-6, "31 calls, one a second")
	})
}

// counting is a limiter that checks how it is called.
type counting struct {
	calls, inside atomic.Int64
	overlap       atomic.Bool
	err           error
}

func (l *counting) Wait(context.Context) error {
	if l.inside.Add(1) > 1 {
		l.overlap.Store(true)
	}
	defer l.inside.Add(-1)
	l.calls.Add(1)
	<-time.After(time.Millisecond)
	return l.err
}

func TestALimiterIsAskedBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.intercept = func(*http.Request) *http.Response { return answer(http.StatusServiceUnavailable, "busy") }
		var own, all counting
		c := w.client(t, client.WithLimiter(client.TransactionAdd.Name, &own), client.WithLimiter(client.AllEndpoints, &all))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { assert.ErrorIs(t, w.add(t.Context(), c), caperrors.ErrAttemptsExhausted) })
		}
		_, err := c.Call(t.Context(), client.CustomerLookup, client.Request{})
		require.Error(t, err)
		wg.Wait()
		assert.Equal(t, int64(20), own.calls.Load())
		assert.Equal(t, int64(24), all.calls.Load())
		assert.False(t, own.overlap.Load())
		assert.False(t, all.overlap.Load())
	})
}

func TestALimiterThatCannotTellFailsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		l := counting{err: errors.New("redis://user:hunter2@host is away")}
		c := w.client(t, client.WithLimiter(client.AllEndpoints, &l), client.WithRate(client.TransactionAdd.Name, 1))
		for range 3 { // the endpoint's turn is not lost with it
			start := time.Now()
			err := w.add(t.Context(), c)
			require.Error(t, err)
			assert.Equal(t, time.Millisecond, time.Since(start))
			assert.Equal(t, caperrors.NotSent, caperrors.OutcomeOf(err))
			assert.NotContains(t, err.Error(), "hunter2")
		}
		assert.Empty(t, w.requests())
	})
}

// panicking is a limiter with a fault, which a server around it recovers from.
type panicking struct{ asked int }

func (l *panicking) Wait(context.Context) error {
	if l.asked++; l.asked == 1 {
		panic("no connection")
	}
	return nil
}

func TestALimiterThatPanicsDoesNotCloseTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		c := w.client(t, client.WithLimiter(client.TransactionAdd.Name, new(panicking)), client.WithRate(client.AllEndpoints, 60))
		assert.Panics(t, func() { _ = w.add(t.Context(), c) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, w.add(ctx, c))
	})
}

func TestALimiterOfTimeRateFits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		shared := rate.NewLimiter(1, 1)
		one, other := w.client(t, client.WithLimiter(client.AllEndpoints, shared)), w.client(t, client.WithLimiter(client.AllEndpoints, shared))
		start := time.Now()
		for range 3 {
			require.NoError(t, w.add(t.Context(), one))
			require.NoError(t, w.add(t.Context(), other))
		}
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

// failing is a limiter that returns an error at once.
type failing struct{ err error }

func (l *failing) Wait(context.Context) error { return l.err }

func TestALimiterThatWouldWaitTooLong(t *testing.T) {
	t.Parallel()
	spent := func(burst int) client.Limiter {
		l := rate.NewLimiter(rate.Every(time.Minute), burst)
		l.Allow()
		return l
	}
	tests := map[string]struct {
		limiter client.Limiter
		timeout time.Duration // of the caller; 0: none
		want    caperrors.Stop
		waited  time.Duration
	}{
		"one of package rate":              {spent(1), 30 * time.Second, caperrors.ErrDeadlineTooNear, 0},
		"that, in time":                    {spent(1), 2 * time.Minute, 0, time.Minute},
		"that, without a deadline":         {spent(1), 0, 0, time.Minute},
		"that, and it lets nothing pass":   {spent(0), 30 * time.Second, 0, 0},
		"one that says so":                 {&failing{fmt.Errorf("shared: %w", caperrors.ErrDeadlineTooNear)}, 30 * time.Second, caperrors.ErrDeadlineTooNear, 0},
		"one that cannot tell":             {&failing{errors.New("away")}, 30 * time.Second, 0, 0},
		"one that was not answered itself": {&failing{fmt.Errorf("shared: %w", context.DeadlineExceeded)}, 30 * time.Second, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{})
				c := w.client(t, client.WithLimiter(client.TransactionAdd.Name, test.limiter))
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if test.timeout > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.timeout)
				}
				defer cancel()
				start := time.Now()
				err := w.add(ctx, c)
				assert.Equal(t, test.waited, time.Since(start))
				if test.waited > 0 {
					require.NoError(t, err)
					return
				}
				var call *caperrors.CallError
				require.ErrorAs(t, err, &call)
				assert.Equal(t, test.want, call.Stop)
				assert.Equal(t, caperrors.NotSent, call.Outcome)
				assert.Equal(t, test.want != 0, errors.Is(err, context.DeadlineExceeded))
				assert.Empty(t, w.requests())
			})
		})
	}
}

func TestALimiterThatWouldWaitPastThePolicysTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		w.intercept = func(*http.Request) *http.Response { return answer(http.StatusServiceUnavailable, "busy") }
		limiter := rate.NewLimiter(rate.Every(time.Minute), 1)
		policy := retry.Policy{MaxElapsed: 30 * time.Second}
		c := w.client(t, client.WithLimiter(client.TransactionAdd.Name, limiter), client.WithRetry(policy))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := w.add(ctx, c)
		require.ErrorIs(t, err, caperrors.ErrRetryTimeExceeded)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "which is far")
		assert.Len(t, w.requests(), 1)
	})
}

func TestPaceUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{})
		var n atomic.Int64
		w.intercept = func(*http.Request) *http.Response {
			if n.Add(1)%50 == 0 {
				return answer(http.StatusTooManyRequests, "slow down")
			}
			return nil
		}
		c := w.client(t, client.WithRate(client.AllEndpoints, 6000))
		var passed, late atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for k := range 10 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i*k)%7)*time.Second)
					start := time.Now()
					_, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: bill(strconv.Itoa(i)+"-"+strconv.Itoa(k), strconv.Itoa(i))})
					if d, _ := ctx.Deadline(); time.Now().After(d.Add(time.Millisecond)) {
						t.Errorf("%v past its deadline", time.Since(start))
					}
					cancel()
					if err == nil {
						passed.Add(1)
					} else {
						late.Add(1)
					}
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int64(1000), passed.Load()+late.Load())
		assert.Positive(t, passed.Load())
		<-time.After(time.Hour)
		start := time.Now()
		require.NoError(t, w.add(t.Context(), c))
		assert.Zero(t, time.Since(start), "nobody is left in a line")
	})
}
