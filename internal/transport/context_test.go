package transport_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/internal/transport"
	"github.com/capillary-go/capillary/retry"
)

var errShutdown = errors.New("shutting down")

func TestContextEndsAWait(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		is   []error
		stop caperrors.Stop
		at   time.Duration
	}{
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(5*time.Second, cancel)
			return ctx, cancel
		}, []error{context.Canceled}, caperrors.ErrContextEnded, 5 * time.Second},
		"cancelled for a cause": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(5*time.Second, func() { cancel(errShutdown) })
			return ctx, func() { cancel(nil) }
		}, []error{context.Canceled, errShutdown}, caperrors.ErrContextEnded, 5 * time.Second},
		"a deadline within the wait": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 5*time.Second)
		}, []error{context.DeadlineExceeded, caperrors.ErrDeadlineTooNear}, caperrors.ErrDeadlineTooNear, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, answer(200, "461", "Retry-After", "60"))
				ctx, cancel := test.end(t.Context())
				defer cancel()
				start := time.Now()
				result, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, write())
				ce := callError(t, err)
				assert.Equal(t, test.at, time.Since(start))
				assert.Equal(t, 1, got.count())
				assert.Equal(t, test.stop, ce.Stop)
				assert.Equal(t, caperrors.Refused, ce.Outcome)
				for _, target := range test.is {
					require.ErrorIs(t, err, target)
				}
				require.ErrorIs(t, err, caperrors.CodeSearchBusy, "the last answer survives")
				assert.Equal(t, test.stop == caperrors.ErrContextEnded, ce.Context != nil)
				require.NotNil(t, result.Answer)
				assert.Equal(t, 60*time.Second, result.Answer.RetryAfter)
			})
		})
	}
}

func TestContextEndsAnAttempt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []http.HandlerFunc
		code    caperrors.Code // of the answer before; 0: none
	}{
		"the first":                        {[]http.HandlerFunc{silent}, 0},
		"one whose answer stops halfway":   {[]http.HandlerFunc{stall(200)}, 0},
		"one after an answer":              {[]http.HandlerFunc{busy, silent}, 461},
		"one after an answer, in its body": {[]http.HandlerFunc{busy, stall(200)}, 461},
		"one after two answers":            {[]http.HandlerFunc{busy, answer(200, "521"), silent}, 521},
	} {
		for kind, request := range map[string]*transport.Request{"write": write(), "read": read(), "engine": unsentOnly(read())} {
			if kind == "engine" && test.code != 0 {
				continue // an engine gets the first answer back
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m, got := serve(t, test.answers...)
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					defer cancel()
					start := time.Now()
					_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, request)
					ce := callError(t, err)
					assert.Equal(t, 20*time.Second, time.Since(start))
					assert.Equal(t, len(test.answers), got.count())
					assert.Equal(t, len(test.answers), ce.Attempts)
					assert.Equal(t, caperrors.ErrContextEnded, ce.Stop)
					assert.Equal(t, caperrors.Unknown, ce.Outcome)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					if test.code == 0 {
						assert.NoError(t, ce.Err)
					} else {
						require.ErrorIs(t, ce.Err, test.code)
					}
				})
			})
		}
	}
}

func TestContextEndsBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request  func() *transport.Request
		after    time.Duration
		attempts int
	}{
		"before the call": {write, 0, 0},
		"while it waits for its turn": {func() *transport.Request {
			req := write()
			req.Pace = wait
			return req
		}, time.Second, 0},
		"while it gets its credentials": {func() *transport.Request {
			req := write()
			req.Authorize = func(ctx context.Context, _ http.Header, _ bool) error { return wait(ctx) }
			return req
		}, time.Second, 0},
		"just as it got them": {func() *transport.Request {
			req := write()
			req.Authorize = func(ctx context.Context, _ http.Header, _ bool) error {
				<-ctx.Done()
				return nil
			}
			return req
		}, time.Second, 0},
		"while it dials": {write, time.Second, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := listen(t) // nobody accepts
				ctx, cancel := context.WithCancelCause(t.Context())
				if test.after == 0 {
					cancel(errShutdown)
				} else {
					time.AfterFunc(test.after, func() { cancel(errShutdown) })
				}
				start := time.Now()
				result, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, test.request())
				ce := callError(t, err)
				assert.Equal(t, test.after, time.Since(start))
				assert.Equal(t, test.attempts, ce.Attempts)
				assert.Equal(t, caperrors.ErrContextEnded, ce.Stop)
				assert.Equal(t, caperrors.NotSent, ce.Outcome)
				require.NoError(t, ce.Err)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, errShutdown)
				assert.Nil(t, result.Answer)
			})
		})
	}
}

func wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// No attempt starts after the end of the context: two hundred times a cancel at
// the very moment at which the wait is over.
func TestNoAttemptStartsAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			sends := 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tr := transport.New(transport.Config{HTTPClient: &http.Client{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					sends++
					return reply(r, http.StatusOK, "461"), nil
				}),
			}})
			req := write()
			req.Pace = func(context.Context) error {
				if sends > 0 {
					cancel()
				}
				return nil
			}
			_, err := tr.Do(ctx, req)
			assert.Equal(t, 1, sends)
			assert.Equal(t, caperrors.ErrContextEnded, callError(t, err).Stop)
		})
	}
}

// The time of one attempt is not the caller's deadline: a read is sent again, and
// a write is unknown.
func TestTimeoutOfAnAttempt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config transport.Config
		client time.Duration
		phase  caperrors.Phase
		first  http.HandlerFunc
		after  time.Duration
	}{
		"the default":                      {transport.Config{}, 0, caperrors.PhaseWait, silent, 30 * time.Second},
		"an own one":                       {transport.Config{Timeout: time.Second}, 0, caperrors.PhaseWait, silent, time.Second},
		"the http.Client's, if shorter":    {transport.Config{}, 2 * time.Second, caperrors.PhaseWait, silent, 2 * time.Second},
		"the http.Client's, if longer":     {transport.Config{Timeout: time.Second}, time.Hour, caperrors.PhaseWait, silent, time.Second},
		"it covers the body to its end":    {transport.Config{}, 0, caperrors.PhaseRead, stall(200), 30 * time.Second},
		"the http.Client's covers it, too": {transport.Config{}, 2 * time.Second, caperrors.PhaseRead, stall(200), 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, test.first)
				m.client.Timeout = test.client
				test.config.HTTPClient = m.client
				tr := transport.New(test.config)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				start := time.Now()
				_, err := tr.Do(ctx, write())
				assert.Equal(t, test.after, time.Since(start))
				ce := callError(t, err)
				assert.Equal(t, caperrors.Unknown, ce.Outcome)
				assert.Equal(t, caperrors.ErrNotRepeatable, ce.Stop)
				assert.True(t, ce.Timeout())
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, context.Canceled)
				var te *caperrors.TransportError
				require.ErrorAs(t, err, &te)
				assert.True(t, te.TimedOut)
				assert.False(t, te.NotSent)
				assert.Equal(t, test.phase, te.Phase)
				require.NoError(t, ce.Context)
				assert.Equal(t, 1, got.count())
				var cause interface{ Timeout() bool }
				require.ErrorAs(t, te.Err, &cause)
				assert.True(t, cause.Timeout())

				_, err = tr.Do(ctx, read())
				ce = callError(t, err)
				assert.Equal(t, caperrors.ErrAttemptsExhausted, ce.Stop)
				assert.Equal(t, 5, got.count(), "each of the read's four attempts had its own time")
				assert.Equal(t, test.client, m.client.Timeout, "the caller's client is not changed")
			})
		})
	}
}

// A dialer's own time-out matches context.DeadlineExceeded in the standard
// library. It is not the caller's.
func TestTimeoutOfADialer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		dialer, cancel := context.WithTimeout(t.Context(), -1)
		defer cancel()
		_, late := (&net.Dialer{}).DialContext(dialer, "tcp", "127.0.0.1:1")
		require.ErrorIs(t, late, context.DeadlineExceeded)
		m.dialErrs = []error{late, late, late, late}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), write())
		ce := callError(t, err)
		assert.Equal(t, caperrors.NotSent, ce.Outcome)
		assert.True(t, ce.Timeout())
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 0, got.count())
		assert.Equal(t, 4, m.dialed())
	})
}

// The context may end while an answer is read. A final answer stands; one that
// would be repeated is kept beside the context's error.
func TestContextEndsWithTheAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		stop  caperrors.Stop
		ended bool
	}{
		"a success stands":             {"ok", 0, false},
		"a refusal stands":             {"400", 0, false},
		"a transient answer is kept":   {"461", caperrors.ErrContextEnded, true},
		"refused credentials are, too": {"401", caperrors.ErrContextEnded, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, answer(200, test.body))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req := write()
				req.Authorize = func(context.Context, http.Header, bool) error { return nil }
				req.Judge = func(a *transport.Answer) transport.Judgement {
					cancel()
					return judge(a)
				}
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, req)
				assert.Equal(t, 1, got.count())
				if test.body == "ok" {
					require.NoError(t, err)
					return
				}
				ce := callError(t, err)
				assert.Equal(t, test.stop, ce.Stop)
				assert.Equal(t, caperrors.Refused, ce.Outcome)
				assert.Equal(t, test.ended, ce.Context != nil)
				var re *caperrors.RequestError
				require.ErrorAs(t, err, &re)
			})
		})
	}
}

func TestDeadlineStrikesWhileAnAnswerIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, busy)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := write()
		req.Judge = func(a *transport.Answer) transport.Judgement {
			<-ctx.Done()
			return judge(a)
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(ctx, req)
		ce := callError(t, err)
		assert.Equal(t, caperrors.ErrContextEnded, ce.Stop)
		require.ErrorIs(t, ce.Context, context.DeadlineExceeded)
	})
}

// Nothing of an attempt stays behind: its context, and with it its timer, ends
// with it.
func TestAttemptsAreReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		said := []string{"461", "", "461", "ok"}
		var attempts []context.Context
		live := 0
		tr := transport.New(transport.Config{HTTPClient: &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				for _, before := range attempts {
					if before.Err() == nil {
						live++
					}
				}
				attempts = append(attempts, r.Context())
				if said[len(attempts)-1] == "" {
					return nil, errRefused
				}
				return reply(r, http.StatusOK, said[len(attempts)-1]), nil
			}),
		}})
		_, err := tr.Do(t.Context(), write())
		require.NoError(t, err)
		require.Len(t, attempts, 4)
		require.Error(t, attempts[3].Err())
		assert.Zero(t, live)
	})
}

func TestContextEndsThePauseOfAnEmptyBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := serve(t, busy)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(ms, cancel)
		tr := transport.New(transport.Config{
			HTTPClient: m.client, Budget: retry.NewBudget(1), Policy: retry.Policy{OverloadDelay: time.Hour, MaxDelay: time.Hour},
		})
		start := time.Now()
		_, err := tr.Do(ctx, write())
		assert.Equal(t, ms, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, caperrors.CodeSearchBusy)
	})
}
