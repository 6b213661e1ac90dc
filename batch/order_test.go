package batch_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
	caperrors "github.com/capillary-go/capillary/errors"
)

func orderedBy(window int) batch.Config[bill] {
	return batch.Config[bill]{MaxItems: 4, Advanced: batch.Advanced{Ordered: true, Window: window}}
}

// Every seventh item is refused for now until its fifth send, and the window is
// as small as a call: what is held back fills it.
func TestOrderedResultsComeInTheOrderOfTheInput(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 2, 4, 5, 100} {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer()
			srv.verdict = func(b bill, sends int) caperrors.Verdict {
				if byNumber(b.ID, "0")%7 == 0 && sends < 5 {
					return refusedNow(521)
				}
				return caperrors.Verdict{Outcome: caperrors.Applied}
			}
			eng := newEngine(t, srv, orderedBy(window))
			next := 0
			run := eng.Run(t.Context(), fromBills(numbered(100)))
			for r := range run.Results() {
				assert.Equal(t, next, r.Index)
				assert.Equal(t, caperrors.Applied, r.Outcome)
				next++
				items, _ := batch.Held(eng)
				assert.LessOrEqual(t, items, window)
			}
			require.NoError(t, run.Err())
			assert.Equal(t, 100, next, "window %d", window)
			assertIdle(t, eng)
		})
	}
}

// The first item waits for an hour for what closes its key; all others are
// applied, and held back, until the context ends.
func TestOrderedResultsComeAtTheEndOfTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.fault = func(_ int, bills []bill) answer {
			if bills[0].ID == "0" {
				return slowly(time.Hour)
			}
			return nil
		}
		cfg := orderedBy(20)
		cfg.MaxItems = 1
		eng := newEngine(t, srv, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		var got []caperrors.Outcome
		for r := range eng.Run(ctx, fromBills(numbered(100))).Results() {
			assert.Equal(t, len(got), r.Index)
			got = append(got, r.Outcome)
		}
		assert.LessOrEqual(t, time.Since(start), time.Minute+100*time.Millisecond)
		require.Len(t, got, 20, "the window")
		assert.Equal(t, caperrors.Unknown, got[0])
		for _, outcome := range got[1:] {
			assert.Contains(t, []caperrors.Outcome{caperrors.Applied, caperrors.NotSent}, outcome)
		}
	})
}

func TestAWritersOrderedResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer()
		srv.verdict = func(b bill, sends int) caperrors.Verdict {
			if b.ID == "0" && sends < 5 {
				return refusedNow(521)
			}
			return caperrors.Verdict{Outcome: caperrors.Applied}
		}
		next := 0
		w := newEngine(t, srv, orderedBy(50)).Writer(func(_ context.Context, r batch.Result[bill]) {
			assert.Equal(t, next, r.Index)
			next++
		})
		for _, b := range numbered(120) {
			require.NoError(t, w.Add(t.Context(), b))
		}
		require.NoError(t, w.Close(t.Context()))
		assert.Equal(t, 120, next)
	})
}
