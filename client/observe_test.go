package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/client"
	"github.com/capillary-go/capillary/client/clienttest"
	caperrors "github.com/capillary-go/capillary/errors"
	"github.com/capillary-go/capillary/retry"
)

// recorder keeps the events that it is told.
type recorder struct {
	mu     sync.Mutex
	events []client.Event
}

func (r *recorder) observe(_ context.Context, e client.Event) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return nil
}

func (r *recorder) all() []client.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]client.Event(nil), r.events...)
}

func kinds(events []client.Event) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.Kind.String()
	}
	return names
}

func TestEventsOfACallThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Latency: time.Second})
		w.sim.Script(clienttest.Answer{Body: v2Error("461")})
		var rec recorder
		c := w.client(t, client.WithObserve(rec.observe))
		resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("b-1", "c-1")})
		require.NoError(t, err)

		events := rec.all()
		require.Equal(t, []string{
			"call-started", "attempt-started", "attempt-ended", "attempt-started", "attempt-ended", "call-ended",
		}, kinds(events))
		for _, e := range events {
			assert.Equal(t, "v2/transactions", e.Endpoint)
			assert.Equal(t, http.MethodPost, e.Method)
			assert.Equal(t, "localhost:80", e.Server)
		}
		assert.Equal(t, 1, events[1].Attempt)
		require.NoError(t, events[1].Err)
		assert.Zero(t, events[1].Wait)
		assert.Equal(t, 500, events[1].Tokens)

		refused := events[2]
		require.ErrorIs(t, refused.Err, caperrors.CodeSearchBusy)
		assert.Equal(t, caperrors.Code(461), refused.Code)
		assert.Equal(t, caperrors.Refused, refused.Outcome)
		assert.Equal(t, 200, refused.HTTPStatus)
		assert.True(t, refused.Again)
		assert.Equal(t, time.Second, refused.Took)
		assert.Equal(t, 486, refused.Tokens, "an overload costs 14")
		assert.Equal(t, len(encoded(t, bill("b-1", "c-1"))), refused.Sent)
		assert.Equal(t, len(v2Error("461")), refused.Received)

		assert.Equal(t, 2, events[3].Attempt)
		assert.Equal(t, refused.Wait, events[3].Wait, "the wait that was planned is the one that was made")
		require.ErrorIs(t, events[3].Err, caperrors.CodeSearchBusy)

		last := events[4]
		require.NoError(t, last.Err)
		assert.False(t, last.Again)
		assert.Equal(t, caperrors.Applied, last.Outcome)
		assert.Zero(t, last.Wait)

		call := events[5]
		require.NoError(t, call.Err)
		assert.Equal(t, 2, call.Attempt)
		assert.Equal(t, 2*time.Second+refused.Wait, call.Took)
		assert.Equal(t, client.ItemCounts{Applied: 1}, call.Items)
		assert.Equal(t, caperrors.Applied, call.Outcome)
		assert.Equal(t, resp.RequestID, call.RequestID)
		assert.Equal(t, 500, call.Tokens, "a repetition that succeeds is paid back")
	})
}

func TestTheLastEventTellsWhatTheCallerGets(t *testing.T) {
	t.Parallel()
	bulk := func(ctx context.Context, c *client.Client, items ...txn) error {
		bodies := make([][]byte, len(items))
		for i := range items {
			bodies[i] = encoded(t, items[i])
		}
		_, err := c.Bulk(client.TransactionsBulk).Send(ctx, bodies)
		return err
	}
	send := func(ctx context.Context, c *client.Client, items ...txn) error {
		_, err := client.Send(ctx, c, client.TransactionsBulk, items)
		return err
	}
	add := func(ctx context.Context, c *client.Client, items ...txn) error {
		_, err := c.Call(ctx, client.TransactionAdd, client.Request{Body: items[0]})
		return err
	}
	before := bill("before", "c-0") // is there already
	tests := map[string]struct {
		call    func(context.Context, *client.Client, ...txn) error
		items   []txn
		answers []clienttest.Answer
		outcome caperrors.Outcome
		code    caperrors.Code
		counts  client.ItemCounts
	}{
		"many, some of them not done": {
			call: send, items: []txn{bill("1", "c-1"), bill("2", ""), before}, outcome: caperrors.Applied, code: 8015,
			counts: client.ItemCounts{Applied: 1, Refused: 1, Duplicate: 1},
		},
		"many for an engine, some of them not done": {
			call: bulk, items: []txn{bill("1", "c-1"), bill("2", ""), before}, outcome: caperrors.Applied,
			counts: client.ItemCounts{Applied: 1, Refused: 1, Duplicate: 1},
		},
		"many, refused as a whole": {
			call: bulk, items: []txn{bill("1", "c-1"), bill("2", "c-2")}, answers: []clienttest.Answer{{Body: v2Error("1060")}},
			outcome: caperrors.Refused, code: 1060, counts: client.ItemCounts{Refused: 2},
		},
		"many, and a cut connection": {
			call: send, items: []txn{bill("1", "c-1"), bill("2", "c-2")}, answers: []clienttest.Answer{{Cut: true}},
			outcome: caperrors.Unknown, counts: client.ItemCounts{Unknown: 2},
		},
		"one that is there already": {
			call: add, items: []txn{before}, outcome: caperrors.Duplicate, code: 604, counts: client.ItemCounts{Duplicate: 1},
		},
		"one that is refused": {
			call: add, items: []txn{bill("1", "")}, outcome: caperrors.Refused, code: 8015, counts: client.ItemCounts{Refused: 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			require.NoError(t, add(t.Context(), w.client(t), before))
			w.sim.Script(test.answers...)
			var rec recorder
			err := test.call(t.Context(), w.client(t, client.WithObserve(rec.observe)), test.items...)
			events := rec.all()
			require.Equal(t, []string{"call-started", "attempt-started", "attempt-ended", "call-ended"}, kinds(events))
			last := events[3]
			assertSame(t, err, last.Err)
			assert.Equal(t, test.outcome, last.Outcome)
			assert.Equal(t, test.code, last.Code)
			assert.Equal(t, test.counts, last.Items)
		})
	}
}

// assertSame checks that two errors are one, or that there is none.
func assertSame(t *testing.T, want, got error) {
	t.Helper()
	if want == nil {
		assert.NoError(t, got)
		return
	}
	assert.Same(t, want, got)
}

func TestAFaultInTheArgumentsIsNoCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clienttest.Options{})
	var rec recorder
	c := w.client(t, client.WithObserve(rec.observe))
	_, err := c.Call(t.Context(), client.CustomerByID, client.Request{})
	require.Error(t, err)
	_, err = client.Send(t.Context(), c, client.TransactionsBulk, []int{1})
	require.Error(t, err)
	assert.Empty(t, rec.all())
}

type (
	callMark    struct{}
	attemptMark struct{}
)

func TestContextsOfAnObserverNest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oauthOptions())
	type seen struct{ call, attempt any }
	var wire []seen
	var ends []seen
	w.hc = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		wire = append(wire, seen{r.Context().Value(callMark{}), r.Context().Value(attemptMark{})})
		return w.srv.HTTPClient().Transport.RoundTrip(r)
	})}
	calls, attempts := 0, 0
	c := w.oauthClient(t, client.WithObserve(func(ctx context.Context, e client.Event) context.Context {
		switch e.Kind {
		case client.CallStarted:
			calls++
			return context.WithValue(ctx, callMark{}, calls)
		case client.AttemptStarted:
			attempts++
			return context.WithValue(ctx, attemptMark{}, attempts)
		default:
			ends = append(ends, seen{ctx.Value(callMark{}), ctx.Value(attemptMark{})})
			return context.WithValue(ctx, callMark{}, "ignored")
		}
	}), client.WithObserve(func(context.Context, client.Event) context.Context { return nil }))
	require.NoError(t, w.add(t.Context(), c))
	// The first call needs a token: call 2, which ends within call 1.
	assert.Equal(t, []seen{{2, 1}, {1, 2}}, wire)
	assert.Equal(t, []seen{{2, 1}, {2, nil}, {1, 2}, {1, nil}}, ends)
}

func TestAnObserverCannotTakeAwayTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, clienttest.Options{Latency: time.Hour})
		c := w.client(t, client.WithTimeout(3*time.Hour), client.WithObserve(func(context.Context, client.Event) context.Context {
			return context.Background()
		}))
		why := errors.New("the till was closed")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, w.add(ctx, c), context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func TestEveryStartHasItsEnd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults  clienttest.Faults
		latency time.Duration
		stop    caperrors.Stop
		fail    error
	}{
		"attempts exhausted":          {faults: clienttest.Faults{SearchBusy: 1}, stop: caperrors.ErrAttemptsExhausted},
		"not repeatable":              {faults: clienttest.Faults{CutBefore: 1}, stop: caperrors.ErrNotRepeatable},
		"the context ends an attempt": {latency: time.Hour, stop: caperrors.ErrContextEnded},
		"no connection":               {fail: errors.New("no route"), stop: caperrors.ErrNotRepeatable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, clienttest.Options{Faults: test.faults, Latency: test.latency})
				w.fail = func(int) error { return test.fail }
				var rec recorder
				c := w.client(t, client.WithObserve(rec.observe), client.WithTimeout(2*time.Hour))
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour/2)
				defer cancel()
				err := w.add(ctx, c)
				require.ErrorIs(t, err, test.stop)
				events := rec.all()
				open := 0
				for i, e := range events {
					switch e.Kind {
					case client.AttemptStarted:
						open++
					case client.AttemptEnded:
						open--
						require.Error(t, e.Err)
						assert.Equal(t, events[i-1].Attempt, e.Attempt)
						assert.Equal(t, i != len(events)-2, e.Again)
					default:
					}
					assert.GreaterOrEqual(t, open, 0)
				}
				assert.Zero(t, open)
				assert.Equal(t, client.CallStarted, events[0].Kind)
				last := events[len(events)-1]
				assert.Equal(t, client.CallEnded, last.Kind)
				assertSame(t, err, last.Err)
				assert.Equal(t, (len(events)-2)/2, last.Attempt)
			})
		})
	}
}

func TestAPanicOfAnObserverLosesNoOutcome(t *testing.T) {
	t.Parallel()
	for _, kind := range []client.EventKind{client.CallStarted, client.AttemptStarted, client.AttemptEnded, client.CallEnded} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clienttest.Options{})
			w.sim.Script(clienttest.Answer{Body: v2Error("461")})
			var log bytes.Buffer
			var rec recorder
			c := w.client(t,
				client.WithRetry(retry.Policy{OverloadDelay: time.Microsecond}),
				client.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
				client.WithObserve(func(_ context.Context, e client.Event) context.Context {
					if e.Kind == kind {
						panic("no such gauge\nlevel=INFO msg=forged")
					}
					return nil
				}),
				client.WithObserve(rec.observe))
			resp, err := c.Call(t.Context(), client.TransactionAdd, client.Request{Body: bill("b-1", "c-1")})
			require.NoError(t, err)
			assert.Equal(t, caperrors.Applied, resp.Outcome)
			assert.Equal(t, 2, resp.Attempts)
			assert.Len(t, rec.all(), 6, "the observer behind it misses nothing")
			assert.Contains(t, log.String(), `level=ERROR msg="observer panicked" op=v2/transactions event=`+kind.String())
			assert.Contains(t, log.String(), "no such gauge")
			assert.NotContains(t, log.String(), "\nlevel=INFO")
		})
	}
}

func TestObserverMustNotBeNil(t *testing.T) {
	t.Parallel()
	_, err := client.New("https://api.test", client.WithBasic(till, password), client.WithObserve(nil))
	require.ErrorContains(t, err, "WithObserve: must not be nil")
}
