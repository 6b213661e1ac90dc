package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func TestDoOfNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(t.Context(), nil)
		require.NoError(t, err)
		assert.Empty(t, rep.Results)
		assert.Empty(t, srv.sent())
		assertIdle(t, eng)
	})
}

// T-17, T-18, T-21, T-28.
func TestDoReportsInTheOrderGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 30
		srv.verdict = func(b bill, _ int) caperrors.Verdict {
			switch b.ID {
			case "7":
				return caperrors.Verdict{Outcome: caperrors.Refused, Code: 8015, Kind: caperrors.ErrInvalid, Message: "no customer"}
			case "8":
				return caperrors.Verdict{Outcome: caperrors.Duplicate, Code: 604, Kind: caperrors.ErrDuplicate}
			case "9":
				return caperrors.Verdict{Outcome: caperrors.Applied, Warnings: []caperrors.Warning{{Code: 99, Message: "mind"}}}
			default:
				return caperrors.Verdict{Outcome: caperrors.Applied}
			}
		}
		items := numbered(500)
		given := slices.Clone(items)
		eng := newEngine(t, srv, batch.Config[bill]{ID: func(b bill) string { return b.ID }})
		rep, err := eng.Do(t.Context(), items)
		assert.Equal(t, given, items, "the slice is not changed")
		require.Len(t, rep.Results, 500)
		for i, r := range rep.Results {
			assert.Equal(t, i, r.Index)
			assert.Equal(t, items[i], r.Item)
			assert.Equal(t, strconv.Itoa(i), r.ID)
			assert.Equal(t, items[i].Customer, r.Key)
		}
		var failed *caperrors.BatchError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, "batch: 1 of 500 items failed (1×8015)", err.Error())
		require.ErrorIs(t, err, caperrors.ErrInvalid)
		require.ErrorIs(t, err, caperrors.Code(8015))
		require.NotErrorIs(t, err, caperrors.ErrTransient)
		assert.Equal(t, caperrors.Refused, rep.Results[7].Outcome)
		assert.Equal(t, "no customer", rep.Results[7].Message)
		assert.Equal(t, caperrors.Duplicate, rep.Results[8].Outcome)
		require.NoError(t, rep.Results[8].Err)
		assert.Equal(t, []caperrors.Warning{{Code: 99, Message: "mind"}}, rep.Results[9].Warnings)
		p := rep.Progress
		assert.Equal(t, []int{500, 498, 1, 1, 0, 0}, []int{p.Accepted, p.Applied, p.Duplicate, p.Refused, p.Unknown, p.NotSent})
		assert.Equal(t, 500, p.Done())
		assert.Equal(t, 28, p.Limit, "100, 50, 37 and 31 were refused, 25 and 28 taken; 29 would not pay any more")
		assert.Equal(t, len(srv.sent()), p.Calls)
		assert.Equal(t, srv.rejected, p.Wasted)
		assert.Len(t, srv.callsWith("9"), rep.Results[9].Attempts, "a warning is no reason to send again")
		assertIdle(t, eng)
	})
}

func TestDoWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	cause := errors.New("the shift is over")
	contexts := map[string]struct {
		ctx  func(t *testing.T) context.Context
		want []error
	}{
		"its deadline passed": {func(t *testing.T) context.Context {
			t.Helper()
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			t.Cleanup(cancel)
			return ctx
		}, []error{context.DeadlineExceeded, caperrors.ErrContextEnded}},
		"canceled with a cause": {func(t *testing.T) context.Context {
			t.Helper()
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			return ctx
		}, []error{context.Canceled, cause, caperrors.ErrContextEnded}},
	}
	for name, tt := range contexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng := newEngine(t, srv, batch.Config[bill]{})
				items := numbered(250)
				rep, err := eng.Do(tt.ctx(t), items)
				for _, want := range tt.want {
					require.ErrorIs(t, err, want)
				}
				assert.Empty(t, srv.sent(), "nothing is sent")
				assert.Equal(t, map[caperrors.Outcome]int{caperrors.NotSent: 250}, outcomes(rep))
				assertSound(t, srv, items, rep)
				assertIdle(t, eng)
			})
		})
	}
}

func TestDoWithoutAContext(t *testing.T) {
	t.Parallel()
	srv := newServer()
	eng := newEngine(t, srv, batch.Config[bill]{})
	rep, err := eng.Do(nil, numbered(3)) //nolint:staticcheck // what it does with a nil context is the test
	var argument *caperrors.ArgumentError
	require.ErrorAs(t, err, &argument)
	assert.Equal(t, "ctx", argument.Field)
	assertSound(t, srv, numbered(3), rep)
	assert.Empty(t, srv.sent())
}

func TestDoIsFineWhenItsContextEndsAfterTheLastAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		ctx, cancel := context.WithCancel(t.Context())
		srv.first(func(_ context.Context, s *server, bills []bill) ([]caperrors.Verdict, error) {
			cancel()
			nap(10 * time.Millisecond) // the answer is on its way
			return s.take(bills)
		})
		eng := newEngine(t, srv, batch.Config[bill]{})
		rep, err := eng.Do(ctx, numbered(20))
		require.NoError(t, err, "every item is applied")
		assertSound(t, srv, numbered(20), rep)
	})
}

// T-16, T-47: a panic in the functions of the caller.
func TestItemsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := map[string]struct {
		cfg  batch.Config[any]
		item any
	}{
		"no JSON":          {item: make(chan int)},
		"no JSON object":   {item: 17},
		"null":             {item: nil},
		"a raw fragment":   {item: json.RawMessage(`{"id":"x"`)},
		"panic in a key":   {item: map[string]string{"id": "x"}, cfg: batch.Config[any]{Key: func(any) string { panic(boom) }}},
		"panic in an id":   {item: map[string]string{"id": "x"}, cfg: batch.Config[any]{ID: func(any) string { panic(boom) }}},
		"panic in Marshal": {item: panics{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := newServer()
				eng, err := batch.New(srv, tt.cfg)
				require.NoError(t, err)
				rep, err := eng.Do(t.Context(), []any{tt.item, tt.item})
				require.Error(t, err)
				require.Len(t, rep.Results, 2)
				for _, r := range rep.Results {
					assert.Equal(t, caperrors.NotSent, r.Outcome)
					require.Error(t, r.Err)
				}
				assert.Empty(t, srv.sent())
				if strings.HasPrefix(name, "panic") {
					var panicked *batch.PanicError
					require.ErrorAs(t, err, &panicked)
					assert.NotEmpty(t, panicked.Stack)
					assert.Equal(t, "panic: *errors.errorString", panicked.Error())
					require.ErrorIs(t, err, panicked.Unwrap())
				}
			})
		})
	}
}

// panics cannot be encoded.
type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic(errors.New("boom")) }

// T-16.
func TestABadItemDoesNotHurtItsNeighbours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng, err := batch.New(srv, batch.Config[[]byte]{})
		require.NoError(t, err)
		rep, err := eng.Do(t.Context(), [][]byte{[]byte(`{"id":"1"}`), []byte(`}`), []byte(` {"id":"3"} `), []byte(`[1]`), {}})
		require.Error(t, err)
		var got []caperrors.Outcome
		for _, r := range rep.Results {
			got = append(got, r.Outcome)
		}
		n, a := caperrors.NotSent, caperrors.Applied
		assert.Equal(t, []caperrors.Outcome{a, n, a, n, n}, got)
		assert.Equal(t, [][]string{{"1", "3"}}, srv.sent())
	})
}

func TestTheEndpointFillsInWhatTheConfigLeavesOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ep := &endpoint{server: newServer(), maxItems: 10}
		eng, err := batch.New(ep, batch.Config[bill]{})
		require.NoError(t, err)
		items := ofCustomers("a", "a", "b", "", "")
		items = append(items, numbered(40)...)
		rep, err := eng.Do(t.Context(), items)
		require.NoError(t, err)
		assert.Equal(t, "a", rep.Results[1].Key)
		assert.Equal(t, "1", rep.Results[1].ID)
		assert.Empty(t, ep.clashes)
		for _, ids := range ep.sent() {
			assert.LessOrEqual(t, len(ids), 10)
		}
	})
}

func TestNewRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := batch.New[bill](nil, batch.Config[bill]{})
	require.ErrorContains(t, err, "sender")
	_, err = batch.New(newServer(), batch.Config[bill]{
		MaxItems: -1, MaxConcurrency: -1, MaxAttempts: -1, OnUnknown: 9,
		Advanced: batch.Advanced{StartItems: -1, Window: -1, Linger: -1, MaxOutage: -1, OnKeyFailure: 9},
	})
	var argument *caperrors.ArgumentError
	require.ErrorAs(t, err, &argument)
	for _, field := range []string{
		"MaxItems", "MaxConcurrency", "MaxAttempts", "OnUnknown", "StartItems", "Window", "Linger", "MaxOutage", "OnKeyFailure",
	} {
		require.ErrorContains(t, err, field)
	}
}

func TestManyDosOnOneEngine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.limit = 40
		srv.verdict = func(_ bill, sends int) caperrors.Verdict {
			if sends == 1 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{})
		var all sync.WaitGroup
		for d := range 20 {
			all.Go(func() {
				items := make([]bill, 37)
				for i := range items { // the same customers in every Do
					items[i] = bill{ID: strconv.Itoa(1000*d + i), Customer: "c" + strconv.Itoa(i%20)}
				}
				nap(time.Duration(d) * 30 * time.Millisecond)
				rep, err := eng.Do(t.Context(), items)
				assert.NoError(t, err) //nolint:testifylint // not in another goroutine
				for i, r := range rep.Results {
					assert.Equal(t, items[i], r.Item)
					assert.Equal(t, 2, min(r.Attempts, 2))
				}
			})
		}
		all.Wait()
		assert.Empty(t, srv.clashes, "no customer twice in flight")
		assert.Len(t, srv.applied, 20*37)
		for id, n := range srv.applied {
			assert.Equal(t, 1, n, id)
		}
		assertIdle(t, eng)
	})
}

// T-46.
func TestOneDoThatIsCanceledLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		eng := newEngine(t, srv, batch.Config[bill]{})
		var all sync.WaitGroup
		all.Go(func() {
			rep, err := eng.Do(t.Context(), numbered(1000))
			assert.NoError(t, err) //nolint:testifylint // not in another goroutine
			assertSound(t, srv, numbered(1000), rep)
		})
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 130*time.Millisecond)
			defer cancel()
			items := make([]bill, 1000)
			for i := range items {
				items[i] = bill{ID: strconv.Itoa(5000 + i)}
			}
			start := time.Now()
			_, err := eng.Do(ctx, items)
			assert.ErrorIs(t, err, context.DeadlineExceeded) //nolint:testifylint // not in another goroutine
			assert.LessOrEqual(t, time.Since(start), 230*time.Millisecond)
		})
		all.Wait()
		assertIdle(t, eng)
	})
}
