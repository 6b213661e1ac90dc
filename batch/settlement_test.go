package batch_test

import (
	"context"
	"fmt"
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

func TestEachResultSaysWhatBecomesOfItsMessage(t *testing.T) {
	t.Parallel()
	item := caperrors.Scope{Version: caperrors.V2, Entity: "transaction", Level: caperrors.ItemLevel}
	failed := func(e caperrors.ItemError) batch.Result[bill] {
		return batch.Result[bill]{Outcome: e.Outcome, Kind: e.Kind, Err: &e}
	}
	refused := caperrors.Refused
	tests := map[string]struct {
		result batch.Result[bill]
		want   batch.Settlement
	}{
		"applied":                                  {batch.Result[bill]{Outcome: caperrors.Applied}, batch.Done},
		"there before":                             {batch.Result[bill]{Outcome: caperrors.Duplicate}, batch.Done},
		"no answer":                                {failed(caperrors.ItemError{Outcome: caperrors.Unknown}), batch.Undecided},
		"no answer, and the writer stopped":        {failed(caperrors.ItemError{Stop: caperrors.ErrJobStopped}), batch.Undecided},
		"the item's own refusal":                   {failed(caperrors.ItemError{Outcome: refused, Scope: item, Kind: caperrors.ErrInvalid}), batch.DeadLetter},
		"its customer is not known":                {failed(caperrors.ItemError{Outcome: refused, Scope: item, Kind: caperrors.ErrNotFound}), batch.DeadLetter},
		"a code that nobody knows":                 {failed(caperrors.ItemError{Outcome: refused, Scope: item}), batch.DeadLetter},
		"alone in a call refused for its content":  {failed(caperrors.ItemError{Outcome: refused, Kind: caperrors.ErrInvalid}), batch.DeadLetter},
		"too large alone":                          {failed(caperrors.ItemError{Outcome: refused, Kind: caperrors.ErrOversize, Stop: caperrors.ErrItemTooLarge}), batch.DeadLetter},
		"in a call too large when the writer ends": {failed(caperrors.ItemError{Outcome: refused, Kind: caperrors.ErrOversize, Stop: caperrors.ErrJobStopped}), batch.Again},
		"busy to the end":                          {failed(caperrors.ItemError{Outcome: refused, Scope: item, Kind: caperrors.ErrTransient, Stop: caperrors.ErrAttemptsExhausted}), batch.Again},
		"the credentials were refused":             {failed(caperrors.ItemError{Outcome: refused, Kind: caperrors.ErrUnauthenticated}), batch.Again},
		"behind one that failed":                   {failed(caperrors.ItemError{Outcome: caperrors.NotSent, Stop: caperrors.ErrPredecessor}), batch.Again},
		"not sent when the writer stopped":         {failed(caperrors.ItemError{Outcome: caperrors.NotSent, Stop: caperrors.ErrJobStopped}), batch.Again},
		"it cannot be encoded":                     {failed(caperrors.ItemError{Outcome: caperrors.NotSent}), batch.DeadLetter},
		"the zero result claims nothing":           {batch.Result[bill]{}, batch.Undecided},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.result.Settlement(), "%v", tt.want)
		})
	}
}

// The engine's own results, not made by hand: a stop is no fault of the items.
func TestRefusedCredentialsSendNoMessageToTheDeadLetters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer().first(refuseCall(401))
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 2, MaxConcurrency: 1})
		rep, err := eng.Do(t.Context(), numbered(5))
		require.Error(t, err)
		for _, r := range rep.Results {
			assert.Equal(t, batch.Again, r.Settlement(), "%v", r.Err)
		}
		bad := make(chan int)
		raw, err := batch.New(srv, batch.Config[chan int]{})
		require.NoError(t, err)
		never, err := raw.Do(t.Context(), []chan int{bad})
		require.Error(t, err)
		assert.Equal(t, batch.DeadLetter, never.Results[0].Settlement(), "it can never be encoded")
	})
}

// A queue adapter in small: what ends again is added again, in order, once the
// customer's items added before have their results.
func TestAReleasedKeyGoesOnInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		busy := true
		srv.verdict = func(b bill, _ int) caperrors.Verdict {
			if b.ID == "1" && busy {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		eng := newEngine(t, srv, batch.Config[bill]{
			MaxAttempts: 2,
			Advanced:    batch.Advanced{OnKeyFailure: batch.HoldKey, Linger: 10 * time.Millisecond},
		})
		var mu sync.Mutex
		var again, done []string
		w := eng.Writer(func(_ context.Context, r batch.Result[bill]) {
			mu.Lock()
			defer mu.Unlock()
			if r.Settlement() == batch.Again {
				again = append(again, r.Item.ID)
			} else {
				done = append(done, r.Item.ID)
			}
		})
		for _, b := range ofCustomers("a", "a", "a", "b", "a") {
			require.NoError(t, w.Add(t.Context(), b))
		}
		require.NoError(t, w.Flush(t.Context()))
		assert.Equal(t, []string{"1", "2", "4"}, again)

		require.NoError(t, w.Add(t.Context(), bill{ID: "5", Customer: "a"}))
		require.NoError(t, w.Flush(t.Context()))
		assert.Equal(t, []string{"1", "2", "4", "5"}, again, "held until it is released")
		assert.Equal(t, 1, batch.HeldKeys(w))

		busy = false
		w.Release("a")
		w.Release("b")
		assert.Zero(t, batch.HeldKeys(w), "a released key costs nothing")
		for _, id := range again {
			require.NoError(t, w.Add(t.Context(), bill{ID: id, Customer: "a"}))
		}
		require.NoError(t, w.Close(t.Context()))
		assert.Equal(t, []string{"0", "1", "2", "4", "5"}, srv.order["a"])
		assert.ElementsMatch(t, []string{"0", "1", "2", "3", "4", "5"}, done)
	})
}

// A call that is sent back again and again ends its items without a refusal:
// their successors must not overtake either.
func TestAnItemGivenUpUnsentHoldsItsKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(_ int, bills []bill) answer {
			if bills[0].ID != "0" {
				return nil // the others get through, so that it is no outage
			}
			return notSent()
		}
		eng := newEngine(t, srv, batch.Config[bill]{
			MaxItems: 1, MaxConcurrency: 2,
			Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey, MaxOutage: 100 * time.Hour},
		})
		items := ofCustomers("a", "a")
		for i := range 20_000 {
			items = append(items, bill{ID: strconv.Itoa(100 + i), Customer: "c" + strconv.Itoa(i)})
		}
		rep, _ := eng.Do(t.Context(), items)
		require.ErrorIs(t, rep.Results[0].Err, caperrors.ErrAttemptsExhausted)
		require.Equal(t, caperrors.NotSent, rep.Results[0].Outcome)
		require.ErrorIs(t, rep.Results[1].Err, caperrors.ErrPredecessor)
		assert.Empty(t, srv.callsWith("1"))
	})
}

// What was not sent goes back to the queue; what was is waited for.
func TestAStoppedWriterSendsNothingMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.latency = 5 * time.Second
		eng := newEngine(t, srv, batch.Config[bill]{MaxItems: 10, MaxConcurrency: 1})
		told := newLedger()
		w := eng.Writer(told.note)
		for _, b := range numbered(100) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		nap(time.Second)
		require.Len(t, srv.sent(), 1)
		start := time.Now()
		require.NoError(t, w.Stop(t.Context()))
		assert.Equal(t, 4*time.Second, time.Since(start))
		require.ErrorIs(t, w.Add(t.Context(), bill{}), batch.ErrClosed)
		assert.Len(t, srv.sent(), 1)
		became := make(map[batch.Settlement]int)
		for _, r := range told.inOrder(t) {
			became[r.Settlement()]++
		}
		assert.Equal(t, map[batch.Settlement]int{batch.Done: 10, batch.Again: 90}, became)
		require.NoError(t, w.Close(t.Context()))
		assertIdle(t, eng)
	})
}

// A queue in small: what ends again goes back to its head, the rest is done.
func ExampleWriter_Release() {
	queue := []bill{{ID: "b1", Customer: "ann"}, {ID: "b2", Customer: "ann"}, {ID: "b3"}}
	eng, err := batch.New(memory{}, batch.Config[bill]{
		Key:      func(b bill) string { return b.Customer },
		Advanced: batch.Advanced{OnKeyFailure: batch.HoldKey},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var again []bill // in the order of the queue: one customer's items end in order
	w := eng.Writer(func(_ context.Context, r batch.Result[bill]) {
		switch r.Settlement() {
		case batch.Done:
			fmt.Println(r.Item.ID, "acknowledge")
		case batch.DeadLetter:
			fmt.Println(r.Item.ID, "dead letter:", r.Message)
		case batch.Undecided:
			fmt.Println(r.Item.ID, "ask the API whether it was applied")
		case batch.Again:
			again = append(again, r.Item)
		}
	})
	ctx := context.Background()
	for len(queue) > 0 {
		for _, b := range queue {
			w.Release(b.Customer) // nothing of the customer is under way
		}
		for _, b := range queue {
			if err = w.Add(ctx, b); err != nil {
				fmt.Println(err)
				return
			}
		}
		if err = w.Flush(ctx); err != nil {
			fmt.Println(err)
			return
		}
		queue, again = again, nil // later, in a program: wait in between
	}
	if err = w.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// b1 acknowledge
	// b2 acknowledge
	// b3 dead letter: customer not found
}
