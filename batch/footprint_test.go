package batch_test

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capillary-go/capillary/batch"
)

// heap returns the bytes that are alive.
func heap() int {
	runtime.GC()
	runtime.GC() // what had a finalizer goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// T-49, T-51: an engine that has done its work keeps no item, body or buffer
// alive, and no goroutine.
//
//nolint:paralleltest // the heap is measured for the whole process
func TestAnIdleEngineHoldsNothing(t *testing.T) {
	const items, size = 20_000, 4 << 10
	padding := bytes.Repeat([]byte{' '}, size)
	eng, err := batch.New(newApplyAll(), batch.Config[[]byte]{MaxItems: 100, Key: func(body []byte) string {
		return strconv.Itoa(int(body[2]) + 256*int(body[3]))
	}})
	require.NoError(t, err)
	goroutines, before := runtime.NumGoroutine(), heap()
	for range 3 {
		run := eng.Run(t.Context(), func(yield func([]byte, error) bool) {
			for i := range items {
				body := append([]byte(`{"`), byte('a'+i%26), byte('a'+i/26%26))
				body = append(append(body, `":1}`...), padding...)
				if !yield(body, nil) {
					return
				}
			}
		})
		for range run.Results() {
		}
		require.NoError(t, run.Err())
	}
	for range 500 {
		w := eng.Writer(func(context.Context, batch.Result[[]byte]) {})
		require.NoError(t, w.Close(t.Context()))
	}
	after := heap()
	// Fewer, if one of another test was still ending when they were counted.
	assert.LessOrEqual(t, goroutinesNow(goroutines), goroutines)
	// 80 MiB went through. What stays is the free list of the window's 8000
	// items, some 300 bytes each.
	assert.LessOrEqual(t, after-before, 4<<20)
	t.Logf("%d KiB before, %d KiB after %d MiB of items", before>>10, after>>10, 3*items*size>>20)
	runtime.KeepAlive(eng)
}

// goroutinesNow returns how many goroutines there are. One that has ended stays
// in the count for a moment, longer on a busy machine: while there are more than
// enough, it looks again.
func goroutinesNow(enough int) int {
	n := runtime.NumGoroutine()
	for range 100_000 {
		if n <= enough {
			break
		}
		runtime.Gosched()
		n = runtime.NumGoroutine()
	}
	return n
}

// B-8, T-48, T-52: an outage of ten minutes holds a window of items and no
// goroutine for any of them.
//
//nolint:paralleltest // goroutines are counted for the whole process
func TestItemsThatWaitTakeNoGoroutine(t *testing.T) {
	for _, lanes := range []int{1, 16} {
		synctest.Test(t, func(t *testing.T) {
			const window = 3000
			base := runtime.NumGoroutine() + 1 // the one that counts
			srv := newServer()
			start := time.Now()
			most, held := 0, 0
			var eng *batch.Engine[bill]
			srv.fault = func(int, []bill) answer {
				if took := time.Since(start); took > time.Second && took < 10*time.Minute {
					return refuseCall(503)
				}
				return nil
			}
			eng = newEngine(t, srv, batch.Config[bill]{
				MaxItems: 100, MaxConcurrency: lanes, Advanced: batch.Advanced{Window: window, MaxOutage: time.Hour},
				Observe: func(batch.Event) {
					items, _ := batch.Held(eng)
					held = max(held, items)
				},
			})
			over := make(chan struct{})
			var counting sync.WaitGroup
			counting.Go(func() {
				for {
					pause := 37 * time.Millisecond
					if took := time.Since(start); took > 3*time.Second && took < 595*time.Second {
						pause = 3700 * time.Millisecond // little happens
					}
					select {
					case <-over:
						return
					case <-time.After(pause):
						synctest.Wait() // those that are about to end have ended
						most = max(most, goroutinesNow(base+lanes+4)-base)
					}
				}
			})
			var pulled atomic.Int64
			run := eng.Run(t.Context(), func(yield func(bill, error) bool) {
				for _, b := range numbered(60_000) {
					pulled.Add(1)
					if !yield(b, nil) {
						return
					}
				}
			})
			n := 0
			for range run.Results() {
				assert.LessOrEqual(t, int(pulled.Load())-n, window+1)
				n++
			}
			close(over)
			counting.Wait()
			require.NoError(t, run.Err())
			assert.Equal(t, 60_000, n)
			assert.Greater(t, time.Since(start), 10*time.Minute)
			assert.LessOrEqual(t, most, lanes+4)
			assert.LessOrEqual(t, held, window)
			t.Logf("B-8: %d lanes: %d goroutines, %d items held in a window of %d", lanes, most, held, window)
		})
	}
}
