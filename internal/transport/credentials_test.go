package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

var errTokens = errors.New("token service is down")

func TestRenewal(t *testing.T) {
	t.Parallel()
	expired := answer(200, "498")
	tests := map[string]struct {
		answers  []http.HandlerFunc
		policy   retry.Policy
		fail     int    // the call of Authorize that fails, from 1
		renews   []bool // what Authorize was called with
		sent     int
		stop     caperrors.Stop
		success  bool
		tokens   int
		unauthed bool
	}{
		"renewed and sent again":          {answers: []http.HandlerFunc{expired, ok}, renews: []bool{false, true}, sent: 2, success: true, tokens: 500},
		"at the last attempt, too":        {answers: []http.HandlerFunc{expired, ok}, policy: retry.Policy{MaxAttempts: 1}, renews: []bool{false, true}, sent: 2, success: true, tokens: 500},
		"as a page of the edge":           {answers: []http.HandlerFunc{answer(401, page), ok}, renews: []bool{false, true}, sent: 2, success: true, tokens: 500},
		"refused again":                   {answers: []http.HandlerFunc{expired, answer(401, "401")}, renews: []bool{false, true}, sent: 2, stop: caperrors.ErrRefreshFailed, tokens: 499, unauthed: true},
		"cannot be renewed":               {answers: []http.HandlerFunc{expired}, fail: 2, renews: []bool{false, true}, sent: 1, stop: caperrors.ErrRefreshFailed, tokens: 499, unauthed: true},
		"once in a call":                  {answers: []http.HandlerFunc{expired, busy, expired}, renews: []bool{false, true, false}, sent: 3, stop: caperrors.ErrRefreshFailed, tokens: 485, unauthed: true},
		"after a transient answer":        {answers: []http.HandlerFunc{busy, expired, ok}, renews: []bool{false, false, true}, sent: 3, success: true, tokens: 485},
		"the policy's attempts are kept":  {answers: []http.HandlerFunc{expired, busy}, renews: []bool{false, true, false, false, false}, sent: 5, stop: caperrors.ErrAttemptsExhausted, tokens: 457},
		"lost on the way to a repetition": {answers: []http.HandlerFunc{busy}, fail: 2, renews: []bool{false, false}, sent: 1, stop: caperrors.ErrRefreshFailed, tokens: 499},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, test.answers...)
				budget := retry.NewBudget(0)
				_, taken := budget.Take(retry.Overload) // so that a gain can be seen
				require.True(t, taken)
				budget.Refund(13)
				tr := transport.New(transport.Config{HTTPClient: m.client, Policy: test.policy, Budget: budget})
				var renews []bool
				req := write()
				req.Authorize = func(_ context.Context, header http.Header, renew bool) error {
					renews = append(renews, renew)
					if len(renews) == test.fail {
						return errTokens
					}
					header.Set("Authorization", "token")
					return nil
				}
				result, err := tr.Do(t.Context(), req)
				assert.Equal(t, test.renews, renews)
				assert.Equal(t, test.sent, got.count())
				assert.Equal(t, test.sent, result.Attempts)
				assert.Equal(t, test.tokens, budget.Tokens())
				if test.success {
					require.NoError(t, err)
					return
				}
				ce := callError(t, err)
				assert.Equal(t, test.stop, ce.Stop)
				assert.Equal(t, caperrors.Refused, ce.Outcome)
				if test.unauthed {
					require.ErrorIs(t, err, caperrors.ErrUnauthenticated)
				}
				if test.fail > 0 {
					require.ErrorIs(t, err, errTokens)
				}
			})
		})
	}
}

func TestRenewalIsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "498", "Retry-After", "30"), ok)
		req := unsentOnly(write())
		req.Authorize = func(context.Context, http.Header, bool) error { return nil }
		start := time.Now()
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, 2, got.count(), "for an engine, too")
		assert.Zero(t, time.Since(start))
	})
}

func TestRenewalAfterAWaitIsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(200, "461", "Retry-After", "30"), answer(200, "498"), ok)
		req := write()
		req.Authorize = func(context.Context, http.Header, bool) error { return nil }
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, 3, got.count())
		assert.GreaterOrEqual(t, got.all()[1].at.Sub(got.all()[0].at), 30*time.Second)
		assert.Zero(t, got.all()[2].at.Sub(got.all()[1].at))
	})
}

// Without a way to renew, refused credentials are a final answer.
func TestRenewalWithoutAuthorize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, answer(401, "401"))
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), write())
		assert.Zero(t, callError(t, err).Stop)
		assert.Equal(t, 1, got.count())
	})
}

// A write that may have been done is not sent again for its credentials.
func TestRenewalOfAnUnknownWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, ok)
		req := write()
		req.Authorize = func(context.Context, http.Header, bool) error { return nil }
		req.Judge = func(*transport.Answer) transport.Judgement {
			return transport.Judgement{Err: &caperrors.DecodeError{Outcome: caperrors.Unknown}, Renew: true}
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		assert.Equal(t, caperrors.ErrNotRepeatable, callError(t, err).Stop)
		assert.Equal(t, 1, got.count())
	})
}

func TestAuthorizeFailsBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		stop caperrors.Stop
	}{
		"an error":                          {errTokens, 0},
		"an error with a reason":            {caperrors.ErrRetryBudget, caperrors.ErrRetryBudget},
		"a time-out that is not the call's": {context.DeadlineExceeded, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, ok)
				req := write()
				req.Authorize = func(context.Context, http.Header, bool) error { return test.err }
				result, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
				ce := callError(t, err)
				assert.Equal(t, caperrors.NotSent, ce.Outcome)
				assert.Equal(t, test.stop, ce.Stop)
				assert.Equal(t, 0, ce.Attempts)
				assert.Zero(t, result.Elapsed)
				assert.Equal(t, 0, got.count())
				assert.Equal(t, 0, m.dialed())
				if test.err == context.DeadlineExceeded { //nolint:errorlint // the case itself
					require.NotErrorIs(t, err, test.err)
				} else {
					require.ErrorIs(t, err, test.err)
				}
			})
		})
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		request *transport.Request
		answers []http.HandlerFunc
		dials   []error
		paced   int
		sent    int
	}{
		"before each attempt":                  {write(), []http.HandlerFunc{busy, busy, ok}, nil, 3, 3},
		"before the one after a renewal":       {write(), []http.HandlerFunc{answer(200, "498"), ok}, nil, 2, 2},
		"an engine paces its first one itself": {unsentOnly(write()), []http.HandlerFunc{ok}, nil, 0, 1},
		"but not the others":                   {unsentOnly(write()), []http.HandlerFunc{ok}, []error{errTokens, errTokens}, 2, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, test.answers...)
				m.dialErrs = test.dials
				paced := 0
				test.request.Authorize = func(context.Context, http.Header, bool) error { return nil }
				test.request.Pace = func(context.Context) error {
					paced++
					return nil
				}
				_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), test.request)
				require.NoError(t, err)
				assert.Equal(t, test.paced, paced)
				assert.Equal(t, test.sent, got.count())
			})
		})
	}
}

func TestPaceEndsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := serve(t, busy)
		req := write()
		req.Pace = func(context.Context) error {
			if got.count() == 0 {
				return nil
			}
			return caperrors.ErrDeadlineTooNear
		}
		_, err := transport.New(transport.Config{HTTPClient: m.client}).Do(t.Context(), req)
		ce := callError(t, err)
		assert.Equal(t, caperrors.ErrDeadlineTooNear, ce.Stop)
		assert.Equal(t, caperrors.Refused, ce.Outcome)
		require.ErrorIs(t, err, caperrors.CodeSearchBusy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, got.count())
		encoded, err := json.Marshal(ce)
		require.NoError(t, err)
		assert.Contains(t, string(encoded), `"code":461`, "the answer keeps its form")
		assert.Contains(t, string(encoded), `"then":"wait for a turn: no time left for another attempt"`)
	})
}

// The wait for the pace counts, too.
func TestPaceWithinThePolicysTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		deadline time.Duration // of the caller; 0: none
		stop     caperrors.Stop
	}{
		"no deadline":      {stop: caperrors.ErrRetryTimeExceeded},
		"a later deadline": {deadline: time.Minute, stop: caperrors.ErrRetryTimeExceeded},
		"a sooner one":     {deadline: 5 * time.Second, stop: caperrors.ErrDeadlineTooNear},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, got := serve(t, busy)
				req := write()
				req.Pace = func(ctx context.Context) error {
					deadline, bounded := ctx.Deadline()
					if got.count() > 0 && bounded && time.Until(deadline) < 30*time.Second {
						return fmt.Errorf("pace: %w", caperrors.ErrDeadlineTooNear) // as that of a client: its turn comes in 30 s
					}
					return nil
				}
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				_, err := transport.New(transport.Config{HTTPClient: m.client, Policy: retry.Policy{MaxElapsed: 10 * time.Second}}).Do(ctx, req)
				ce := callError(t, err)
				assert.Equal(t, test.stop, ce.Stop)
				require.ErrorIs(t, err, caperrors.CodeSearchBusy)
				assert.Equal(t, test.stop == caperrors.ErrDeadlineTooNear, errors.Is(err, context.DeadlineExceeded))
				assert.Equal(t, 1, got.count())
			})
		})
	}
}
