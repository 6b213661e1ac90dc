package batch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// listener is a result function that checks what it is told.
type listener struct {
	w      *world
	writer *batch.Writer[bill]
	boom   int // the number of the result at which it panics

	mu    sync.Mutex
	told  map[string]batch.Result[bill]
	wrong error
}

func (l *listener) hear(ctx context.Context, r batch.Result[bill]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, twice := l.told[r.Item.ID]
	switch {
	case twice:
		l.wrong = fmt.Errorf("item %d has two results", r.Index)
	case l.w.ordered && r.Index != len(l.told):
		l.wrong = fmt.Errorf("item %d has the result number %d", r.Index, len(l.told))
	case !errors.Is(l.writer.Add(ctx, bill{}), batch.ErrReentrant):
		l.wrong = errors.New("an item was added from within")
	}
	l.writer.Release(r.Key)
	if l.told[r.Item.ID] = r; len(l.told) == l.boom {
		panic("boom")
	}
}

// Whatever the server does, and however the writer ends while items are added
// and flushed, each Add that returned nil has its one result. T-07, T-45, T-47;
// B-11, B-12.
func TestHoweverAWriterEndsEachItemAddedHasItsResult(t *testing.T) {
	t.Parallel()
	for seed := range uint64(scaled(150, 5000)) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			rng := rand.New(rand.NewPCG(seed, 12)) // the server draws on the world's
			items := w.items(0)
			told := &listener{w: w, boom: rng.IntN(800), told: make(map[string]batch.Result[bill])}
			told.mu.Lock()
			told.writer = w.eng.Writer(told.hear)
			told.mu.Unlock()
			added := make([]bool, len(items))
			var all sync.WaitGroup
			all.Go(func() {
				for i, b := range items {
					if i%13 == 7 {
						nap(100 * time.Millisecond)
					}
					added[i] = told.writer.Add(t.Context(), b) == nil
				}
			})
			pause := time.Duration(rng.IntN(4000)) * time.Millisecond
			all.Go(func() {
				nap(pause)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				_ = told.writer.Flush(ctx)
			})
			nap(time.Duration(rng.IntN(6000)) * time.Millisecond)
			limit := []time.Duration{time.Duration(rng.IntN(3000)) * time.Millisecond, 24 * time.Hour}[rng.IntN(2)]
			end := []func(context.Context) error{told.writer.Close, told.writer.Stop}[rng.IntN(2)]
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			start := time.Now()
			_ = end(ctx)
			require.LessOrEqual(t, time.Since(start), limit+100*time.Millisecond, "seed %d", seed)
			all.Wait()
			nap(3 * time.Hour) // what was asked and is deaf
			synctest.Wait()
			require.NoError(t, told.wrong, "seed %d", seed)
			require.Empty(t, w.misplaced, "seed %d", seed)
			require.Empty(t, batch.Leftovers(w.eng), "seed %d", seed)
			require.Empty(t, w.srv.clashes, "seed %d", seed)
			for i, b := range items {
				r, is := told.told[b.ID]
				require.Equal(t, added[i], is, "seed %d item %d", seed, i)
				if is {
					require.Equal(t, w.srv.sends[b.ID], r.Attempts, "seed %d item %d", seed, i)
				}
			}
		})
	}
}
